"""Which answers people are given: a sample that knows nothing of the judge."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.sheet import SheetItem
from pytest_mtbench.domain.vote import Comparison
from pytest_mtbench.scores.sample import sheet_items
from pytest_mtbench.scores.shown import Shown

CATEGORIES = tuple(f"category {number}" for number in range(8))


def questions(each: int = 10, categories: Sequence[str] = CATEGORIES) -> list[Question]:
    """As many questions of each category, one category after the other, as a set has them."""
    return [
        Question(100 * number + n, category, ("a?", "b?"))
        for number, category in enumerate(categories)
        for n in range(each)
    ]


def shown_of(asked: Iterable[Question], opponents: Sequence[str] = ("old",)) -> list[Shown]:
    """What a run may show of these: both turns, against each opponent, or alone."""
    return [
        Shown(
            question,
            turn,
            tuple(f"m says {question.id}.{n}" for n in range(turn)),
            tuple(f"{name} says {question.id}.{n}" for n in range(turn)) if name else (),
            Comparison.of(question.id, turn, "m", name) if name else None,
            "m",
        )
        for question in asked
        for turn in question.turn_numbers
        for name in opponents or ("",)
    ]


def ids(items: Iterable[SheetItem]) -> list[str]:
    return [item.id for item in items]


def test_one_a_question_categories_in_turn_and_turns_alternating() -> None:
    items = sheet_items(shown_of(questions()), 80, seed=0)
    assert Counter(item.question.id for item in items) == Counter(question.id for question in questions())
    rounds = [items[start : start + 8] for start in range(0, 80, 8)]
    assert all({item.question.category for item in one} == set(CATEGORIES) for one in rounds)
    assert [item.turn for item in items] == [1, 2] * 40
    assert all(len(item.left) == len(item.right) == item.turn for item in items)


def test_a_category_that_is_used_up_is_left_out_of_the_round() -> None:
    asked = [*questions(3, ["many"]), *questions(1, ["few", "rare"])[1:]]
    items = sheet_items(shown_of(asked), 80, seed=0)[:4]
    assert [item.question.category for item in items] == ["many", "rare", "many", "many"]


@pytest.mark.parametrize("opponents", [(), ("old",), ("old", "other")])
@pytest.mark.parametrize("seed", [0, 1, 99])
def test_a_longer_sheet_begins_with_the_shorter_one(opponents: Sequence[str], seed: int) -> None:
    shown = shown_of(questions(3), opponents)
    longest = ids(sheet_items(shown, 1000, seed))
    assert len(longest) == len({*longest}) == 48 * max(1, len(opponents))
    for sample in range(len(longest)):
        assert ids(sheet_items(shown, sample, seed)) == longest[:sample]


def test_questions_come_again_with_their_other_turn_when_all_were_asked() -> None:
    items = sheet_items(shown_of(questions(3)), 48, seed=5)
    first, second = items[:24], items[24:]
    assert [item.question for item in first] == [item.question for item in second]
    assert [item.turn for item in first] == [3 - item.turn for item in second]


def test_against_several_models_a_question_is_asked_about_one_of_them_first() -> None:
    shown = shown_of(questions(), ["old", "other"])
    items = sheet_items(shown, 80, seed=0)
    assert len({item.question.id for item in items}) == 80
    whose = Counter(text.split()[0] for item in items for text in (item.left[0], item.right[0]))
    assert whose["m"] == 80
    assert 25 < whose["old"] < 55
    assert whose["old"] + whose["other"] == 80


def test_questions_of_one_turn_are_taken_with_it() -> None:
    asked = [Question(n, "c", ("a?",)) for n in range(5)]
    assert [item.turn for item in sheet_items(shown_of(asked), 80, seed=0)] == [1] * 5
    mixed = sheet_items(shown_of([*asked, Question(9, "c", ("a?", "b?"))]), 80, seed=0)
    assert Counter(item.turn for item in mixed) == {1: 6, 2: 1}


def test_nothing_looks_at_a_verdict_or_a_score() -> None:
    shown = shown_of(questions())
    chance = random.Random(1)
    judged = [
        replace(one, verdict=chance.choice([None, 0.0, 0.5, 1.0]), flipped=chance.random() < 0.5, score=chance.random())
        for one in shown
    ]
    assert ids(sheet_items(judged, 30, seed=0)) == ids(sheet_items(shown, 30, seed=0))
    assert {*vars(sheet_items(judged, 1, seed=0)[0])} <= {"question", "turn", "left", "right", "id"}


def test_answers_that_are_the_same_are_nothing_to_compare() -> None:
    shown = [replace(one, other=one.own) if one.turn == 1 else one for one in shown_of(questions(2))]
    assert {item.turn for item in sheet_items(shown, 80, seed=0)} == {2}


def test_the_draw_is_the_same_on_every_machine() -> None:
    # Written down once: whoever fills in a sheet of seed 0 fills in the same items after an update.
    items = sheet_items(shown_of(questions(4, ["a", "b"])), 6, seed=0)
    assert [(item.question.id, item.turn, item.left[0].split()[0]) for item in items] == [
            (3, 1, "old"), (100, 2, "m"), (103, 1, "m"), (2, 2, "old"), (0, 1, "m"), (101, 2, "m"),
        ]  # fmt: skip
    assert ids(sheet_items(shown_of(questions(4, ["a", "b"])), 6, seed=1)) != ids(items)


def test_sides_are_balanced_over_the_items_and_over_seeds() -> None:
    shown = shown_of(questions())
    left = [sum(item.left[0].startswith("m ") for item in sheet_items(shown, 80, seed)) for seed in range(50)]
    assert all(20 < count < 60 for count in left)
    assert 1900 < sum(left) < 2100
    one = shown[:1]
    assert {sheet_items(one, 1, seed)[0].left[0].startswith("m ") for seed in range(20)} == {True, False}
    # A turn by turn draw: the side says nothing of the turn or of the category.
    items = [item for seed in range(50) for item in sheet_items(shown, 80, seed)]
    for turn in (1, 2):
        own = [item.left[0].startswith("m ") for item in items if item.turn == turn]
        assert 0.45 < sum(own) / len(own) < 0.55


def test_a_single_answer_has_one_side() -> None:
    items = sheet_items(shown_of(questions(), ()), 80, seed=3)
    assert all(item.left[0].startswith("m ") and item.right == () for item in items)


@pytest.mark.parametrize("shown", [[], [replace(one, other=one.own) for one in shown_of(questions(1))]])
def test_nothing_to_show_makes_no_sheet(shown: list[Shown]) -> None:
    assert sheet_items(shown, 80, seed=0) == []


def test_the_sheet_does_not_depend_on_which_answer_came_first() -> None:
    shown = shown_of(questions())
    mixed = random.Random(1).sample(shown, len(shown))
    assert ids(sheet_items(mixed, 40, seed=0)) == ids(sheet_items(shown, 40, seed=0))


def test_every_category_is_asked_in_both_turns() -> None:
    items = sheet_items(shown_of(questions()), 80, seed=0)
    assert {(item.question.category, item.turn) for item in items} == {(c, t) for c in CATEGORIES for t in (1, 2)}
