"""Intervals of means.  Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import variance

from .quantiles import t_quantile

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
    strata, since every category is always asked.

    The standard error is never below what is uncertain in any case:
    - A judge that is asked twice differs from itself: the error of a mean of ratings is at least the judge's own.
    - Win rates have no such figure, and where every game is won nothing scatters, so the error would be 0.  It is at
      least that of one game that came out a step (half a point) otherwise.  Of 20 games over 10
      questions of one category all are won: 0.94-1.00, not 1.00-1.00.  Were one of them a tie: 0.92-1.00, so the
      better result has the better bound.

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
    total = sum(weight for group in pairs for _, weight in group)
    if not total:
        return None
    middle = sum(value * weight for group in pairs for value, weight in group) / total
    # The mean is a ratio where questions weigh differently; these are its linearised parts, which sum to zero.
    found = error_of_sum([[weight * (value - middle) / total for value, weight in group] for group in pairs])
    if found is None:
        return None
    scatter, degrees = found
    error = max(scatter, scale.judge_sd / math.sqrt(ratings), scale.step / ratings)
    half = t_quantile(0.5 + level / 2, degrees) * error
    return max(scale.lowest, middle - half), min(scale.highest, middle + half)


def error_of_sum(strata: Iterable[Sequence[float]]) -> tuple[float, float] | None:
    """The standard error of the sum of values that were drawn within strata, and its degrees of freedom.

    A stratum of a single value has no scatter to see, so all are pooled into one where there is such a stratum.

    Returns:
        None where there are too few values to say.
    """
    groups = list(strata)
    if any(len(group) < 2 for group in groups):
        groups = [[value for group in groups for value in group]]
    degrees = sum(map(len, groups)) - len(groups)
    if degrees < 1:
        return None
    return math.sqrt(sum(len(group) * variance(group) for group in groups)), float(degrees)
