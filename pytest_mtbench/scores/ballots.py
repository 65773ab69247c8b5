"""Votes of people and verdicts of a judge, counted by comparison, so that many votes are little work.  Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..domain.question import QuestionId
from ..domain.vote import Comparison, Vote

VALUES = (0.0, 0.5, 1.0)
"""What a vote can say; see `Vote`."""

Table = Counter[tuple[float, float]]
"""How often one said the first and the other the second."""


class Couples(NamedTuple):
    """Everybody's word beside everybody else's on one comparison."""

    comparison: Comparison
    table: Table


@dataclass(frozen=True)
class Ballots:
    """What people said of comparisons, and what a judge said.

    Args:
        votes: what each person said of each comparison, as a vote has it.
        verdicts: what the judge said.
    """

    votes: Mapping[Comparison, Mapping[str, float]]
    verdicts: Mapping[Comparison, float]

    @classmethod
    def of(cls, votes: Iterable[Vote], verdicts: Mapping[Comparison, float]) -> Ballots:
        """Counts votes: of a person who said two things of one comparison, a tie is kept."""
        found: dict[Comparison, dict[str, float]] = defaultdict(dict)
        for comparison, rater, value in votes:
            earlier = found[comparison].get(rater, value)
            found[comparison][rater] = value if earlier == value else 0.5
        return cls(dict(found), verdicts)

    @property
    def count(self) -> int:
        """How many votes there are."""
        return sum(map(len, self.votes.values()))

    @property
    def raters(self) -> list[str]:
        """Who voted, in the order of their first vote."""
        return list(dict.fromkeys(rater for votes in self.votes.values() for rater in votes))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of models that are compared."""
        return list(dict.fromkeys(comparison.pair for comparison in self.votes))

    def ruled(self) -> Ballots:
        """Only the comparisons that the judge ruled on."""
        return self.only(lambda comparison: comparison in self.verdicts)

    def shared(self) -> Ballots:
        """Only the comparisons that two persons or more voted on."""
        return self.only(lambda comparison: len(self.votes[comparison]) > 1)

    def only(self, keep: Callable[[Comparison], bool]) -> Ballots:
        """Only the comparisons that are kept."""
        kept = {comparison: votes for comparison, votes in self.votes.items() if keep(comparison)}
        return Ballots(kept, self.verdicts)

    def with_verdicts(self, verdicts: Mapping[Comparison, float]) -> Ballots:
        """The same votes beside another judge's verdicts."""
        return Ballots(self.votes, verdicts)

    @cached_property
    def of_judge(self) -> list[Couples]:
        """Every vote, left, with the verdict, right."""
        return [
            Couples(comparison, Counter({(value, self.verdicts[comparison]): n for value, n in counts.items()}))
            for comparison, counts in self._counts
            if comparison in self.verdicts
        ]

    @cached_property
    def of_people(self) -> list[Couples]:
        """Every vote with every other person's on the same comparison, each in both places."""
        return [Couples(comparison, _with_each_other(counts)) for comparison, counts in self._counts]

    @property
    def _counts(self) -> Iterator[tuple[Comparison, Counter[float]]]:
        for comparison, votes in self.votes.items():
            yield comparison, Counter(votes.values())


def _with_each_other(counts: Counter[float]) -> Table:
    """The couples of different persons; a person makes none with themself."""
    return Table(
        {(one, other): n for one in counts for other in counts if (n := counts[one] * (counts[other] - (one == other)))}
    )


def names_only(ballots: Ballots) -> dict[Comparison, float]:
    """The verdicts of one who never reads: the model that wins more votes on the other questions is named.

    A model's wins are those against all others together, a tie half; of equal ones neither is named.
    """
    won: dict[tuple[str, QuestionId | None], float] = defaultdict(float)
    asked: dict[tuple[str, QuestionId | None], int] = defaultdict(int)
    for comparison, votes in ballots.votes.items():
        for value in votes.values():
            for model, share in zip(comparison.pair, (value, 1 - value), strict=True):
                for question in (comparison.question_id, None):
                    won[model, question] += share
                    asked[model, question] += 1

    def rate(model: str, but: QuestionId) -> float:
        others = asked[model, None] - asked[model, but]
        return (won[model, None] - won[model, but]) / others if others else 0.5

    return {
        comparison: _sign(rate(comparison.one, comparison.question_id) - rate(comparison.two, comparison.question_id))
        for comparison in ballots.votes
    }


def _sign(difference: float) -> float:
    return 0.5 if abs(difference) < 1e-12 else float(difference > 0)
