"""Results of a run and its baseline -> what `gate[regression]` and `gate[judge]` say.  Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Any, Literal

from ..domain.chat import ChatRequest
from ..domain.question import Place
from ..domain.result import TurnKey, TurnResult
from ..engine.plan import OLDER, Plan, Sentinel
from .baseline import Baseline
from .gates import GateResult, GateSpec, Status
from .paired import Change
from .regression import MOST_MISSING, Comparison, Rule, Verdict, looks_at

REGRESSION, JUDGE = "regression", "judge"
_MOVED = 1.96
"""Standard errors that a judge's mean may differ from itself."""
_FEWEST_FOR_SD = 20
"""Judgments again that tell the judge's own scatter better than the usual figure does."""


@dataclass(frozen=True)
class RegressionSpec:
    """What the regression gate of a suite asks.

    Args:
        sentinel: what of the baseline is judged again, or None.
        on_inconclusive: what an undecided last look counts as.
        remarks: what the summary must say about the baseline.
    """

    baseline: Baseline
    rule: Rule
    sentinel: Sentinel | None = None
    on_inconclusive: Literal["pass", "fail"] = "pass"
    remarks: tuple[str, ...] = ()

    @property
    def gates(self) -> tuple[GateSpec, ...]:
        """The gates that it makes."""
        judge = (GateSpec(JUDGE, "judge", 0.0),) if self.sentinel else ()
        return (GateSpec(REGRESSION, "regression", -self.rule.margin), *judge)

    def sentinel_requests(self, key: TurnKey) -> Iterator[tuple[str, ChatRequest]]:
        """What the judge is asked about a stored answer; of a jury each judge, by its name in results."""
        if self.sentinel is None:
            raise ValueError("there is no sentinel")
        plan = self.sentinel.plan
        answers = [self.baseline.answers[key.question_id, turn, 0] for turn in range(1, key.turn + 1)]
        for one in plan.of_judges:
            yield one.said_by, one.judge_request(plan.question(key.question_id), answers, 0)

    @property
    def sentinel_keys(self) -> tuple[TurnKey, ...]:
        """The turns that are judged again."""
        return self.sentinel.keys if self.sentinel else ()


@dataclass(frozen=True)
class JudgeShift:
    """The judge of today against the judge of the baseline, on the same answers.

    Args:
        mean: today minus then; `se`: its standard error.
        sd: of the differences.
        n: judged again; `unscored`: of those without a rating.
    """

    mean: float
    se: float
    sd: float
    n: int
    unscored: int

    @property
    def decided(self) -> bool:
        """Whether enough was judged."""
        return self.n > 1 and self.unscored <= MOST_MISSING * (self.n + self.unscored)

    @property
    def moved(self) -> bool:
        """Whether the judge is another one."""
        return self.decided and abs(self.mean) > _MOVED * self.se


@dataclass(frozen=True)
class RegressionOutcome:
    """Every look so far.

    Args:
        shift: the judge's, where it was looked for.
        old: the turns whose answers are not newer than the baseline, so that they say nothing of the candidate.
    """

    looks: tuple[Comparison, ...]
    shift: JudgeShift | None = None
    old: int = 0

    @property
    def blind(self) -> bool:
        """Whether the judge moved, or could not be asked whether it did: nothing can be claimed then."""
        return self.shift is not None and (self.shift.moved or not self.shift.decided)

    @property
    def decided(self) -> bool:
        """Whether more runs of the candidate would change nothing."""
        return self.blind or bool(self.old) or self.last.verdict != "inconclusive"

    @property
    def last(self) -> Comparison:
        """The look that counts."""
        return self.looks[-1]


def outcome_of(spec: RegressionSpec, plan: Plan, results: Iterable[TurnResult]) -> RegressionOutcome:
    """What the results say, as far as they go.

    Args:
        results: of the candidate and, where there is a sentinel, of the answers judged again.
    """
    by_key = {result.key: result for result in results}
    fewest = min((len(by_key[key].scores) for key in plan.turns() if key in by_key), default=1)
    candidate: dict[Place, tuple[float | None, ...]] = {
        key.place: by_key[key].scores[:fewest] if key in by_key else (None,) for key in plan.turns()
    }
    shift = None
    if spec.sentinel is not None:
        again = [by_key[key] for key in spec.sentinel_keys if key in by_key]
        shift = judge_shift(spec.baseline.judged, again)
    categories = {question.id: question.category for question in plan.selected}
    rule = _with_measured_judge(spec.rule, shift, plan.repeats, len(plan.judges))
    old = sum(OLDER in by_key[key].flags for key in plan.turns() if key in by_key)
    return RegressionOutcome(looks_at(candidate, spec.baseline.scores, categories, rule), shift, old)


def judge_shift(judged: Mapping[Place, float], again: Sequence[TurnResult]) -> JudgeShift:
    """How a judge rates answers that it rated before: the paired differences of their scores."""
    differences = [result.score - judged[result.place] for result in again if result.score is not None]
    n = len(differences)
    sd = stdev(differences) if n > 1 else 0.0
    return JudgeShift(fmean(differences) if n else 0.0, sd / math.sqrt(n) if n else 0.0, sd, n, len(again) - n)


def _with_measured_judge(rule: Rule, shift: JudgeShift | None, repeats: int, judges: int = 1) -> Rule:
    """The judge's SD as this very judge shows it, where enough was judged again.

    Args:
        judges: of a jury, whose mean scatters less than the usual judge does.
    """
    sd = rule.judge_sd / math.sqrt(judges)
    if shift is not None and shift.n >= _FEWEST_FOR_SD:
        # One judgment of today against the mean of so many of then.
        sd = shift.sd / math.sqrt(1 + 1 / repeats)
    return replace(rule, judge_sd=sd / math.sqrt(repeats))


