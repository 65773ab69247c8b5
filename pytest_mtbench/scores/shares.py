"""Shares and means of what many say of few questions, with intervals that know that.  Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ..domain.question import QuestionId
from .quantiles import t_quantile

_LEVEL = 0.95
_NOTHING = 1e-15


@dataclass(frozen=True)
class Share:
    """A share of votes, or a mean of values from 0 to 1.

    Args:
        low, high: its 95 % interval; None where fewer than two questions were asked.
        n: how many votes, or couples of them.
        questions: how many questions they are of.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    questions: int

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def share_of(pairs: Iterable[tuple[QuestionId, float]]) -> Share | None:
    """The share of votes that say yes; None without a vote.

    Args:
        pairs: question and 1 for yes, 0 for no, 0.5 for half.
    """
    return share_of_totals(_totals(pairs))


def share_of_totals(totals: Iterable[tuple[float, float]]) -> Share | None:
    """The share of votes that say yes, pooled over votes; None without a vote.

    What is said of one question hangs together, so the error is that of a ratio of question totals, and the interval
    is Wilson's on as many votes as would give that error if each stood alone, with Student's t.

    Args:
        totals: of each question how many say yes and how many there are.
    """
    known = [(yes, n) for yes, n in totals if n]
    votes, questions = sum(n for _, n in known), len(known)
    if not votes:
        return None
    share = sum(yes for yes, _ in known) / votes
    if questions < 2:
        return Share(share, None, None, round(votes), questions)
    variance = _variance(known)
    # Where nothing scatters each question says what the others say, and counts once.
    alone = share * (1 - share) / variance if variance > _NOTHING and 0 < share < 1 else float(questions)
    low, high = _wilson(share, alone, t_quantile(0.5 + _LEVEL / 2, questions - 1))
    return Share(share, low, high, round(votes), questions)


@dataclass(frozen=True)
class Mean:
    """A mean pooled over votes, with its 95 % interval; see `Share`."""

    value: float
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high}


def mean_of_totals(totals: Iterable[tuple[float, float]]) -> Mean | None:
    """The mean of what votes say, be it a difference; None without a vote.

    Args:
        totals: of each question the sum and how many votes there are.
    """
    known = [(total, n) for total, n in totals if n]
    if not known:
        return None
    mean = sum(total for total, _ in known) / sum(n for _, n in known)
    if len(known) < 2:
        return Mean(mean, None, None)
    variance = _variance(known)
    if variance < _NOTHING:  # where nothing scatters, as between two questions, nothing tells how far it would
        return Mean(mean, None, None)
    half = t_quantile(0.5 + _LEVEL / 2, len(known) - 1) * math.sqrt(variance)
    return Mean(mean, mean - half, mean + half)


def mean_of(pairs: Iterable[tuple[QuestionId, float]]) -> Mean | None:
    """The mean of what votes say; None without a vote.

    Args:
        pairs: question and value.
    """
    return mean_of_totals(_totals(pairs))


def _totals(pairs: Iterable[tuple[QuestionId, float]]) -> list[tuple[float, float]]:
    totals: dict[QuestionId, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for question, value in pairs:
        totals[question][0] += value
        totals[question][1] += 1
    return [(total, n) for total, n in totals.values()]


def _variance(totals: Sequence[tuple[float, float]]) -> float:
    """That of the ratio of the sum of all totals to all votes, which are drawn by question."""
    votes, questions = sum(n for _, n in totals), len(totals)
    mean = sum(total for total, _ in totals) / votes
    return questions / (questions - 1) * sum((total - mean * n) ** 2 for total, n in totals) / votes**2


def _wilson(share: float, n: float, t: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a share of n, with a quantile of Student's t in the place of the normal's."""
    middle = (share + t * t / (2 * n)) / (1 + t * t / n)
    half = t * math.sqrt(share * (1 - share) / n + t * t / (4 * n * n)) / (1 + t * t / n)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Estimate:
    """A figure and what it becomes where each question in turn is left out (the jackknife, Tukey 1958).

    Args:
        without: one a question, in the same order for all estimates from the same votes.
    """

    value: float
    without: tuple[float, ...]

    @property
    def error(self) -> float:
        """Its standard error; infinite with fewer than two questions."""
        return math.sqrt(self.covariance(self)) if len(self.without) > 1 else math.inf

    @property
    def degrees(self) -> int:
        """Its degrees of freedom."""
        return len(self.without) - 1

    def covariance(self, other: Estimate) -> float:
        """How two estimates from the same votes go together."""
        n = len(self.without)
        mine, others = fmean(self.without), fmean(other.without)
        return (n - 1) / n * sum((a - mine) * (b - others) for a, b in zip(self.without, other.without, strict=True))

    def interval(self, level: float) -> tuple[float, float] | None:
        """The interval of that level; None with fewer than two questions."""
        if self.degrees < 1:
            return None
        half = t_quantile(0.5 + level / 2, self.degrees) * self.error
        return self.value - half, self.value + half

    def less(self, share: float, other: Estimate) -> Estimate:
        """This without a share of another, from the same votes."""
        left = (mine - share * theirs for mine, theirs in zip(self.without, other.without, strict=True))
        return Estimate(self.value - share * other.value, tuple(left))


def jackknifed(questions: Sequence[Hashable], figure: Callable[[Hashable | None], float]) -> Estimate:
    """A figure with its jackknife.

    Args:
        figure: called with the question that is left out, or None.
    """
    return Estimate(figure(None), tuple(figure(question) for question in questions))


def fieller(one: Estimate, other: Estimate, level: float) -> tuple[float, float] | None:
    """The interval of the ratio of two estimates from the same votes (Fieller 1954).

    Returns:
        None where the lower figure cannot be told from 0, so that the ratio has no bounds.
    """
    if one.degrees < 1:
        return None
    t2 = t_quantile(0.5 + level / 2, one.degrees) ** 2
    a = other.value**2 - t2 * other.covariance(other)
    b = one.value * other.value - t2 * one.covariance(other)
    c = one.value**2 - t2 * one.covariance(one)
    if a <= 0 or other.value <= 0 or (inside := b * b - a * c) < 0:
        return None
    return (b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a
