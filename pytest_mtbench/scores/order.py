"""How far a judge orders answers as people do who rated them one by one.  Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from statistics import fmean

from ..domain.question import Place, QuestionId
from ..domain.vote import PersonRating
from .shares import jackknifed
from .shift import Shift, shift_of
from .skill import Skill

_ROUNDING = 1e-9

Ratings = Mapping[Place, Mapping[str, float]]
"""What each person gave each answer."""


@dataclass(frozen=True)
class OrderAgreement:
    """A judge's scores beside people's ratings of the same answers.

    Args:
        given: everything that people rated; `ratings`: that on answers which the judge scored.
        judge: the judge's scores of these answers.
        alike: the share of pairs of answers, of one category and turn, that a person tells apart and the judge orders
            alike, equal scores half; None without such a pair.  `people`: with another person in the judge's place.
        skill: 2 alike - 1 of both, on answers that two persons or more rated.
        shift: the means by people and by the judge.
        spread: ICC(A,1) of the judge's score and people's mean (McGraw and Wong 1996): 1 where they are equal.
    """

    given: Ratings
    judge: Mapping[Place, float]
    alike: float | None
    people: float | None
    skill: Skill | None
    shift: Shift | None
    spread: float | None

    @cached_property
    def ratings(self) -> Ratings:
        """What people gave the answers that the judge scored."""
        return {place: by for place, by in self.given.items() if place in self.judge}

    @property
    def unjudged(self) -> int:
        """How many ratings are on answers that the judge did not score."""
        return _count(self.given) - self.count

    @property
    def count(self) -> int:
        """How many ratings there are."""
        return _count(self.ratings)

    @property
    def raters(self) -> list[str]:
        """Who rated, in the order of their first rating."""
        return list(dict.fromkeys(rater for given in self.ratings.values() for rater in given))

    @property
    def questions(self) -> int:
        """How many questions the ratings are of."""
        return len({question for question, _ in self.ratings})


def order_agreement_of(
    ratings: Iterable[PersonRating], judge: Mapping[Place, float], category_of: Mapping[QuestionId, str], model: str
) -> OrderAgreement:
    """Holds a judge's scores against people's ratings.

    Args:
        judge: its scores by place.
        category_of: by question.
        model: whose answers they are.
    """
    given: dict[Place, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for place, rater, value in ratings:
        given[place][rater].append(value)
    means = {place: {rater: fmean(values) for rater, values in by.items()} for place, by in given.items()}
    rated = {place: by for place, by in means.items() if place in judge}
    shared = {place: by for place, by in rated.items() if len(by) > 1}
    with_judge, with_people = _Pairs(rated, category_of, judge), _Pairs(rated, category_of)
    triples = [(place[0], value, judge[place]) for place, by in rated.items() for value in by.values()]
    return OrderAgreement(
        given=means,
        judge={place: judge[place] for place in rated},
        alike=with_judge.alike,
        people=with_people.alike,
        skill=_skill(shared, category_of, judge),
        shift=shift_of(model, "", triples) if triples else None,
        spread=_icc([(judge[place], fmean(by.values())) for place, by in rated.items()]),
    )


def _count(ratings: Ratings) -> int:
    return sum(map(len, ratings.values()))


def _skill(shared: Ratings, category_of: Mapping[QuestionId, str], judge: Mapping[Place, float]) -> Skill | None:
    of_judge, of_people = _Pairs(shared, category_of, judge), _Pairs(shared, category_of)
    questions = list(dict.fromkeys(question for question, _ in shared))
    if not of_judge.n or not of_people.n or len(questions) < 3:
        return None
    judged, people = jackknifed(questions, of_judge.skill), jackknifed(questions, of_people.skill)
    return Skill(judged, people, _count(shared), len(questions))


class _Pairs:
    """The pairs of answers that a person tells apart, and how far another orders them alike.

    Args:
        judge: the other's scores; every other person's ratings where there are none.
    """

    def __init__(
        self, ratings: Ratings, category_of: Mapping[QuestionId, str], judge: Mapping[Place, float] | None = None
    ) -> None:
        self.n = 0.0
        self._alike = 0.0
        self._of_question: dict[object, list[float]] = defaultdict(lambda: [0.0, 0.0])
        strata: dict[tuple[str, int], list[Place]] = defaultdict(list)
        for place in ratings:
            strata[category_of[place[0]], place[1]].append(place)
        for places in strata.values():
            for one, other in combinations(places, 2):
                for alike in _orders(ratings[one], ratings[other], (judge[one], judge[other]) if judge else None):
                    self._add(one[0], other[0], alike)

    def _add(self, one: QuestionId, other: QuestionId, alike: float) -> None:
        self.n += 1
        self._alike += alike
        for question in (one, other):
            self._of_question[question][0] += alike
            self._of_question[question][1] += 1

    @property
    def alike(self) -> float | None:
        """The share that is ordered alike."""
        return self._alike / self.n if self.n else None

    def skill(self, left_out: object) -> float:
        """2 alike - 1, without the pairs of a question."""
        alike, n = self._of_question.get(left_out, (0.0, 0.0))
        return 2 * (self._alike - alike) / (self.n - n) - 1 if self.n > n else 0.0


def _orders(one: Mapping[str, float], other: Mapping[str, float], judge: tuple[float, float] | None) -> Iterator[float]:
    """How each person's order of two answers compares with the judge's, or with each other person's."""
    both = [rater for rater in one if rater in other]
    for rater in both:
        first = _sign(one[rater] - other[rater])
        if not first:
            continue
        seconds = [judge] if judge else [(one[who], other[who]) for who in both if who != rater]
        for left, right in seconds:
            yield (1 + first * _sign(left - right)) / 2


def _sign(difference: float) -> int:
    return 0 if abs(difference) <= _ROUNDING else 1 if difference > 0 else -1


def _icc(pairs: list[tuple[float, float]]) -> float | None:
    """ICC(A,1) of two columns: how far single values agree, level included; None where nothing scatters."""
    n = len(pairs)
    if n < 2:
        return None
    columns = [fmean(pair[side] for pair in pairs) for side in (0, 1)]
    grand = fmean(columns)
    rows = [fmean(pair) for pair in pairs]
    of_rows = 2 * sum((row - grand) ** 2 for row in rows) / (n - 1)
    of_columns = n * sum((column - grand) ** 2 for column in columns)
    rest = sum(
        (pair[side] - row - columns[side] + grand) ** 2
        for pair, row in zip(pairs, rows, strict=True)
        for side in (0, 1)
    ) / (n - 1)
    below = of_rows + rest + 2 * (of_columns - rest) / n
    return (of_rows - rest) / below if math.isfinite(below) and below > _ROUNDING else None
