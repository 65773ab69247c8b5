"""How much better a judge is at a comparison than one who only knows which model is better.  Pure.

Agreement grows with how different the models are, whoever judges.  Skill is what is left: within each pair of models,
how often two agree on a question beyond how often the one on this question agrees with the other on another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from ..domain.question import QuestionId
from .ballots import VALUES, Ballots, Couples, Table
from .shares import Estimate, fieller, jackknifed

_LEVEL = 0.9
"""Of which either bound is a one-sided 95 % bound."""


@dataclass(frozen=True)
class Skill:
    """A judge's skill beside a person's.

    Args:
        judge, people: 0 for one who knows only which model is better, 1 for one who always agrees.
        votes, questions: what they are of: the votes on comparisons that the judge ruled on and two persons or more
            voted on.
    """

    judge: Estimate
    people: Estimate
    votes: int
    questions: int

    @property
    def ratio(self) -> float | None:
        """The judge's as a share of a person's; None where people have none."""
        return self.judge.value / self.people.value if self.people.value > 0 else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """One-sided 95 % bounds of the ratio; None where people's own skill cannot be told from none."""
        return fieller(self.judge, self.people, _LEVEL)

    def lead(self, of_people: float) -> Estimate:
        """What the judge has beyond a share of a person's skill."""
        return self.judge.less(of_people, self.people)


def skill_of(ballots: Ballots) -> Skill | None:
    """The skill of the judge and of people on the same comparisons.

    Returns:
        None where no pair of models was compared by two persons, and ruled on, on two questions or more.
    """
    shared = ballots.ruled().shared()
    asked: dict[tuple[str, str], set[QuestionId]] = defaultdict(set)
    for comparison in shared.votes:
        asked[comparison.pair].add(comparison.question_id)
    shared = shared.only(lambda comparison: len(asked[comparison.pair]) > 1)
    questions = list(dict.fromkeys(comparison.question_id for comparison in shared.votes))
    judge, people = _estimate(shared.of_judge, questions), _estimate(shared.of_people, questions)
    if judge is None or people is None:
        return None
    return Skill(judge, people, shared.count, len(questions))


def _estimate(couples: Iterable[Couples], questions: Sequence[QuestionId]) -> Estimate | None:
    chances = _Chances(couples)
    if not any(pair.questions > 1 for pair in chances.pairs.values()):
        return None
    return jackknifed(questions, chances.skill)


@dataclass
class _Pair:
    """The couples of one pair of models."""

    by_question: dict[Hashable, Table] = field(default_factory=lambda: defaultdict(Counter))
    lefts: Counter[float] = field(default_factory=Counter)
    rights: Counter[float] = field(default_factory=Counter)
    agreed: float = 0.0
    n: int = 0
    same_n: float = 0.0
    same_agreed: float = 0.0

    @property
    def questions(self) -> int:
        return len(self.by_question)

    def close(self) -> None:
        """Adds up what is asked again for each question that is left out."""
        for table in self.by_question.values():
            left, right, n, agreed, same = _margins(table)
            self.lefts.update(left)
            self.rights.update(right)
            self.agreed += agreed
            self.n += n
            self.same_n += n * n
            self.same_agreed += same

    def beyond_chance(self, left_out: Hashable | None) -> tuple[float, float]:
        """n (observed - chance) and n (1 - chance), without a question; nothing where one question is left."""
        lefts, rights, agreed, n = self.lefts, self.rights, self.agreed, self.n
        same_n, same_agreed, questions = self.same_n, self.same_agreed, self.questions
        if left_out in self.by_question:
            left, right, own_n, own_agreed, same = _margins(self.by_question[left_out])
            lefts, rights = lefts - left, rights - right
            agreed, n, questions = agreed - own_agreed, n - own_n, questions - 1
            same_n, same_agreed = same_n - own_n * own_n, same_agreed - same
        if questions < 2:
            return 0.0, 0.0
        chance = (_agreed(lefts, rights) - same_agreed) / (n * n - same_n)
        return agreed - n * chance, n * (1 - chance)


class _Chances:
    """Couples by pair of models and question."""

    def __init__(self, couples: Iterable[Couples]) -> None:
        self.pairs: dict[tuple[str, str], _Pair] = defaultdict(_Pair)
        for comparison, table in couples:
            if table:
                self.pairs[comparison.pair].by_question[comparison.question_id].update(table)
        for pair in self.pairs.values():
            pair.close()

    def skill(self, left_out: Hashable | None) -> float:
        """The skill without a question."""
        parts = [pair.beyond_chance(left_out) for pair in self.pairs.values()]
        least = sum(least for _, least in parts)
        # Where chance alone makes everything agree there is nothing that skill could add.
        return sum(beyond for beyond, _ in parts) / least if least > 1e-12 else 0.0


def _margins(table: Table) -> tuple[Counter[float], Counter[float], int, float, float]:
    """Words on the left, on the right, how many couples, their agreement, that of each left with each right."""
    left: Counter[float] = Counter()
    right: Counter[float] = Counter()
    for (one, other), n in table.items():
        left[one] += n
        right[other] += n
    agreed = sum(n * _half(one, other) for (one, other), n in table.items())
    return left, right, table.total(), agreed, _agreed(left, right)


def _agreed(lefts: Counter[float], rights: Counter[float]) -> float:
    return sum(lefts[one] * rights[other] * _half(one, other) for one in VALUES for other in VALUES)


def _half(one: float, other: float) -> float:
    """How far two words agree: 1, or 1/2 where one of them is a tie, or 0."""
    return 1 - abs(one - other)
