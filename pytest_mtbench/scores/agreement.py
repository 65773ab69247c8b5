"""How far a judge agrees with people, and people with each other.  Pure.

Measures of Zheng et al. 2023 (arXiv 2306.05685, section 4.2), pooled over votes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..domain.question import QuestionId
from ..domain.vote import Comparison
from .ballots import Ballots, Couples, Table, names_only
from .shares import Share, share_of_totals
from .skill import Skill, skill_of

_FEWEST_COUPLES = 10
"""Votes beside another person's below which nothing is said of a voter."""


@dataclass(frozen=True)
class Measures:
    """How often two say the same; None where there is nothing to compare.

    Args:
        s1: ties counted; `s2`: only where neither is a tie; `half`: a tie against another word counts half.
    """

    s1: Share | None
    s2: Share | None
    half: Share | None

    @classmethod
    def of(cls, couples: Iterable[Couples], weight: float = 1.0) -> Measures:
        """The measures of couples.

        Args:
            weight: 1/2 where each couple is there in both directions.
        """
        by_question: dict[QuestionId, Table] = defaultdict(Counter)
        for comparison, table in couples:
            by_question[comparison.question_id].update(table)
        tables = list(by_question.values())

        def share(agree: Callable[[float, float], float], counts: Callable[[float, float], bool]) -> Share | None:
            totals = [
                (
                    weight * sum(n * agree(*words) for words, n in table.items() if counts(*words)),
                    weight * sum(n for words, n in table.items() if counts(*words)),
                )
                for table in tables
            ]
            return share_of_totals(totals)

        return cls(
            share(_equal, lambda one, other: True),
            share(_equal, lambda one, other: 0.5 not in (one, other)),
            share(lambda one, other: 1 - abs(one - other), lambda one, other: True),
        )


@dataclass(frozen=True)
class Sides:
    """A judge with people, and people with each other."""

    judge: Measures
    people: Measures

    @classmethod
    def of(cls, ballots: Ballots) -> Sides:
        """Both on the same votes."""
        return cls(Measures.of(ballots.of_judge), Measures.of(ballots.of_people, weight=0.5))


@dataclass(frozen=True)
class Voter:
    """The person who is least at one with the others.

    Args:
        half: how far they agree with others' votes on the same comparisons.
        couples: how many of those votes there are.
    """

    name: str
    half: float
    couples: int


@dataclass(frozen=True)
class NamesOnly:
    """What one who names the model that wins more on the other questions, and never reads, comes to."""

    s2: Share | None
    skill: Skill | None


@dataclass(frozen=True)
class Agreement:
    """A judge beside people.

    Args:
        ballots: the votes on comparisons that the judge ruled on, and its verdicts.
        unjudged: votes on comparisons that it did not.
        everything: on all comparisons; `shared`: on those with two voters or more.
        turns, categories: the same by turn and by category.
        one_sided: voters who say the same side of the sheet every time.
    """

    ballots: Ballots
    unjudged: int
    everything: Sides
    shared: Sides
    turns: Mapping[int, Sides]
    categories: Mapping[str, Sides]
    skill: Skill | None
    names_only: NamesOnly
    least: Voter | None
    flipped: float | None = None

    @property
    def votes(self) -> int:
        """How many votes are counted."""
        return self.ballots.count

    @property
    def questions(self) -> int:
        """How many questions they are of."""
        return len({comparison.question_id for comparison in self.ballots.votes})


def agreement_of(
    ballots: Ballots, category_of: Mapping[QuestionId, str], flipped: Iterable[Comparison] = ()
) -> Agreement:
    """Holds a judge's verdicts against people's votes.

    Args:
        category_of: by question.
        flipped: comparisons of which the judge named another winner in the other order.
    """
    ruled = ballots.ruled()
    shared = ruled.shared()
    turns = sorted({comparison.turn for comparison in ruled.votes})
    categories = dict.fromkeys(category_of[comparison.question_id] for comparison in ruled.votes)
    blind = ruled.with_verdicts(names_only(ruled))
    both = set(flipped)
    return Agreement(
        ballots=ruled,
        unjudged=ballots.count - ruled.count,
        everything=Sides.of(ruled),
        shared=Sides.of(shared),
        turns={turn: Sides.of(ruled.only(lambda one, turn=turn: one.turn == turn)) for turn in turns},  # type: ignore[misc]
        categories={name: Sides.of(ruled.only(_of_category(category_of, name))) for name in categories},
        skill=skill_of(ruled),
        names_only=NamesOnly(Measures.of(blind.of_judge).s2, skill_of(blind)),
        least=_least_at_one(ruled),
        flipped=len(both & ruled.votes.keys()) / len(ruled.votes) if ruled.votes else None,
    )


def _of_category(category_of: Mapping[QuestionId, str], name: str) -> Callable[[Comparison], bool]:
    return lambda comparison: category_of[comparison.question_id] == name


def below_people(agreement: Agreement) -> Sequence[str]:
    """The categories where the judge's agreement without ties is below people's own."""
    return [
        name
        for name, sides in agreement.categories.items()
        if sides.judge.s2 and sides.people.s2 and sides.judge.s2.value < sides.people.s2.value
    ]


def _least_at_one(ballots: Ballots) -> Voter | None:
    """The voter who agrees least with the others; None where there are fewer than three to compare."""
    agreed: dict[str, float] = defaultdict(float)
    couples: dict[str, int] = defaultdict(int)
    for votes in ballots.votes.values():
        counts = Counter(votes.values())
        for rater, value in votes.items():
            agreed[rater] += sum(n * (1 - abs(value - other)) for other, n in counts.items()) - 1  # but for the own one
            couples[rater] += len(votes) - 1
    known = [Voter(name, agreed[name] / n, n) for name, n in couples.items() if n >= _FEWEST_COUPLES]
    return min(known, key=lambda voter: voter.half) if len(known) > 2 else None


def _equal(one: float, other: float) -> float:
    return float(one == other)
