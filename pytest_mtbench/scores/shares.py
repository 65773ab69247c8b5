"""A share of votes, and how sure it is where votes on one question are alike.  Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..domain.question import QuestionId
from .intervals import t_quantile


@dataclass(frozen=True)
class Share:
    """A share, 0-1.

    Args:
        low, high: 95 % interval; None with fewer than two questions, which show no scatter.
        n: what it is a share of; `questions`: how many questions those belong to.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    questions: int


def share_of(pairs: Iterable[tuple[QuestionId, float]]) -> Share | None:
    """The mean of values between 0 and 1, with an interval that is clustered by question.

    Votes on one question are no independent ones: the interval is Wilson's (1927) on as many votes as they are worth,
    N over the design effect (Kish 1965), with Student's t over questions.  Where the questions do not differ at all,
    as where every vote says the same, each question counts as one vote.

    Args:
        pairs: a question id and a value each: 1 or 0, or 0.5 for a half.

    Returns:
        None where there is no pair.
    """
    groups: dict[QuestionId, list[float]] = defaultdict(list)
    for question_id, value in pairs:
        groups[question_id].append(value)
    n, questions = sum(map(len, groups.values())), len(groups)
    if not n:
        return None
    total = math.fsum(value for values in groups.values() for value in values)
    share = total / n
    if questions < 2:
        return Share(share, None, None, n, questions)
    # Times n: halves stay exact, so that questions that are all alike have a scatter of 0 and not nearly.
    scatter = math.fsum((math.fsum(values) * n - total * len(values)) ** 2 for values in groups.values()) / n**4
    variance = questions / (questions - 1) * scatter
    votes = share * (1 - share) / variance if variance else float(questions)
    return Share(share, *_wilson(share, votes, t_quantile(0.975, questions - 1)), n, questions)


def _wilson(share: float, votes: float, t: float) -> tuple[float, float]:
    """Wilson's interval of a share of so many votes."""
    shrunk = 1 + t**2 / votes
    middle = (share + t**2 / (2 * votes)) / shrunk
    half = t * math.sqrt(share * (1 - share) / votes + t**2 / (4 * votes**2)) / shrunk
    return max(0.0, middle - half), min(1.0, middle + half)
