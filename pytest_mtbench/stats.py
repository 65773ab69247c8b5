"""Intervals.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, variance

JUDGE_SD = 0.75
"""The SD of one score where GPT-4 judges the same text twice (160 prompts, hours apart)."""

LOWEST, HIGHEST = 1.0, 10.0


def mean_interval(
    strata: Mapping[str, Sequence[float]], ratings: int, level: float = 0.95, middle: float | None = None
) -> tuple[float, float] | None:
    """A two-sided interval for the mean score, by Student's t over questions.

    The two turns of a question are not independent, so each question counts once, with its mean; categories are
    strata, since every category is always asked.  A judge that is asked twice differs from itself, so the
    standard error is never below that of the judge alone.

    Args:
        strata: the question means by category.
        ratings: how many ratings they are made of.
        level: the coverage.
        middle: the mean that is reported, where it is not that of the question means (questions of one turn and of
            two weigh differently in a mean over turns).

    Returns:
        lower and upper bound within 1-10, or None where there are too few questions to say.
    """
    values = [value for stratum in strata.values() for value in stratum]
    groups = list(strata.values())
    if any(len(group) < 2 for group in groups):
        groups = [values]
    degrees = len(values) - len(groups)
    if degrees < 1:
        return None
    total = len(values)
    squared = sum((len(group) / total) ** 2 * variance(group) / len(group) for group in groups)
    error = max(math.sqrt(squared), JUDGE_SD / math.sqrt(ratings))
    from scipy.special import stdtrit  # here: scipy is slow to import and small runs do without it

    half = float(stdtrit(degrees, 0.5 + level / 2)) * error
    middle = fmean(values) if middle is None else middle
    return max(LOWEST, middle - half), min(HIGHEST, middle + half)
