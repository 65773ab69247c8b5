"""`mtbench_turn`: how a user's own test is parametrised over turns, and what it gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from ..domain.question import Question, QuestionSet
from ..domain.result import TurnKey, TurnResult
from ..suite.file import suggestion
from ..suite.resolved import ResolvedSuite
from .item import want
from .names import item_id
from .needs import FIXTURE, judging_of, turns_beside
from .registry import SuiteRegistry
from .turn import MtbenchTurn
from .turn_items import answered_turn, scored_turn, turn_marks

_ARGUMENTS = ("category", "turn", "question")
_read_key = pytest.StashKey[set[str]]()
"""The test functions of a module or a class of which a score was read."""


class _Parameter(NamedTuple):
    """What a test is parametrised with; `--setup-show` and Allure show it by its `repr`, and Allure keeps that."""

    suite: ResolvedSuite
    question: Question
    turn: int

    def __repr__(self) -> str:
        return item_id(self.question.turn_label(self.turn))


def parametrize_turns(metafunc: pytest.Metafunc, registry: SuiteRegistry) -> None:
    """One instance of a test for each turn that its markers leave; a mistake in them is an error of its collection."""
    suite = registry.default
    if suite is None:
        pytest.fail(f"{FIXTURE}: {registry.no_default}", pytrace=False)
    marks = list(metafunc.definition.iter_markers("mtbench"))
    problems = [problem for mark in marks for problem in problems_of(mark, suite.plan.questions)]
    if problems:
        pytest.fail("\n".join(f"{metafunc.definition.nodeid}: {problem}" for problem in problems), pytrace=False)
    metafunc.parametrize(
        FIXTURE,
        [
            pytest.param(
                _Parameter(suite, question, turn), id=question.turn_label(turn), marks=turn_marks(question, turn)
            )
            for question in suite.plan.selected
            for turn in question.turn_numbers
            if all(_matches(mark.kwargs, question, turn) for mark in marks)
        ],
        indirect=True,
    )


def requested_turn(request: pytest.FixtureRequest) -> MtbenchTurn:
    """The value of `mtbench_turn`: waits for the turn's answer, and for its score where the marker says so."""
    suite, question, turn = request.param
    item, key = request.node, TurnKey(suite.id, question.id, turn)
    wait = scored_turn if judging_of(item) else answered_turn
    return MtbenchTurn.from_result(suite.plan, question, wait(item, suite, key), _Judged(item, suite, key))


class _Judged:
    """Gives a turn with its score, once a test reads it.

    The first read has the turns of all selected instances of the test function judged, side by side: they will be read
    as well.
    """

    def __init__(self, item: pytest.Item, suite: ResolvedSuite, key: TurnKey) -> None:
        self._item = item
        self._suite = suite
        self._key = key
        self._result: TurnResult | None = None

    def __call__(self, attribute: str) -> TurnResult:
        if judging_of(self._item) is False:
            pytest.fail(
                f"{FIXTURE}.{attribute}: the mtbench marker of this test says judge=False, so nothing is judged; "
                "without it this asks the judge",
                pytrace=False,
            )
        if self._result is None:
            self._have_all_judged()
            self._result = scored_turn(self._item, self._suite, self._key)
        return self._result

    def _have_all_judged(self) -> None:
        item = self._item
        name = getattr(item, "originalname", item.name)
        read = item.parent.stash.setdefault(_read_key, set()) if item.parent is not None else set()
        if name not in read:
            read.add(name)
            want(item, turns_beside(item))


def problems_of(mark: pytest.Mark, questions: QuestionSet) -> Iterator[str]:
    """What is wrong with a `mtbench` marker on a user's test.

    Args:
        questions: the whole set; a category that this run leaves out is no mistake.
    """
    unknown = sorted(set(mark.kwargs) - {*_ARGUMENTS, "judge"})
    if mark.args or unknown:
        what = f"no argument {unknown[0]!r}" if unknown else "no positional arguments"
        yield f"the mtbench marker has {what}; it takes category=, turn=, question= and judge="
    judge = mark.kwargs.get("judge", True)
    if not isinstance(judge, bool):
        yield f"the mtbench marker names judge={judge!r}; it is True or False"
    known: dict[str, Sequence[object]] = {
        "category": questions.categories,
        "turn": sorted({turn for question in questions.questions for turn in question.turn_numbers}),
        "question": [question.id for question in questions.questions],
    }
    for name in _ARGUMENTS:
        for value in _values(mark.kwargs, name):
            if value not in known[name]:
                yield f"the mtbench marker names {name}={value!r}, which {questions.name} has not" + _hint(
                    value, known[name]
                )


def _hint(value: object, known: Sequence[object]) -> str:
    other_type = next((one for one in known if str(one) == str(value)), None)
    if other_type is not None:
        return f"; did you mean {other_type!r}?"
    return suggestion(str(value), [str(one) for one in known]) if len(known) <= 20 else ""


def _values(narrowing: Mapping[str, Any], name: str) -> Sequence[object]:
    """What a marker allows, one value or several."""
    value = narrowing.get(name, ())
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _matches(narrowing: Mapping[str, Any], question: Question, turn: int) -> bool:
    facts = {"category": question.category, "turn": turn, "question": question.id}
    return all(facts[name] in _values(narrowing, name) for name in facts if name in narrowing)
