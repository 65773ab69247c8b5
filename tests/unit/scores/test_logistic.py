"""Logistic regression against scipy's optimiser and the sandwich written down a second time."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.optimize import minimize

from pytest_mtbench.scores.logistic import design_errors, fit_logistic

Rows = list[list[float]]


def data(seed: int, n: int = 120) -> tuple[Rows, list[float], list[int]]:
    draw = random.Random(seed)
    rows = [[draw.choice((-1.0, 0.0, 1.0)), draw.gauss(0, 1), draw.uniform(-1, 1)] for _ in range(n)]
    outcomes = [draw.choice((0.0, 0.5, 1.0)) if draw.random() < 0.5 else float(row[1] > 0) for row in rows]
    return rows, outcomes, [draw.randrange(n // 4) for _ in range(n)]


@pytest.mark.parametrize("seed", range(3))
def test_the_coefficients_make_the_outcomes_likeliest(seed: int) -> None:
    rows, outcomes, clusters = data(seed)
    x, y = np.array(rows), np.array(outcomes)

    def unlikely(b: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        p = 1 / (1 + np.exp(-x @ b))
        return float(-np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)))

    best = minimize(unlikely, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    fit = fit_logistic(rows, outcomes, clusters)
    assert [estimate.value for estimate in fit.estimates] == pytest.approx(list(best), abs=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_errors_are_the_sandwich(seed: int) -> None:
    rows, outcomes, clusters = data(seed)
    fit = fit_logistic(rows, outcomes, clusters)
    b = np.array([estimate.value for estimate in fit.estimates])
    bread, meat = np.zeros((3, 3)), np.zeros((3, 3))
    for cluster in set(clusters):
        total = np.zeros(3)
        for row, outcome, of in zip(rows, outcomes, clusters, strict=True):
            if of == cluster:
                p = 1 / (1 + np.exp(-np.dot(row, b)))
                total += (outcome - p) * np.array(row)
                bread += p * (1 - p) * np.outer(row, row)
        meat += np.outer(total, total)
    inverse = np.linalg.inv(bread)
    q = len(set(clusters))
    assert fit.clusters == q
    spread = q / (q - 1) * inverse @ meat @ inverse
    assert [estimate.error for estimate in fit.estimates] == pytest.approx(list(np.sqrt(np.diag(spread))), rel=1e-3)
    assert [one.bare_error for one in fit.estimates] == pytest.approx(list(np.sqrt(np.diag(inverse))), rel=1e-3)


def test_outcomes_that_only_repeat_each_other_make_nothing_surer() -> None:
    rows, outcomes, _ = data(0)
    once = fit_logistic(rows, outcomes, range(120)).estimates
    thrice = fit_logistic(rows * 3, outcomes * 3, [*range(120)] * 3).estimates
    assert [one.error for one in thrice] == pytest.approx([one.error for one in once], rel=1e-3)
    assert all(one.bare_error < 0.6 * other.bare_error for one, other in zip(thrice, once, strict=True))


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_side_that_always_wins_has_a_finite_strength(outcome: float) -> None:
    fit = fit_logistic([[1.0]] * 40, [outcome] * 40, range(40))
    (estimate,) = fit.estimates
    assert 5 < abs(estimate.value) < 12
    assert (estimate.value > 0) is (outcome == 1)
    assert estimate.bare_error > 5


def test_steps_that_overshoot_are_taken_back() -> None:
    # Newton's method without that jumps to and fro for ever here.
    rows, outcomes = [[-1.0, 110.0], [3.0, -4.0], [112.0, 0.0], [1.0, 0.0]], [0.0, 1.0, 1.0, 1.0]
    fit = fit_logistic(rows, outcomes, range(4))
    x, y = np.array(rows), np.array(outcomes)
    b = np.array([estimate.value for estimate in fit.estimates])
    slope = x.T @ (y - 1 / (1 + np.exp(-x @ b))) - 1e-3 * b
    assert list(slope) == pytest.approx([0, 0], abs=1e-6)


def test_a_single_cluster_shows_no_error() -> None:
    fit = fit_logistic([[1.0], [1.0], [-1.0]], [1.0, 0.0, 0.0], ["q"] * 3)
    assert (fit.estimates[0].error, fit.clusters) == (math.inf, 1)


def test_a_design_shows_what_it_cannot_determine() -> None:
    rows = [[1.0, n / 40] for n in range(-40, 40)]
    alike = [[*row, row[1]] for row in rows]
    rare = [[*row, float(n == 0)] for n, row in enumerate(rows)]
    fair, other = design_errors(rows)
    assert fair == pytest.approx(2 / 80**0.5, rel=1e-2)
    assert other < 0.5
    assert min(design_errors(alike)[1:]) > 10
    assert design_errors(rare)[2] > 1.9
