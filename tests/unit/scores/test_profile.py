from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.scores.profile import Profile, profile_of

from ...results import played, rated

Array = NDArray[np.float64]

SPREAD = (3.0, 9.0, 5.0, 6.0, 8.0, 2.0, 7.0, 7.0, 4.0, 6.0)


def turns(scores: Mapping[str, Sequence[Sequence[float | None]]]) -> list[TurnResult]:
    """Turns by category and question: one score a turn."""
    return [
        rated(TurnKey("s", f"{name}{n}", turn), name, score)
        for name, questions in scores.items()
        for n, question in enumerate(questions)
        for turn, score in enumerate(question, start=1)
    ]


def single(scores: Mapping[str, Sequence[float]]) -> list[TurnResult]:
    return turns({name: [[score] for score in group] for name, group in scores.items()})


def shifted(*shifts: float) -> dict[str, list[float]]:
    return {f"c{n}": [score + shift for score in SPREAD] for n, shift in enumerate(shifts)}


def test_a_category_against_the_others_computed_apart() -> None:
    scores = {"a": [4.0, 6.0, 9.0], "b": [5.0, 5.5, 8.0, 9.5], "c": [2.0, 3.0]}
    found = profile_of(single(scores)).categories
    own, b, c = (np.array(scores[name]) for name in "abc")
    others = np.concatenate([b, c])
    variances = {name: np.var(group, ddof=1) for name, group in scores.items()}
    scatter = (3 * variances["a"] + 4 * variances["b"] + 2 * variances["c"]) / 9
    own_part = (variances["a"] + scatter) / 2 / 3
    others_part = (4 * variances["b"] + 2 * variances["c"]) / 6**2
    half = stats.t.isf(0.05 / 3 / 2, df=4) * math.sqrt(own_part + others_part)
    value = own.mean() - others.mean()
    assert [found["a"].value, found["a"].low, found["a"].high] == pytest.approx([value, value - half, value + half])
    assert list(found) == ["a", "b", "c"]


def test_what_stands_out_is_named_the_farthest_first() -> None:
    found = profile_of(single(shifted(0, 4, -4, 0, 6, -7, 0, 0)))
    assert list(found.above) == ["c4", "c1"]
    assert list(found.below) == ["c5", "c2"]
    assert profile_of(single(shifted(*[0] * 8))).above == {}
    assert profile_of(single(shifted(*[0] * 8))).below == {}


def test_turns_and_runs_of_a_question_count_as_one() -> None:
    two = {name: [[score - 1, score + 1] for score in group] for name, group in shifted(0, 1, 2).items()}
    found = profile_of(turns(two)).categories
    many = [rated(result.key, result.category, result.score, result.score) for result in turns(two)]
    for name, one in profile_of(single(shifted(0, 1, 2))).categories.items():
        assert (found[name].value, found[name].low) == pytest.approx((one.value, one.low))
        assert profile_of(many).categories[name].low == pytest.approx(one.low)


def test_a_judge_that_wavers_is_the_least_error() -> None:
    flat = {"a": [7.0] * 10, "b": [7.5] * 10}
    found = profile_of(single(flat)).categories["a"]
    half = stats.t.isf(0.05 / 2 / 2, df=18) * 0.75 * math.sqrt(1 / 10 + 1 / 10)
    assert (found.low, found.high) == pytest.approx((-0.5 - half, -0.5 + half))
    assert not found.below
    again = [rated(result.key, result.category, *[result.score] * 10) for result in single(flat)]
    assert profile_of(again).categories["a"].below


@pytest.mark.parametrize(
    "scores", [{}, {"a": [5.0, 6.0]}, {"a": [5.0], "b": [6.0]}, {"a": [5.0]}], ids=["none", "one", "singles", "single"]
)
def test_too_little_says_nothing(scores: dict[str, list[float]]) -> None:
    assert profile_of(single(scores)) == Profile()


def test_a_category_of_one_question_is_among_the_others_alone() -> None:
    found = profile_of(single({**shifted(0, 1), "rare": [9.0]})).categories
    assert list(found) == ["c0", "c1"]
    others = [*(score + 1 for score in SPREAD), 9.0]
    assert found["c0"].value == pytest.approx(np.mean(SPREAD) - np.mean(others))


def test_turns_without_a_score_are_left_out() -> None:
    scores: dict[str, list[list[float | None]]] = {
        name: [[score] for score in group] for name, group in shifted(0, 1).items()
    }
    whole = profile_of(turns(scores))
    scores["c0"].append([None])
    assert profile_of(turns(scores)) == whole


