"""Where a judge and people differ on the very answers that people saw: win rates and means, side by side.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from ..domain.question import QuestionId
from .ballots import Ballots
from .shares import Mean, mean_of_totals

Triple = tuple[QuestionId, float, float]
"""Question, what a person said and what the judge said of the same answer or answers."""


@dataclass(frozen=True)
class Shift:
    """A figure by people, by the judge, and the difference.

    Args:
        one: the model that it is of; `two`: the model that it is compared with, where it is a win rate.
        people, judge: win rates, 0-1, a tie half, or mean ratings, 1-10; pooled over votes.
        difference: the judge's minus people's.
    """

    one: str
    two: str
    people: float
    judge: float
    difference: Mean
    votes: int
    questions: int

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"two": self.two or None}


def shifts_of(ballots: Ballots, first: str = "") -> Iterator[Shift]:
    """The win rates of each pair of models on the votes that the judge ruled on.

    Args:
        first: the model whose win rate is told where it is one of the two; else it is the first in the alphabet.
    """
    by_pair: dict[tuple[str, str], list[Triple]] = defaultdict(list)
    for comparison, votes in ballots.ruled().votes.items():
        verdict = ballots.verdicts[comparison]
        turned = comparison.two == first
        for value in votes.values():
            said = (1 - value, 1 - verdict) if turned else (value, verdict)
            by_pair[comparison.pair].append((comparison.question_id, *said))
    for pair, triples in by_pair.items():
        one, two = pair[::-1] if pair[1] == first else pair
        yield shift_of(one, two, triples)


def shift_of(one: str, two: str, triples: Iterable[Triple]) -> Shift:
    """People and judge on the same votes, pooled over them; the interval of the difference is clustered by question.

    Args:
        triples: one a vote, at least one.
    """
    totals: dict[QuestionId, list[float]] = defaultdict(lambda: [0.0, 0.0])
    said = list(triples)
    for question, person, judge in said:
        totals[question][0] += judge - person
        totals[question][1] += 1
    difference = mean_of_totals([(total, n) for total, n in totals.values()])
    if difference is None:
        raise ValueError("nobody voted")
    people, judged = fmean(person for _, person, _ in said), fmean(judge for _, _, judge in said)
    return Shift(one, two, people, judged, difference, len(said), len(totals))
