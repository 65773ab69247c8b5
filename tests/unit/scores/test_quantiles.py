"""Student's t and the levels of looks, against scipy and against what can be written down exactly."""

from __future__ import annotations

import math

import pytest
from scipy.special import stdtr, stdtrit
from scipy.stats import multivariate_normal, norm

from pytest_mtbench.scores.quantiles import POCOCK, look_level, t_cdf, t_quantile

DEGREES = [1, 1.3, 2, 2.7, 3, 4, 5, 7, 9, 9.5, 18, 30, 41.7, 72, 79, 100, 152, 300, 1000, 9992]
"""Satterthwaite's are no whole numbers."""
VALUES = [0, 1e-3, 0.1, 0.3, 0.7, 1, 1.2, 1.5, 1.7, 1.73, 1.74, 1.8, 2, 2.5, 3, 5, 8, 12, 37]
LEVELS = [0.51, 0.6, 0.75, 0.8, 0.9, 0.95, 0.9696, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.99999, 1 - 1e-9]


@pytest.mark.parametrize("df", DEGREES)
def test_probabilities_are_scipys_in_both_tails(df: float) -> None:
    for value in (*VALUES, *(-value for value in VALUES)):
        assert t_cdf(value, df) == pytest.approx(float(stdtr(df, value)), rel=1e-10, abs=1e-250), value


@pytest.mark.parametrize("df", DEGREES)
def test_quantiles_are_scipys(df: float) -> None:
    for level in (*LEVELS, *(1 - level for level in LEVELS)):
        assert t_quantile(level, df) == pytest.approx(float(stdtrit(df, level)), rel=1e-10), level
    assert t_quantile(0.5, df) == 0


@pytest.mark.parametrize("df", DEGREES)
def test_far_out_nothing_is_left(df: float) -> None:
    assert (t_cdf(math.inf, df), t_cdf(-math.inf, df)) == (1, 0)
    assert t_cdf(-1e200, df) == pytest.approx(0, abs=1e-150)


def test_with_one_degree_of_freedom_it_is_cauchys() -> None:
    for value in (0.01, 1.0, 12.7, 1000.0, 1e9):
        assert t_cdf(-value, 1) == pytest.approx(math.atan(1 / value) / math.pi, rel=1e-12)
    for level in (0.5000001, 0.6, 0.975, 0.99999):
        assert t_quantile(level, 1) == pytest.approx(math.tan(math.pi * (level - 0.5)), rel=1e-8)


def test_published_levels_are_taken_as_published() -> None:
    assert [look_level(looks, 0.05) for looks in range(1, 6)] == list(POCOCK)
    assert look_level(1, 0.1) == 0.1


@pytest.mark.parametrize("looks", [2, 3, 5])
def test_other_levels_are_computed_as_pococks_were(looks: int) -> None:
    assert look_level(looks, 0.0500001) == pytest.approx(POCOCK[looks - 1], abs=0.00006)


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.2])
def test_of_two_looks_one_raises_so_many_false_alarms(alpha: float) -> None:
    bound = -norm.ppf(look_level(2, alpha))
    both = multivariate_normal(cov=[[1, 0.5**0.5], [0.5**0.5, 1]])
    assert 1 - both.cdf([bound, bound]) == pytest.approx(alpha, abs=1e-6)
