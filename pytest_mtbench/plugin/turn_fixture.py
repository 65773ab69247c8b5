"""`mtbench_turn`: how a user's own test is parametrised over turns, and what it gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from ..domain.question import Question, QuestionSet
from ..domain.result import TurnKey
from ..suite.file import suggestion
from .registry import SuiteRegistry
from .suite_nodes import FIXTURE
from .turn import MtbenchTurn
from .turn_items import scored_turn, turn_marks

_ARGUMENTS = ("category", "turn", "question")


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
            pytest.param((suite, question, turn), id=question.turn_label(turn), marks=turn_marks(question, turn))
            for question in suite.plan.selected
            for turn in question.turn_numbers
            if all(_matches(mark.kwargs, question, turn) for mark in marks)
        ],
        indirect=True,
    )


def requested_turn(request: pytest.FixtureRequest) -> MtbenchTurn:
    """The value of `mtbench_turn`: waits for the turn's score."""
    suite, question, turn = request.param
    result = scored_turn(request.node, suite, TurnKey(suite.id, question.id, turn))
    return MtbenchTurn.from_result(suite.plan, question, result)


def turn_key(item: pytest.Item) -> TurnKey | None:
    """The turn that a user's own test will ask for."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    chosen = parameters.get(FIXTURE)
    if not isinstance(chosen, tuple):  # pytest's own mark stands there where the marker narrowed to nothing
        return None
    suite, question, turn = chosen
    return TurnKey(suite.id, question.id, turn)


def problems_of(mark: pytest.Mark, questions: QuestionSet) -> Iterator[str]:
    """What is wrong with a `mtbench` marker on a user's test.

    Args:
        questions: the whole set; a category that this run leaves out is no mistake.
    """
    unknown = sorted(set(mark.kwargs) - set(_ARGUMENTS))
    if mark.args or unknown:
        what = f"no argument {unknown[0]!r}" if unknown else "no positional arguments"
        yield f"the mtbench marker has {what}; it takes category=, turn= and question="
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
    return all(facts[name] in _values(narrowing, name) for name in narrowing)
