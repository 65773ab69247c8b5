"""Categories and thresholds of a suite -> the questions that are asked and the gates on their scores.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..domain.question import Question, QuestionSet
from ..scores.gates import GateSpec
from .file import SuiteFile, suggestion


def select(
    questions: QuestionSet, suite: SuiteFile, limit: int | None, shard: tuple[int, int] | None
) -> tuple[tuple[Question, ...], list[str]]:
    """The questions that a run asks, and what is wrong with the suite's categories.

    Args:
        limit: only the first so many of each category.
        shard: only this share of so many.
    """
    wanted = suite.suite.categories
    problems = [
        suite.at(("categories", str(n)), _unknown_category(name, questions))
        for n, name in enumerate(wanted)
        if name not in questions.categories
    ]
    selected = [q for q in questions.questions if not wanted or q.category in wanted]
    if limit is not None:
        counts: dict[str, int] = {}
        kept = []
        for question in selected:
            counts[question.category] = counts.get(question.category, 0) + 1
            kept += [question] if counts[question.category] <= limit else []
        selected = kept
    if shard is not None:
        share, shares = shard
        selected = [question for n, question in enumerate(selected) if n % shares == share - 1]
    return tuple(selected), problems


def gates_of(
    questions: QuestionSet,
    suite: SuiteFile,
    minimums_given: Sequence[tuple[str, float]],
    problems: list[str],
    *,
    asked: Sequence[Question],
    pairwise: bool,
) -> tuple[tuple[GateSpec, ...], Mapping[str, float]]:
    """The gates in the order of the table, and the floor of single turns by category.

    Args:
        asked: the questions that the whole run asks.
        pairwise: thresholds are win rates then, of `against.min_win_rate`, and turns have no floor.
        minimums_given: thresholds of the command line, which win over the file's.
        problems: receives what is wrong with either.
    """
    thresholds = suite.suite.thresholds
    bars = suite.suite.against.min_win_rate if pairwise else thresholds
    section = ("against", "min_win_rate") if pairwise else ("thresholds",)
    floor = {} if pairwise else thresholds.floor
    known = list(dict.fromkeys(q.category for q in asked))
    turns = range(1, max((len(q.turns) for q in asked), default=0) + 1)
    names = {_gate_name(name): name for name in known}
    gates = [*names, *(f"turn{turn}" for turn in turns), "overall"]
    problems += [
        suite.at((*section, "categories", name), _unknown_category(name, questions, known))
        for name in bars.categories
        if name not in known
    ]
    problems += [
        suite.at((*section, "turns", str(turn)), f"no selected question has a turn {turn}")
        for turn in bars.turns
        if turn not in turns
    ]
    problems += [
        suite.at(("thresholds", "floor", name), _unknown_category(name, questions, known))
        for name in floor
        if name not in (*known, "default")
    ]
    problems += [
        f"--mtbench-min={name}={score:g}: no such key" + suggestion(name, gates)
        for name, score in minimums_given
        if name not in gates
    ]
    least, most = (0, 1) if pairwise else (1, 10)
    what = "win rate" if pairwise else "score"
    problems += [
        f"--mtbench-min={name}={score:g}: must be a {what} from {least} to {most}"
        for name, score in minimums_given
        if not least <= score <= most
    ]
    minimums: dict[str, float] = {_gate_name(name): score for name, score in bars.categories.items()}
    minimums |= {f"turn{turn}": score for turn, score in bars.turns.items()}
    minimums |= {"overall": bars.overall} if bars.overall is not None else {}
    minimums |= dict(minimums_given)
    specs: list[GateSpec] = []
    for name in (name for name in gates if name in minimums):
        kind: Any = "category" if name in names else "overall" if name == "overall" else "turn"
        rule = (thresholds.rule, thresholds.max_unscored, names.get(name, ""))
        specs.append(GateSpec(name, kind, minimums[name], *rule))
    return tuple(specs), floor


def _gate_name(category: str) -> str:
    """What stands in the brackets of a category's gate: its name, unless another gate is called so."""
    taken = category in ("overall", "regression", "judge") or re.fullmatch(r"turn[0-9]+", category)
    return f"category:{category}" if taken else category


def _unknown_category(name: str, questions: QuestionSet, selected: Sequence[str] | None = None) -> str:
    known = questions.categories if selected is None else selected
    where = "selected" if name in questions.categories else f"of {questions.name}"
    return f"no category {name!r} among those {where}" + suggestion(name, known)
