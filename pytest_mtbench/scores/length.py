"""Longer answers and higher scores: what the change would be if both sides' answers were equally long.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean, stdev

from ..domain.question import QuestionId
from .paired import Scores, paired_questions

_FEWEST = 3
"""Questions; a line through two says nothing."""


def change_at_equal_length(
    lengths: Mapping[QuestionId, tuple[int, int]], candidate: Scores, baseline: Scores
) -> float | None:
    """The change that is left where length explains as much as it can: b0 of d = b0 + b1 * tanh(g / sd), least squares.

    d is the difference of a question's scores and g the logarithm of how many times longer its answers are, sd the
    standard deviation of g; tanh keeps a few very long answers from deciding (as in length-controlled AlpacaEval,
    Dubois et al. 2024, arXiv 2404.04475).

    Args:
        lengths: the length of a question's answers together, the baseline's and the candidate's.
        candidate, baseline: the scores of both.

    Returns:
        None where fewer than three questions have answers and scores on both sides, or all grew alike.
    """
    growth, change = [], []
    for question_id, (old, new) in lengths.items():
        own = {place: scores for place, scores in candidate.items() if place[0] == question_id}
        paired = paired_questions(own, baseline, {question_id: ""})
        if old and new and paired:
            growth.append(math.log(new / old))
            change.append(paired[0].difference)
    if len(growth) < _FEWEST or not (sd := stdev(growth)):
        return None
    x = [math.tanh(value / sd) for value in growth]
    middle = fmean(x)
    spread = sum((value - middle) ** 2 for value in x)
    slope = sum((value - middle) * d for value, d in zip(x, change, strict=True)) / spread if spread else 0.0
    return fmean(change) - slope * middle
