"""Intervals.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import variance

JUDGE_SD = 0.75
"""The SD of one score where GPT-4 judges the same text twice (160 prompts, hours apart)."""


@dataclass(frozen=True)
class Scale:
    """What a score can be.

    Args:
        judge_sd: the SD of one score where the judge judges the same text twice, as far as it is known.
        step: the least that one score can differ from another, where that is much.
    """

    lowest: float
    highest: float
    judge_sd: float
    step: float = 0.0


RATINGS = Scale(1.0, 10.0, JUDGE_SD)
WIN_RATES = Scale(0.0, 1.0, 0.0, step=0.5)


def mean_interval(
    strata: Mapping[str, Sequence[float]],
    ratings: int,
    level: float = 0.95,
    weights: Mapping[str, Sequence[float]] | None = None,
    scale: Scale = RATINGS,
) -> tuple[float, float] | None:
    """A two-sided interval for the mean score, by Student's t over questions.

    The two turns of a question are not independent, so each question counts once, with its mean; categories are
    strata, since every category is always asked.  A judge that is asked twice differs from itself, so the
    standard error is never below that of the judge alone.  Where all come out alike, as win rates can, it is that of
    one score that had come out a step otherwise: nothing is certain, and no better result has a worse bound.

    Args:
        strata: the question means by category.
        ratings: how many ratings they are made of.
        level: the coverage.
        weights: how much each question weighs, in the shape of `strata`; equally by default.  In a mean over turns a
            question of two turns weighs twice one of a single turn.

    Returns:
        lower and upper bound within the scale, or None where there are too few questions to say.
    """
    pairs = [
        list(zip(stratum, (weights or {}).get(name) or [1.0] * len(stratum), strict=True))
        for name, stratum in strata.items()
    ]
    if any(len(group) < 2 for group in pairs):
        pairs = [[pair for group in pairs for pair in group]]
    degrees = sum(map(len, pairs)) - len(pairs)
    if degrees < 1:
        return None
    total = sum(weight for group in pairs for _, weight in group)
    middle = sum(value * weight for group in pairs for value, weight in group) / total
    # The mean is a ratio where questions weigh differently; these are its linearised parts, which sum to zero.
    parts = [[weight * (value - middle) / total for value, weight in group] for group in pairs]
    squared = sum(len(group) * variance(group) for group in parts)
    error = max(math.sqrt(squared), scale.judge_sd / math.sqrt(ratings), scale.step / ratings)
    from scipy.special import stdtrit  # here: scipy is slow to import and small runs do without it

    half = float(stdtrit(degrees, 0.5 + level / 2)) * error
    return max(scale.lowest, middle - half), min(scale.highest, middle + half)


def t_cdf(value: float, df: float) -> float:
    """The probability that Student's t with so many degrees of freedom is at most `value`."""
    from scipy.special import stdtr

    return float(stdtr(df, value))


def t_quantile(probability: float, df: float) -> float:
    """The value that Student's t stays below with this probability."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


POCOCK = (0.05, 0.0304, 0.0232, 0.0194, 0.0169)
"""Nominal one-sided levels of 1 to 5 equally spaced looks at a total of 0.05 (Pocock 1977)."""


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
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri
    from scipy.stats import multivariate_normal

    # The statistic at look i and at look j share the data of the earlier one.
    shared = [[math.sqrt(min(i, j) / max(i, j)) for i in range(1, looks + 1)] for j in range(1, looks + 1)]
    together = multivariate_normal(cov=shared, seed=0)
    bounds = -ndtri(alpha), -ndtri(alpha / looks)
    return float(ndtr(-brentq(lambda z: 1 - together.cdf([z] * looks) - alpha, *bounds)))
