"""Categories and thresholds of a suite -> the questions that are asked and the gates on their scores.  Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..domain.question import Question, QuestionSet
from ..scores.gates import GateSpec
from .file import SuiteFile, suggestion


def category_problems(questions: QuestionSet, suite: SuiteFile) -> list[str]:
    """The categories that a suite names and its set does not have."""
    named = {"categories": suite.content.categories, "reference_categories": suite.content.reference_categories or []}
    return [
        suite.at((key, str(n)), _unknown_category(name, questions))
        for key, names in named.items()
        for n, name in enumerate(names)
        if name not in questions.categories
    ]


def asked_questions(questions: QuestionSet, categories: Sequence[str], limit: int | None) -> tuple[Question, ...]:
    """The questions that a run asks, of all its shares together.

    Args:
        categories: of these; of all where it is empty.
        limit: only the first so many of each category.
    """
    counts: Counter[str] = Counter()
    kept = []
    for question in questions.questions:
        counts[question.category] += 1
        if (not categories or question.category in categories) and (
            limit is None or counts[question.category] <= limit
        ):
            kept.append(question)
    return tuple(kept)


def share_of(asked: Sequence[Question], shard: tuple[int, int] | None) -> tuple[Question, ...]:
    """The questions of one share of so many; all where there are no shares."""
    share, shares = shard or (1, 1)
    return tuple(question for n, question in enumerate(asked) if n % shares == share - 1)


class Thresholds:
    """The thresholds of the suite file and the command line, against what a run asks.

    Args:
        asked: the questions that the whole run asks.
        given: thresholds of the command line, which win over the file's.
        pairwise: thresholds are win rates then, of `against.min_win_rate`, and turns have no floor.
    """

    def __init__(
        self,
        questions: QuestionSet,
        suite: SuiteFile,
        given: Sequence[tuple[str, float]],
        *,
        asked: Sequence[Question],
        pairwise: bool,
    ) -> None:
        self._questions = questions
        self._suite = suite
        self._given = given
        self._pairwise = pairwise
        content = suite.content
        self._bars = content.against.min_win_rate if pairwise else content.thresholds
        self.floor: Mapping[str, float] = {} if pairwise else content.thresholds.floor
        self._categories = list(dict.fromkeys(q.category for q in asked))
        self._turns = range(1, max((len(q.turns) for q in asked), default=0) + 1)
        self._category_of = {_gate_name(name): name for name in self._categories}
        self._gates = [*self._category_of, *(f"turn{turn}" for turn in self._turns), "overall"]

    def problems(self) -> Iterator[str]:
        """What is wrong with either."""
        section = ("against", "min_win_rate") if self._pairwise else ("thresholds",)
        for name in self._bars.categories:
            if name not in self._categories:
                yield self._suite.at((*section, "categories", name), self._not_asked(name))
        for turn in self._bars.turns:
            if turn not in self._turns:
                yield self._suite.at((*section, "turns", str(turn)), f"no selected question has a turn {turn}")
        for name in self.floor:
            if name not in (*self._categories, "default"):
                yield self._suite.at(("thresholds", "floor", name), self._not_asked(name))
        yield from self._problems_of_the_command_line()

    def _problems_of_the_command_line(self) -> Iterator[str]:
        for name, score in self._given:
            if name not in self._gates:
                yield f"--mtbench-min={name}={score:g}: no such key" + suggestion(name, self._gates)
        least, most, what = (0, 1, "win rate") if self._pairwise else (1, 10, "score")
        for name, score in self._given:
            if not least <= score <= most:
                yield f"--mtbench-min={name}={score:g}: must be a {what} from {least} to {most}"
        for name, times in Counter(name for name, _ in self._given).items():
            if times > 1:
                scores = " and ".join(f"{score:g}" for key, score in self._given if key == name)
                yield f"--mtbench-min: {name} is given {times} times, as {scores}; leave one"

    def gates(self) -> tuple[GateSpec, ...]:
        """The gates in the order of the table."""
        minimums: dict[str, float] = {_gate_name(name): score for name, score in self._bars.categories.items()}
        minimums |= {f"turn{turn}": score for turn, score in self._bars.turns.items()}
        minimums |= {"overall": self._bars.overall} if self._bars.overall is not None else {}
        minimums |= dict(self._given)
        rule, missing = self._suite.content.thresholds.rule, self._suite.content.thresholds.max_unscored
        steady = self._suite.content.against.min_consistency if self._pairwise else 0.0
        return tuple(
            GateSpec(name, self._kind(name), minimums[name], rule, missing, self._category_of.get(name, ""), steady)
            for name in self._gates
            if name in minimums
        )

    def _kind(self, name: str) -> Any:
        if name in self._category_of:
            return "category"
        return "overall" if name == "overall" else "turn"

    def _not_asked(self, name: str) -> str:
        return _unknown_category(name, self._questions, self._categories)


def _gate_name(category: str) -> str:
    """What stands in the brackets of a category's gate: its name, unless another gate is called so."""
    taken = category in ("overall", "regression", "judge") or re.fullmatch(r"turn[0-9]+", category)
    return f"category:{category}" if taken else category


def _unknown_category(name: str, questions: QuestionSet, selected: Sequence[str] | None = None) -> str:
    known = questions.categories if selected is None else selected
    where = "selected" if name in questions.categories else f"of {questions.name}"
    return f"no category {name!r} among those {where}" + suggestion(name, known)
