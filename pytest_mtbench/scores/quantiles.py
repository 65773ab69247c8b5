"""Student's t, and the level of each of several looks, in plain Python.  Pure.

scipy and numpy would be three quarters of what the package installs; the tests hold these figures to scipy's.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import count
from statistics import NormalDist

POCOCK = (0.05, 0.0304, 0.0232, 0.0194, 0.0169)
"""Nominal one-sided levels of 1 to 5 equally spaced looks at a total of 0.05 (Pocock 1977)."""

_NORMAL = NormalDist()
_CLOSE = 1e-9
"""Relative size of a step of Newton's method after which the error, about its square, is less than a float shows."""
_EXACT = 1e-15
_PANELS = 100
"""Of Simpson's rule at each look: good for six digits of a level."""
_LOWEST = -6.5
"""Standard deviations at which the integral over the sums of a look begins: less than 1e-10 of them lie below."""


def t_cdf(value: float, df: float) -> float:
    """The probability that Student's t with so many degrees of freedom is at most `value`."""
    tail = _t_tail(abs(value), df)
    return tail if value < 0 else 1 - tail


def t_quantile(probability: float, df: float) -> float:
    """The value that Student's t stays below with this probability, which lies between 0 and 1.

    By Newton's method on the tail.  That is convex, so from the normal quantile, which is nearer to 0 than any of
    Student's, every step stops short of the solution and none goes astray.
    """
    tail = min(probability, 1 - probability)
    value = step = -_NORMAL.inv_cdf(tail)
    while step > _CLOSE * value:
        step = (_t_tail(value, df) - tail) / _t_density(value, df)
        value += step
    return value if probability > 0.5 else -value


@cache
def look_level(looks: int, alpha: float) -> float:
    """The one-sided level of each look at which `looks` of them together raise `alpha` false alarms.

    Args:
        looks: 1 or more, taken to be equally spaced.
    """
    if looks == 1:
        return alpha
    if alpha == POCOCK[0] and looks <= len(POCOCK):
        return POCOCK[looks - 1]
    # Between the bound of a single look and Bonferroni's, which takes looks for strangers.
    low, high = -_NORMAL.inv_cdf(alpha), -_NORMAL.inv_cdf(alpha / looks)
    while high - low > 1e-7:
        bound = (low + high) / 2
        low, high = (bound, high) if _false_alarms(looks, bound) > alpha else (low, bound)
    return _NORMAL.cdf(-low)


def _false_alarms(looks: int, bound: float) -> float:
    """The probability that at any look the sum so far, over its standard deviation, is above a bound.

    By repeated integration over the sums that raised no alarm so far (Armitage, McPherson and Rowe 1969).
    """
    calm = [(0.0, 1.0)]
    for look in range(1, looks):
        calm = [
            (total, weight * sum(mass * _NORMAL.pdf(total - before) for before, mass in calm))
            for total, weight in _simpson(_LOWEST * math.sqrt(look), bound * math.sqrt(look))
        ]
    return 1 - sum(mass * _NORMAL.cdf(bound * math.sqrt(looks) - before) for before, mass in calm)


def _simpson(low: float, high: float) -> list[tuple[float, float]]:
    """Points and weights of Simpson's rule."""
    step = (high - low) / _PANELS
    inner = [(low + n * step, (4 if n % 2 else 2) * step / 3) for n in range(1, _PANELS)]
    return [(low, step / 3), *inner, (high, step / 3)]


def _t_tail(value: float, df: float) -> float:
    """The probability that Student's t is above a value from 0 on: DLMF 8.17.22, in the terms of Student's t."""
    square = value * value
    if math.isinf(square):
        return 0.0
    side = value * _t_density(value, df)
    if square * (df + 2) < 3 * df:  # on either side of this one of both fractions converges fast
        return 0.5 - side * _beta_fraction(square / (df + square), 0.5, df / 2)
    return side / df * _beta_fraction(df / (df + square), df / 2, 0.5)


def _t_density(value: float, df: float) -> float:
    ratio = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2))
    return ratio / math.sqrt(math.pi * df) * math.exp(-(df + 1) / 2 * math.log1p(value * value / df))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, DLMF 8.17.22, by Lentz's method, DLMF 3.10(iii)."""
    found = above = 1.0
    below = 0.0
    for n in count(1):
        half = n // 2
        top = -(a + half) * (a + b + half) if n % 2 else half * (b - half)
        part = top * x / ((a + n - 1) * (a + n))
        above, below = 1 + part / above, 1 / (1 + part * below)
        found *= above * below
        if abs(above * below - 1) < _EXACT:
            break
    return 1 / found
