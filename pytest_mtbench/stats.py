"""Intervals.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import variance

JUDGE_SD = 0.75
"""The SD of one score where GPT-4 judges the same text twice (160 prompts, hours apart)."""

LOWEST, HIGHEST = 1.0, 10.0


def mean_interval(
    strata: Mapping[str, Sequence[float]],
    ratings: int,
    level: float = 0.95,
    weights: Mapping[str, Sequence[float]] | None = None,
) -> tuple[float, float] | None:
    """A two-sided interval for the mean score, by Student's t over questions.

    The two turns of a question are not independent, so each question counts once, with its mean; categories are
    strata, since every category is always asked.  A judge that is asked twice differs from itself, so the
    standard error is never below that of the judge alone.

    Args:
        strata: the question means by category.
        ratings: how many ratings they are made of.
        level: the coverage.
        weights: how much each question weighs, in the shape of `strata`; equally by default.  In a mean over turns a
            question of two turns weighs twice one of a single turn.

    Returns:
        lower and upper bound within 1-10, or None where there are too few questions to say.
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
    error = max(math.sqrt(squared), JUDGE_SD / math.sqrt(ratings))
    from scipy.special import stdtrit  # here: scipy is slow to import and small runs do without it

    half = float(stdtrit(degrees, 0.5 + level / 2)) * error
    return max(LOWEST, middle - half), min(HIGHEST, middle + half)
