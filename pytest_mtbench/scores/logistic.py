"""Logistic regression with standard errors that are clustered.  Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

Rows = Sequence[Sequence[float]]
"""Variables: one row an outcome."""

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
    import numpy as np  # here: slow to import, and most runs do without it

    x, y = np.asarray(rows, dtype=float), np.asarray(outcomes, dtype=float)
    found = _likeliest(x, y)
    chance = _chances(x @ found)
    bread: Array = np.linalg.inv(_curvature(x, chance))
    number = {name: position for position, name in enumerate(dict.fromkeys(clusters))}
    slopes = np.zeros((len(number), x.shape[1]))
    np.add.at(slopes, [number[name] for name in clusters], x * (y - chance)[:, None])
    errors = [math.inf] * x.shape[1]
    if len(number) > 1:
        scatter: Array = bread @ slopes.T @ slopes @ bread * (len(number) / (len(number) - 1))
        errors = _roots(scatter)
    return Fit(tuple(map(Estimate, found.tolist(), errors, _roots(bread))), len(number))


def design_errors(rows: Rows) -> list[float]:
    """The standard errors of coefficients where every outcome is as likely as not, before any is known.

    One is large where its variable hardly ever differs from 0, or only says what others say as well.
    """
    import numpy as np

    x = np.asarray(rows, dtype=float)
    covariance: Array = np.linalg.inv(_curvature(x, np.full(len(x), 0.5)))
    return _roots(covariance)


def _likeliest(x: Array, y: Array) -> Array:
    import numpy as np

    found = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = _chances(x @ found)
        step = np.linalg.solve(_curvature(x, chance), x.T @ (y - chance) - _RIDGE * found)
        # A step may overshoot; some part of it always leads up, since the likelihood has one summit and no other.
        while np.abs(step).max() > _CLOSE and _likelihood(x, y, found + step) < _likelihood(x, y, found):
            step = step / 2
        found = found + step
        if np.abs(step).max() <= _CLOSE:
            break
    return found


def _likelihood(x: Array, y: Array, coefficients: Array) -> float:
    """Its logarithm, less the ridge."""
    import numpy as np

    odds = x @ coefficients
    return float(np.sum(y * odds - np.logaddexp(0, odds)) - _RIDGE / 2 * coefficients @ coefficients)


def _curvature(x: Array, chance: Array) -> Array:
    """Minus the second derivatives of the likelihood."""
    import numpy as np

    curvature: Array = (x * (chance * (1 - chance))[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
    return curvature


def _chances(odds: Array) -> Array:
    from scipy.special import expit

    chances: Array = expit(odds)
    return chances


def _roots(covariance: Array) -> list[float]:
    """The roots of the diagonal: standard errors."""
    return [float(variance) ** 0.5 for variance in covariance.diagonal()]
