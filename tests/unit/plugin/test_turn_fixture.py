from __future__ import annotations

from typing import Any

import pytest

from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.plugin.item import set_properties
from pytest_mtbench.plugin.turn_fixture import problems_of

SET = QuestionSet(
    "small",
    (Question(1, "math", ("a", "b")), Question("two", "coding", ("a",))),
    {},
    Identity("", "", ""),
)


def problems(*arguments: Any, **narrowing: Any) -> list[str]:
    return list(problems_of(pytest.mark.mtbench(*arguments, **narrowing).mark, SET))


@pytest.mark.parametrize(
    "narrowing",
    [
        {},
        {"category": "math"},
        {"category": ["math", "coding"], "turn": 2},
        {"question": (1, "two")},
        {"turn": {1, 2}},
        {"judge": False},
    ],
)
def test_what_is_in_the_set_is_right(narrowing: dict[str, Any]) -> None:
    assert problems(**narrowing) == []


@pytest.mark.parametrize(
    "narrowing, problem",
    [
        ({"category": "maths"}, "names category='maths', which small has not; did you mean math?"),
        ({"category": ["math", "xyz"]}, "names category='xyz', which small has not; there is math, coding"),
        ({"question": "1"}, "names question='1', which small has not; did you mean 1?"),
        ({"turn": 3}, "names turn=3, which small has not; there is 1, 2"),
        ({"turn": "1"}, "names turn='1', which small has not; did you mean 1?"),
        ({"judge": "no"}, "names judge='no'; it is True or False"),
        ({"turns": 1}, "has no argument 'turns'; it takes category=, turn=, question= and judge="),
    ],
)
def test_a_typo_is_named_with_a_near_name(narrowing: dict[str, Any], problem: str) -> None:
    assert problems(**narrowing) == [f"the mtbench marker {problem}"]


def test_positional_arguments_are_none() -> None:
    assert problems("math") == [
        "the mtbench marker has no positional arguments; it takes category=, turn=, question= and judge="
    ]


class Item:
    user_properties: list[tuple[str, object]]


def test_a_second_try_replaces_the_properties_of_the_first() -> None:
    item = Item()
    item.user_properties = [("score", "1"), ("own", "x"), ("turn", 1)]
    set_properties(item, [("score", "9"), ("turn", 1)])  # type: ignore[arg-type]
    assert item.user_properties == [("own", "x"), ("score", "9"), ("turn", 1)]
