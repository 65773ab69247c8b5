from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
import pytest
from scipy import stats

from pytest_mtbench.scores.intervals import RATINGS, WIN_RATES, mean_interval

MANY = 10_000_000
"""So many ratings that the judge's own noise does not bind."""

# The SD of GPT-4 judging the same text twice, as measured; not taken from the module, so that a change is noticed.
JUDGE_SD = 0.75


def interval(strata: Mapping[str, Sequence[float]], ratings: int = MANY, level: float = 0.95) -> tuple[float, float]:
    bounds = mean_interval(strata, ratings, level)
    assert bounds is not None
    return bounds


def stratified(strata: Mapping[str, Sequence[float]], level: float) -> tuple[float, float]:
    """The textbook's stratified mean with proportional allocation, written down a second time."""
    total = sum(len(group) for group in strata.values())
    middle = sum(len(group) * np.mean(group) for group in strata.values()) / total
    error = math.sqrt(sum(len(group) * np.var(group, ddof=1) for group in strata.values())) / total
    low, high = stats.t.interval(level, df=total - len(strata), loc=middle, scale=error)
    return float(low), float(high)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize(
    "strata",
    [
        {"math": [5.0, 6.0]},
        {"math": [2.5, 9.0, 5.0, 5.0, 6.5, 7.0, 4.0, 6.0, 3.5, 5.5]},
        {"a": [3.0, 4.5, 3.5], "b": [8.0, 7.0, 9.0, 8.5, 6.0], "c": [5.0, 5.5]},
    ],
    ids=["two questions", "one category", "three categories"],
)
def test_categories_are_strata_and_one_alone_gives_students_t(strata: dict[str, list[float]], level: float) -> None:
    low, high = stratified(strata, level)
    assert interval(strata, level=level) == pytest.approx((max(1.0, low), min(10.0, high)))


def test_an_easy_and_a_hard_category_do_not_widen_the_interval() -> None:
    apart = interval({"easy": [8.0, 9.0, 8.5, 8.0], "hard": [2.0, 3.0, 2.5, 2.0]})
    together = interval({"one": [5.0, 6.0, 5.5, 5.0], "other": [5.0, 6.0, 5.5, 5.0]})
    assert apart[1] - apart[0] == pytest.approx(together[1] - together[0])


def test_the_judges_own_noise_is_the_least_error() -> None:
    low, high = interval({"math": [6.0] * 10}, ratings=20)
    half = stats.t.ppf(0.975, 9) * JUDGE_SD / math.sqrt(20)
    assert (low, high) == pytest.approx((6 - half, 6 + half))


def test_more_ratings_narrow_the_least_error_and_no_more() -> None:
    same, different = {"math": [6.0] * 10}, {"math": [4.0, 8.0] * 5}
    widths = [high - low for low, high in (interval(same, ratings) for ratings in (10, 40))]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert interval(different, 20) == interval(different, MANY)


@pytest.mark.parametrize("strata", [{}, {"math": []}, {"math": [7.0]}, {"math": [], "coding": [7.0]}])
def test_one_question_has_no_interval(strata: dict[str, list[float]]) -> None:
    assert mean_interval(strata, 1) is None


@pytest.mark.parametrize(
    "strata",
    [
        {"math": [4.0], "coding": [8.0], "stem": [6.0]},
        {"math": [4.0, 8.0], "coding": [6.0]},
    ],
)
def test_a_category_of_one_question_is_pooled_with_the_others(strata: dict[str, list[float]]) -> None:
    low, high = stats.t.interval(0.95, df=2, loc=6, scale=stats.sem([4.0, 8.0, 6.0]))
    assert interval(strata) == pytest.approx((max(1.0, low), min(10.0, high)))


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [10.0, 10.0], [1.0, 10.0], [9.5, 10.0, 9.0]])
def test_the_bounds_stay_on_the_scale(values: list[float]) -> None:
    low, high = interval({"math": values}, ratings=len(values))
    assert RATINGS.lowest <= low <= fmean(values) <= high <= RATINGS.highest


# Win rates.


def test_a_win_rate_has_no_floor_of_a_judge() -> None:
    values = [0.5, 0.75, 0.25, 0.5, 0.5, 0.75, 0.25, 0.5, 1.0, 0.5]
    expected = stats.t.interval(0.95, df=9, loc=np.mean(values), scale=stats.sem(values))
    assert mean_interval({"math": values}, 20, scale=WIN_RATES) == pytest.approx(expected)


def test_a_win_rate_stays_between_0_and_1() -> None:
    assert mean_interval({"math": [1.0, 1.0, 0.5]}, 6, scale=WIN_RATES) == pytest.approx((0.116, 1.0), abs=1e-3)


@pytest.mark.parametrize("n", [5, 10, 80])
def test_questions_that_all_come_out_alike_are_as_sure_as_those_with_one_half_point_of_difference(n: int) -> None:
    alike = mean_interval({"math": [0.0] * n}, 2 * n, scale=WIN_RATES)
    one_tie = mean_interval({"math": [0.0] * (n - 1) + [0.25]}, 2 * n, scale=WIN_RATES)
    assert alike is not None
    assert one_tie is not None
    half = float(stats.t.ppf(0.975, n - 1)) * 0.25 / n
    assert alike == pytest.approx((0, half))
    assert one_tie == pytest.approx((0, min(1, 0.25 / n + half)))
    assert alike[1] < one_tie[1], "no better result has a worse bound"


@pytest.mark.parametrize("value", [0.25, 0.5, 0.75])
def test_ties_alone_are_no_point(value: float) -> None:
    low, high = mean_interval({"a": [value] * 10, "b": [value] * 10}, 40, scale=WIN_RATES) or (0, 0)
    assert low < value < high
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 18) * 0.5 / 40)
