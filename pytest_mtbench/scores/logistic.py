"""Logistic regression with standard errors that are clustered.  Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import mul

Rows = Sequence[Sequence[float]]
"""Variables: one row an outcome."""
_Columns = Sequence[Sequence[float]]
"""The same, one column a variable."""
_Matrix = list[list[float]]

_RIDGE = 1e-3
"""Weight of the squared coefficients: next to nothing where there are data, and finite where one side always wins."""
_STEPS = 100
_CLOSE = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A coefficient, in natural logarithms of odds.

    Args:
        error: its standard error, clustered; infinite with a single cluster, which shows no scatter.
        bare_error: the standard error if no outcomes belonged together.
    """

    value: float
    error: float
    bare_error: float


@dataclass(frozen=True)
class Fit:
    """One estimate a variable, from so many clusters."""

    estimates: tuple[Estimate, ...]
    clusters: int


def fit_logistic(rows: Rows, outcomes: Sequence[float], clusters: Sequence[Hashable]) -> Fit:
    """The coefficients that make the outcomes likeliest, without a constant, by Newton's method.

    The errors are those of the sandwich (Liang and Zeger 1986), times Q / (Q - 1) for Q clusters.

    Args:
        outcomes: between 0 and 1.
        clusters: which outcomes belong together.
    """
    columns = list(zip(*rows, strict=True))
    found = _likeliest(columns, outcomes)
    chances = _chances(columns, found)
    bread = _inverse(_curvature(columns, chances))
    slopes: dict[Hashable, list[float]] = {}
    for row, outcome, chance, name in zip(rows, outcomes, chances, clusters, strict=True):
        before = slopes.get(name, [0.0] * len(row))
        slopes[name] = [slope + x * (outcome - chance) for slope, x in zip(before, row, strict=True)]
    many = len(slopes)
    moved = zip(*(_times(bread, slope) for slope in slopes.values()), strict=True)
    errors = [math.sqrt(_dot(one, one) * many / (many - 1)) if many > 1 else math.inf for one in moved]
    return Fit(tuple(map(Estimate, found, errors, _roots(bread))), many)


def design_errors(rows: Rows) -> list[float]:
    """The standard errors of coefficients where every outcome is as likely as not, before any is known.

    One is large where its variable hardly ever differs from 0, or only says what others say as well.
    """
    return _roots(_inverse(_curvature(list(zip(*rows, strict=True)), [0.5] * len(rows))))


def _likeliest(columns: _Columns, outcomes: Sequence[float]) -> list[float]:
    found = [0.0] * len(columns)
    likelihood = _likelihood(columns, outcomes, found)
    for _ in range(_STEPS):
        chances = _chances(columns, found)
        missed = [outcome - chance for outcome, chance in zip(outcomes, chances, strict=True)]
        slope = [_dot(column, missed) - _RIDGE * value for column, value in zip(columns, found, strict=True)]
        step = _times(_inverse(_curvature(columns, chances)), slope)
        # A step may overshoot; some part of it always leads up, since the likelihood has one summit and no other.
        before, likelihood = likelihood, _likelihood(columns, outcomes, _sum(found, step))
        while likelihood < before and max(map(abs, step)) > _CLOSE:
            step = [part / 2 for part in step]
            likelihood = _likelihood(columns, outcomes, _sum(found, step))
        found = _sum(found, step)
        if max(map(abs, step)) <= _CLOSE:
            break
    return found


def _likelihood(columns: _Columns, outcomes: Sequence[float], coefficients: Sequence[float]) -> float:
    """Its logarithm, less the ridge."""
    odds = _odds(columns, coefficients)
    lost = sum(max(odd, 0.0) + math.log1p(math.exp(-abs(odd))) for odd in odds)
    return _dot(outcomes, odds) - lost - _RIDGE / 2 * _dot(coefficients, coefficients)


def _curvature(columns: _Columns, chances: Sequence[float]) -> _Matrix:
    """Minus the second derivatives of the likelihood."""
    weights = [chance * (1 - chance) for chance in chances]
    curvature = [[0.0] * len(columns) for _ in columns]
    for i, column in enumerate(columns):
        weighted = list(map(mul, column, weights))
        for j in range(i + 1):
            curvature[i][j] = curvature[j][i] = _dot(weighted, columns[j])
        curvature[i][i] += _RIDGE
    return curvature


def _chances(columns: _Columns, coefficients: Sequence[float]) -> list[float]:
    # As 1 / (1 + exp(-odds)), which would overflow.
    return [0.5 + math.tanh(odds / 2) / 2 for odds in _odds(columns, coefficients)]


def _odds(columns: _Columns, coefficients: Sequence[float]) -> list[float]:
    """In logarithms, one an outcome."""
    return [_dot(row, coefficients) for row in zip(*columns, strict=True)]


def _inverse(matrix: _Matrix) -> _Matrix:
    """That of a symmetric positive definite matrix, by Gauss and Jordan; such a one needs no exchange of rows."""
    size = len(matrix)
    wide = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for i in range(size):
        top = [value / wide[i][i] for value in wide[i]]
        wide = [[a - row[i] * b for a, b in zip(row, top, strict=True)] for row in wide]
        wide[i] = top
    return [row[size:] for row in wide]


def _times(matrix: _Matrix, vector: Sequence[float]) -> list[float]:
    return [_dot(row, vector) for row in matrix]


def _sum(one: Iterable[float], other: Iterable[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _dot(one: Iterable[float], other: Iterable[float]) -> float:
    total: float = sum(map(mul, one, other))
    return total


def _roots(covariance: _Matrix) -> list[float]:
    """The roots of the diagonal: standard errors."""
    return [math.sqrt(row[i]) for i, row in enumerate(covariance)]