# The second turn.


def second(first: Array, then: Array) -> Profile:
    return profile_of(
        turns({f"c{n}": [*zip(*pair, strict=True)] for n, pair in enumerate(zip(first, then, strict=True))})
    )


def test_the_second_turn_against_the_first_computed_apart() -> None:
    draw = np.random.default_rng(5)
    first, then = draw.uniform(2, 10, (8, 10)), draw.uniform(1, 9, (8, 10))
    found = second(first, then).second_turn
    assert found is not None
    gap = then - first
    half = stats.t.isf(0.025, df=72) * math.sqrt((gap.var(axis=1, ddof=1) / 10).sum()) / 8
    assert (found.value, found.low, found.high) == pytest.approx((gap.mean(), gap.mean() - half, gap.mean() + half))
    assert found.below
    assert not found.above


def test_a_second_turn_that_is_alike_has_the_judges_noise() -> None:
    same = np.array([SPREAD, SPREAD])
    found = second(same, same).second_turn
    assert found is not None
    half = stats.t.isf(0.025, df=18) * 0.75 * math.sqrt(1 / 20 + 1 / 20)
    assert (found.value, found.low, found.high) == pytest.approx((0, -half, half))


def test_questions_of_one_turn_say_nothing_of_the_second() -> None:
    scores: dict[str, list[list[float | None]]] = {"a": [[7.0, 5.0], [8.0, 7.0], [9.0], [1.0, None]]}
    found = profile_of(turns(scores)).second_turn
    assert found is not None
    assert found.value == pytest.approx(-1.5)
    assert profile_of(single(shifted(0, 1))).second_turn is None


# Pairwise: win rates.


def test_win_rates_have_a_profile_too() -> None:
    def game(name: str, n: int, turn: int) -> Game:
        return Game("other", 1, ("B", "A") if name == "c7" or (n == 0 and turn == 2) else ("A", "B"))

    results = [
        played(TurnKey("s", f"{name}{n}", turn), name, [game(name, n, turn)])
        for name in shifted(*[0] * 8)
        for n in range(10)
        for turn in (1, 2)
    ]
    found = profile_of(results)
    assert list(found.below) == ["c7"]
    assert found.categories["c7"].value == pytest.approx(0 - (19 / 20))
    assert found.second_turn is not None
    assert found.second_turn.value == pytest.approx(-7 / 80)


def test_where_every_game_is_a_tie_nothing_stands_out() -> None:
    results = [
        played(TurnKey("s", f"{name}{n}", 1), name, [Game("other", 1, ("C", "C"))])
        for name in shifted(0, 0)
        for n in range(10)
    ]
    found = profile_of(results).categories["c0"]
    assert found.low == -found.high < 0


# False alarms: by simulation, over all eight categories together.

DRAW = np.random.default_rng(11)
SCATTER = np.repeat([0.5, 1.0, 2.0, 3.0], 2)[:, None]
EQUALS: dict[str, Callable[[], Array]] = {
    "alike": lambda: DRAW.normal(6, 2, (8, 10)),
    "each its own scatter": lambda: 6 + DRAW.normal(0, 1, (8, 10)) * SCATTER,
    "most at the top": lambda: np.clip(DRAW.normal(9, 1.5, (8, 10)).round(), 1, 10),
    "a few failures": lambda: np.where(DRAW.random((8, 10)) < 0.15, DRAW.uniform(1, 3, (8, 10)), 9.0),
}


def alarms(draw: Callable[[], Array], trials: int) -> float:
    found = [profile_of(single({f"c{n}": list(group) for n, group in enumerate(draw())})) for _ in range(trials)]
    return float(np.mean([bool(profile.above or profile.below) for profile in found]))


@pytest.mark.parametrize("name", EQUALS)
def test_equal_categories_seldom_stand_out(name: str) -> None:
    assert alarms(EQUALS[name], 200) <= 0.09  # 0.05, and 2.6 standard errors


def test_eight_looks_are_not_eight_times_the_alarms_nor_none() -> None:
    assert 0.01 <= alarms(EQUALS["each its own scatter"], 300) <= 0.09


def test_a_category_that_is_far_off_is_found() -> None:
    off = np.array([[3.0], *[[0.0]] * 7])
    assert alarms(lambda: EQUALS["alike"]() - off, 100) >= 0.75
