"""The report that a candidate is held against: read, fenced, and made ready to compare."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..domain.errors import ConfigError
from ..domain.question import QuestionId
from ..domain.result import Run
from ..engine.plan import Juror, Plan, Sentinel
from ..files.fingerprint import INSTRUCTIONS, differences, fingerprint, served_before
from ..files.report_reader import StoredReport
from ..untrusted.text import shorten
from .paired import Turn
from .regression import ALPHA, CATEGORY_DROP, LOOKS, LOOKS_OF_ONE_RUN, MARGIN, MARGIN_OF_ONE_RUN, Rule

_MAY_DIFFER = ("judge_served", "question_set", "model_parameters")
_WHAT = {
    "questions": "the questions are others",
    "references": "the reference answers are others",
    "prompts": "the judge's prompts are others",
}
_RULES = {"rating": "reading ratings", "gates": "the gates"}
_UNDATED = ("the baseline does not say when it was made, so that no cached answer counts as newer",)
AS_NEW_AS = 86400.0
"""Seconds; an older judgment says nothing of the judge of today."""


@dataclass(frozen=True)
class Baseline:
    """What was deployed, as a report tells it.

    Args:
        name: the file as the user named it; `model`: what it is of.
        runs: how often it was answered.
        scores: of every turn, one a run.
        answers: the first run's, by question id, turn and run 0.
        judged: the first run's scores, which the sentinel is held against.
        first: the first run of each turn, with what the judge said of it.
        judges_served: how the endpoint called the judge; `jury`: the same of each judge of a jury.
        judge_moved: whether the judge's instructions stood in the user's message.
        remarks: what the summary must say about it.
        made: when its run ended, seconds since the epoch.
    """

    name: str
    model: str
    runs: int
    scores: Mapping[Turn, tuple[float | None, ...]]
    answers: Mapping[tuple[QuestionId, int, int], str] = field(repr=False)
    judged: Mapping[Turn, float]
    first: Mapping[Turn, Run] = field(default_factory=dict, repr=False)
    judges_served: frozenset[str] = frozenset()
    judge_moved: bool = False
    remarks: tuple[str, ...] = ()
    made: float = 0.0
    jury: tuple[Juror, ...] = ()

    def rule(self, said: Mapping[str, Any], runs: int | None) -> tuple[Rule, tuple[str, ...]]:
        """The rule that holds, with what a baseline of a single run makes of its defaults.

        Args:
            said: what the suite file says; None where it says nothing.
            runs: the candidate's runs where they are given; they are the first look then.
        """
        one = self.runs == 1
        margin = said.get("margin") or (MARGIN_OF_ONE_RUN if one else MARGIN)
        looks = tuple(said.get("looks") or (LOOKS_OF_ONE_RUN if one else LOOKS))
        if runs is not None:
            looks = (runs, *(look for look in looks if look > runs))
        drop = said.get("category_drop")
        rule = Rule(margin, said.get("alpha") or ALPHA, looks, CATEGORY_DROP if drop is None else drop)
        remarks = self.remarks
        if one:
            what = f"margin {rule.margin:g}, looks {list(rule.looks)}"
            remarks += (f"the baseline has one run, so its own scatter is unknown: {what}; five runs see far more",)
        return rule, remarks

    def sentinel(self, plan: Plan, count: int) -> Sentinel:
        """Some of the baseline's answers, to be judged again.

        Args:
            plan: the candidate's.
            count: how many; they are the same in every run.
        """
        known = [key for key in plan.turns() if key.place in self.judged]
        chosen = sorted(
            known,
            key=lambda key: hashlib.sha256(f"{key.question_id}:{key.turn}".encode("utf-8", "replace")).hexdigest(),
        )
        return Sentinel.of(plan, self.answers, chosen[:count], AS_NEW_AS)


def baseline_of(report: StoredReport, name: str, plan: Plan) -> Baseline:
    """The baseline that a report is, which can be compared with this run.

    Args:
        name: the file as the user named it.

    Raises:
        ConfigError: it was made under other conditions (it says which), or lacks questions.
    """
    problems = [f"it is of mode {report.mode!r}"] if report.mode != "single" else []
    problems += [
        _WHAT.get(what)
        or _rules(what, before, ours)
        or f"its {what.replace('_', ' ')} is {_short(before)}, this run's is {_short(ours)}"
        for what, before, ours in _differences(report, plan)
    ]
    problems += _edition(report, plan)
    asked = {key.place for key in plan.turns()}
    scores = {result.place: result.scores for result in report.turns if result.place in asked}
    missing = {question_id for question_id, _ in asked - scores.keys()}
    if missing and not problems:
        why = f": its run ended early, {shorten(report.ended, 200)}" if report.ended else ""
        problems.append(f"it lacks {len(missing)} of the {len(plan.selected)} questions that this run asks{why}")
    if problems:
        raise ConfigError(*(f"{name}: no baseline for this run: {problem}" for problem in problems), _how(plan))
    # A run that was stopped amid a look has more runs of some turns than of others.
    fewest = min((len(runs) for runs in scores.values()), default=1)
    return Baseline(
        name=name,
        model=report.model,
        runs=fewest,
        scores={place: runs[:fewest] for place, runs in scores.items()},
        answers={(*result.place, 0): result.answer for result in report.turns},
        judged={result.place: result.scores[0] for result in report.turns if result.scores[0] is not None},
        first={result.place: result.runs[0] for result in report.turns if result.place in asked},
        judges_served=frozenset(report.tally.judges_served),
        judge_moved="judge" in (report.fingerprint.get(INSTRUCTIONS) or ()),
        remarks=_remarks(report.fingerprint.get("model_parameters"), plan) + (_UNDATED if report.made is None else ()),
        made=time.time() if report.made is None else report.made,
        jury=tuple(Juror(one.role, *served_before(report.fingerprint, one.role.label)) for one in plan.jury),
    )


def _differences(report: StoredReport, plan: Plan) -> list[tuple[str, object, object]]:
    """What differs beside the edition: where that does, other questions and references go without saying."""
    implied = ("questions", "references") if _edition(report, plan) else ()
    found = differences(report.fingerprint, plan, (*_MAY_DIFFER, "edition"))
    return [difference for difference in found if difference[0] not in implied]


def _edition(report: StoredReport, plan: Plan) -> list[str]:
    """The line that says that the baseline is of another edition of the same set."""
    theirs, ours = report.fingerprint.get("edition"), plan.questions.identity.edition
    same_questions = report.fingerprint.get("questions") == plan.questions.identity.questions
    if theirs == ours or not (same_questions or report.fingerprint.get("question_set") == plan.questions.name):
        return []
    before, now = ("an edition without a number" if one is None else f"edition {_short(one)}" for one in (theirs, ours))
    return [f"the edition of question set {plan.questions.short_name} changed: it is of {before}, this run of {now}"]


def _rules(what: str, before: object, ours: object) -> str:
    """What changed in the rules of this package; nothing where it is not these that differ."""
    if what != "rules" or not isinstance(ours, dict):
        return ""
    theirs = before if isinstance(before, dict) else {}
    changed = [
        f"the rules of {_RULES.get(name, name)} changed ({_short(theirs.get(name))} then, {version!r} now)"
        for name, version in ours.items()
        if theirs.get(name) != version
    ]
    return "; ".join(changed)


def _short(value: object) -> str:
    return shorten(repr(value), 200)


def _how(plan: Plan) -> str:
    return (
        "a new baseline: pytest --mtbench-model=WHAT-IS-DEPLOYED --mtbench-runs=5 --mtbench-report=baseline.json, with "
        f"judge {plan.judge_name} and question set {plan.questions.title} as here"
    )


def _remarks(theirs: object, plan: Plan) -> tuple[str, ...]:
    """The model's parameters may differ, since the candidate may be a change of them; it is said."""
    ours = fingerprint(plan, [])["model_parameters"]
    known = theirs if isinstance(theirs, dict) else {}
    changed = [
        f"{name} {_short(known.get(name))}, now {_short(value)}"
        for name, value in ours.items()
        if name not in ("runs", "revision") and known.get(name) != value
    ]
    return (f"the baseline's model was asked with other parameters: {'; '.join(changed)}",) if changed else ()