def judge_result(shift: JudgeShift, gate_id: str) -> GateResult:
    """What `gate[judge]` says."""
    bounds = (shift.mean - _MOVED * shift.se, shift.mean + _MOVED * shift.se)
    of = f"{shift.n} answers of the baseline judged again"
    status: Status = "failed"
    if not shift.decided:
        message = f"not decided: only {shift.n} of {shift.n + shift.unscored} judgments hold a rating"
    elif shift.moved:
        message = (
            f"the judge moved, not the model: {of} are rated {_by(shift.mean)} (between {bounds[0]:+.2f} and "
            f"{bounds[1]:+.2f}); no regression can be claimed, and a new baseline is needed"
        )
    else:
        status = "passed"
        message = (
            f"the judge is the same: {of} differ by {shift.mean:+.2f} (between {bounds[0]:+.2f} and {bounds[1]:+.2f})"
        )
    details = {"se": shift.se, "sd": shift.sd}
    return GateResult(
        gate_id, status, shift.mean, None, f"judge: {message}", JUDGE, *bounds, shift.n, shift.unscored, details
    )


def regression_result(spec: RegressionSpec, outcome: RegressionOutcome, gate_id: str) -> GateResult:
    """What `gate[regression]` says; its status, its words and its bounds are of one look."""
    last = outcome.last
    status, message = _decision(spec, outcome)
    low, high = last.bounds
    change = last.overall
    return GateResult(
        gate_id,
        status,
        change.mean if change else None,
        -spec.rule.margin,
        f"regression: {message}",
        REGRESSION,
        low if change else None,
        high if change else None,
        change.questions if change else 0,
        0,
        _details(spec, outcome),
    )


def _decision(spec: RegressionSpec, outcome: RegressionOutcome) -> tuple[Status, str]:
    last = outcome.last
    if outcome.old:
        return "failed", (
            f"not decided: the answers to {outcome.old} turns are from the cache and not newer than the baseline, so "
            "they say nothing of the candidate; a run without --mtbench-cache=only asks for them again"
        )
    if outcome.blind:
        return "inconclusive", "not decided: the judge moved or could not be asked, see gate[judge]"
    if last.verdict == "undecided" or last.overall is None:
        return "failed", _why_undecided(last)
    if last.verdict == "identical":
        return "passed", "identical: every turn has the baseline's score"
    said = sentence(last)
    if last.verdict == "passed":
        return "passed", f"passed: {said}; a drop of {spec.rule.margin:g} is ruled out"
    if last.verdict == "regressed":
        return "failed", f"regressed: {said}"
    runs = f"after {last.runs[0]} run{'s' if last.runs[0] > 1 else ''}"
    unsure = f"inconclusive {runs}: {said}; a drop of {spec.rule.margin:g} can be neither shown nor ruled out"
    if spec.on_inconclusive == "fail":
        return "failed", f"{unsure} (on_inconclusive: fail)"
    return "passed", f"warning: {unsure} (on_inconclusive: pass)"


def sentence(look: Comparison) -> str:
    """The change in words: `0.42 lower, between 0.21 and 0.63; coding fell by 1.9`."""
    if look.overall is None:
        return "nothing to compare"
    low, high = look.bounds
    if high < 0:
        between = f"between {-high:.2f} and {-low:.2f}"
    elif low > 0:
        between = f"between {low:.2f} and {high:.2f}"
    else:
        between = f"between {-low:.2f} lower and {high:.2f} higher"
    fallen = [f"{name} fell by {look.categories[name].drop:.2f}" for name in look.fallen]
    return "; ".join([f"{_by(look.overall.mean)}, {between}", *fallen])


def _by(mean: float) -> str:
    return f"{abs(mean):.2f} {'higher' if mean > 0 else 'lower'}"


def _why_undecided(look: Comparison) -> str:
    for who, share in zip(("this run", "the baseline"), look.missing, strict=True):
        if share > MOST_MISSING:
            return f"not decided: {share:.0%} of the ratings of {who} are missing, more than {MOST_MISSING:.0%}"
    return "not decided: too few questions are rated on both sides"


def _details(spec: RegressionSpec, outcome: RegressionOutcome) -> dict[str, Any]:
    last = outcome.last
    verdict: Verdict = "undecided" if outcome.blind or outcome.old else last.verdict
    found: dict[str, Any] = {
        "verdict": verdict,
        "baseline": {"file": spec.baseline.name, "model": spec.baseline.model, "runs": last.runs[1]},
        "runs": last.runs[0],
        "level": last.level,
        "looks": [
            {
                "runs": look.runs[0],
                "verdict": verdict if look is last else look.verdict,
                "drop": look.overall.drop if look.overall else None,
            }
            for look in outcome.looks
        ],
        "regressed_categories": list(last.fallen) if verdict == "regressed" else [],
        "categories": {name: _numbers(change) for name, change in last.categories.items()},
        "smallest_drop": last.smallest_drop,
    }
    if last.overall is not None:
        found |= _numbers(last.overall) | {"p_noninferior": last.overall.p_above(-spec.rule.margin)}
    return found


def _numbers(change: Change) -> dict[str, float]:
    return {"drop": change.drop, "se": change.se, "df": change.df, "p": change.p_below(0.0)}
