"""Comparisons that a judge ruled on, with the texts that it saw.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.vote import Comparison


@dataclass(frozen=True)
class Judged:
    """A verdict and the two answers that it is about.

    Args:
        verdict: 1 where model `comparison.one` is better, 0 where `comparison.two` is, 0.5 for a tie or where the two
            orders do not agree.
        one, two: the last answers of these models, without thinking.
    """

    comparison: Comparison
    verdict: float
    one: str
    two: str
