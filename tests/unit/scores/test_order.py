"""Ratings beside scores, against a computation of their own: every pair of ratings is written out."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, product
from statistics import covariance, fmean, variance

import pytest
from scipy.stats import t as student

from pytest_mtbench.domain.question import Place, QuestionId
from pytest_mtbench.domain.vote import PersonRating
from pytest_mtbench.scores.agreement_gate import AgreementRule, agreement_result
from pytest_mtbench.scores.evidence import evidence_of_ratings
from pytest_mtbench.scores.order import OrderAgreement, order_agreement_of

CATEGORIES = ("writing", "math", "coding")

World = tuple[list[PersonRating], dict[Place, float]]
Couple = tuple[QuestionId, QuestionId, float]
"""Two questions, and how far their answers are ordered alike: 1, or a half, or 0."""


def category_of(questions: int) -> dict[QuestionId, str]:
    return {question: CATEGORIES[question % 3] for question in range(questions)}


def a_world(questions: int, raters: int, seed: int = 1, noise: float = 1.0) -> World:
    """Ratings in halves and scores in whole numbers of answers that are not equally good; some nobody rated."""
    chance = random.Random(seed)

    def rating(level: float) -> float:
        return min(10.0, max(1.0, round(2 * (level + chance.gauss(0, noise))) / 2))

    said: list[PersonRating] = []
    judge: dict[Place, float] = {}
    for question, turn in product(range(questions), (1, 2)):
        level = chance.gauss(6, 2)
        judge[question, turn] = float(round(rating(level)))
        said += [PersonRating((question, turn), f"r{n}", rating(level)) for n in range(raters) if chance.random() < 0.8]
    return said, judge


def agreement(world: World) -> OrderAgreement:
    said, judge = world
    return order_agreement_of(said, judge, category_of(len(judge)), "m")


def couples(said: Sequence[PersonRating], others: Sequence[Mapping[Place, float]], *, apart: bool) -> list[Couple]:
    """Each pair of answers that a person holds one of for the better, beside what each of the others holds.

    Args:
        apart: the others are the persons themselves, of whom each is held against the rest.
    """
    names = sorted({rating.rater for rating in said})
    found = []
    for better, worse in product(said, said):
        same = better.rater == worse.rater and better.place[1] == worse.place[1]
        if not (same and better.place[0] % 3 == worse.place[0] % 3 and better.value > worse.value):
            continue
        for number, other in enumerate(others):
            one_self = apart and names[number] == better.rater
            if not one_self and better.place in other and worse.place in other:
                one, two = other[better.place], other[worse.place]
                found.append((better.place[0], worse.place[0], 1.0 if one > two else 0.5 if one == two else 0.0))
    return found


def slow_skill(found: Iterable[Couple], without: object = None) -> float:
    return 2 * fmean(alike for one, two, alike in found if without not in (one, two)) - 1


def by_person(said: Sequence[PersonRating]) -> list[dict[Place, float]]:
    names = sorted({rating.rater for rating in said})
    return [{rating.place: rating.value for rating in said if rating.rater == name} for name in names]


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(questions=18, raters=3)


def test_order_is_the_share_of_pairs_that_are_written_out(world: World) -> None:
    said, judge = world
    found = agreement(world)
    assert found.alike == pytest.approx(fmean(alike for _, _, alike in couples(said, [judge], apart=False)))
    assert found.people == pytest.approx(fmean(alike for _, _, alike in couples(said, by_person(said), apart=True)))
    assert (found.count, found.unjudged, found.questions) == (len(said), 0, 18)
    assert sorted(found.raters) == ["r0", "r1", "r2"]


def test_skill_is_of_what_two_persons_rated_with_its_jackknife(world: World) -> None:
    said, judge = world
    raters_of = {place: {rating.rater for rating in said if rating.place == place} for place in judge}
    shared = [rating for rating in said if len(raters_of[rating.place]) > 1]
    assert len(shared) < len(said)
    skill = agreement(world).skill
    assert skill is not None
    questions = list(dict.fromkeys(rating.place[0] for rating in shared))
    written_out = couples(shared, [judge], apart=False), couples(shared, by_person(shared), apart=True)
    for estimate, found in zip((skill.judge, skill.people), written_out, strict=True):
        assert estimate.value == pytest.approx(slow_skill(found))
        assert estimate.without == pytest.approx([slow_skill(found, question) for question in questions])
    assert (skill.votes, skill.questions) == (len(shared), len(questions))

    def lead(without: object) -> float:
        return slow_skill(written_out[0], without) - 0.5 * slow_skill(written_out[1], without)

    assert skill.lead(0.5).interval(0.9) == pytest.approx(jackknife_interval(lead, questions, 0.9))


def jackknife_interval(figure: Callable[[object], float], left_out: Sequence[object], level: float) -> list[float]:
    without = [figure(question) for question in left_out]
    n = len(left_out)
    error = math.sqrt((n - 1) / n * sum((value - fmean(without)) ** 2 for value in without))
    reach = student.ppf(0.5 + level / 2, n - 1) * error
    return [figure(None) - reach, figure(None) + reach]


def of_one(given: Iterable[float], scores: Iterable[float], categories: int = 1) -> OrderAgreement:
    """One person's ratings of the first turns, beside the judge's scores."""
    said = [PersonRating((question, 1), "r", value) for question, value in enumerate(given)]
    judge: dict[Place, float] = {(question, 1): score for question, score in enumerate(scores)}
    return order_agreement_of(said, judge, {n: f"c{n % categories}" for n in range(len(said))}, "m")


@pytest.mark.parametrize(
    "given, scores, alike",
    [
        ([1, 2, 3], [4, 5, 9], 1.0),
        ([1, 2, 3], [9, 5, 4], 0.0),
        ([1, 2, 3], [5, 5, 5], 0.5),
        ([1, 2, 3], [1, 5, 5], 2.5 / 3),
        ([1, 1, 3], [9, 1, 5], 0.5),  # the person does not tell the first two apart
        ([7.5, 7.5, 7.5], [1, 2, 3], None),
        ([7.5], [7], None),
        ([], [], None),
    ],
)
def test_only_what_a_person_tells_apart_counts(given: list[float], scores: list[float], alike: float | None) -> None:
    found = of_one(given, scores)
    assert found.alike == (None if alike is None else pytest.approx(alike))
    assert (found.people, found.skill) == (None, None)


def test_answers_of_other_categories_and_turns_are_not_held_against_each_other() -> None:
    # Within each category the order is the judge's; across them it is the other way round.
    assert of_one([1, 8, 2, 9], [5, 3, 6, 4], categories=2).alike == 1.0
    said = [PersonRating((question, turn), "r", 5.0 * turn + question) for question, turn in product((0, 3), (1, 2))]
    judge: dict[Place, float] = {(question, turn): question - 5.0 * turn for question, turn in product((0, 3), (1, 2))}
    assert order_agreement_of(said, judge, {0: "a", 3: "a"}, "m").alike == 1.0


def test_noise_of_the_arithmetic_is_a_tie() -> None:
    assert of_one([0.1 + 0.2, 0.3], [1, 2]).alike is None
    assert of_one([1, 2], [0.1 + 0.2, 0.3]).alike == 0.5


def test_two_ratings_of_one_person_are_their_mean() -> None:
    said = [PersonRating((0, 1), "r", 4.0), PersonRating((0, 1), "r", 7.0), PersonRating((1, 1), "r", 5.0)]
    found = order_agreement_of(said, {(0, 1): 6.0, (1, 1): 5.0}, {0: "a", 1: "a"}, "m")
    assert (found.ratings, found.alike) == ({(0, 1): {"r": 5.5}, (1, 1): {"r": 5.0}}, 1.0)


def test_what_the_judge_did_not_score_is_told_apart() -> None:
    said = [PersonRating((n, 1), who, float(n + 1)) for n, who in product(range(4), ("r", "s"))]
    found = order_agreement_of(said, {(0, 1): 2.0, (2, 1): 3.0}, dict.fromkeys(range(4), "a"), "m")
    assert (found.count, found.unjudged, found.questions, found.judge) == (4, 4, 2, {(0, 1): 2.0, (2, 1): 3.0})
    assert (found.alike, found.people, found.skill) == (1.0, 1.0, None)  # two questions have no skill
    assert found.shift is not None
    assert (found.shift.one, found.shift.people, found.shift.judge) == ("m", 2.0, 2.5)
    assert (found.shift.votes, found.shift.questions) == (4, 2)
    third = order_agreement_of(said, {(0, 1): 2.0, (2, 1): 3.0, (3, 1): 9.0}, dict.fromkeys(range(4), "a"), "m")
    assert third.skill is not None
    assert (third.skill.judge.value, third.skill.people.value) == (1.0, 1.0)
    nothing = order_agreement_of(said, {}, dict.fromkeys(range(4), "a"), "m")
    assert (nothing.count, nothing.unjudged, nothing.shift, nothing.spread) == (0, 8, None, None)


# --- ICC ---

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Six targets and four judges (Shrout and Fleiss 1979, table 2)."""


def icc(table: Sequence[Sequence[float]]) -> float:
    """ICC(2,1) by the mean squares of the two-way table, as Shrout and Fleiss have it; ICC(A,1) of McGraw and Wong."""
    n, k = len(table), len(table[0])
    grand = fmean(value for row in table for value in row)
    total = sum((value - grand) ** 2 for row in table for value in row)
    targets = k * sum((fmean(row) - grand) ** 2 for row in table)
    judges = n * sum((fmean(column) - grand) ** 2 for column in zip(*table, strict=True))
    bms, jms = targets / (n - 1), judges / (k - 1)
    ems = (total - targets - judges) / ((n - 1) * (k - 1))
    return (bms - ems) / (bms + (k - 1) * ems + k * (jms - ems) / n)


def test_the_icc_that_is_written_out_is_the_published_one() -> None:
    assert icc(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)


@pytest.mark.parametrize("columns", list(combinations(range(4), 2)))
def test_spread_is_the_icc_of_two_columns(columns: tuple[int, int]) -> None:
    one, two = ([float(row[column]) for row in SHROUT_FLEISS] for column in columns)
    found = of_one(one, two).spread
    assert found == pytest.approx(icc(list(zip(one, two, strict=True))))
    # Two columns another way: by their covariance, their variances and the distance of their means.
    apart = (fmean(one) - fmean(two)) ** 2
    rest = variance(one) + variance(two) - 2 * covariance(one, two)
    assert found == pytest.approx(2 * covariance(one, two) / (variance(one) + variance(two) + apart - rest / len(one)))


@pytest.mark.parametrize(
    "given, scores, spread",
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 2], [1, 2], 1.0),
        ([1, 2, 3], [2, 3, 4], 2 / 3),  # a level too high, in the same order
        ([1, 2, 3], [3, 2, 1], -3.0),
        ([5, 5], [5, 5], None),
        ([5], [7], None),
    ],
)
def test_spread_knows_level_and_order(given: list[float], scores: list[float], spread: float | None) -> None:
    assert of_one(given, scores).spread == (None if spread is None else pytest.approx(spread))


def test_spread_is_with_the_mean_of_people(world: World) -> None:
    said, judge = world
    pairs = [
        (judge[place], fmean(values))
        for place in judge
        if (values := [rating.value for rating in said if rating.place == place])
    ]
    assert agreement(world).spread == pytest.approx(icc(pairs))


# --- the gate ---


def test_the_gate_tells_a_judge_that_reads_from_one_that_does_not() -> None:
    said, judge = a_world(questions=60, raters=3, noise=0.7)
    reader = agreement_result(AgreementRule(), evidence_of_ratings(agreement((said, judge))), "g")
    assert reader.status == "passed", reader.message
    assert f"({len(said)} ratings of 3 people, 60 questions)" in reader.message
    chance = random.Random(4)
    coin = {place: float(chance.randrange(1, 11)) for place in judge}
    for blind in (coin, dict.fromkeys(judge, 7.0), {place: 10 - score for place, score in judge.items()}):
        assert agreement_result(AgreementRule(), evidence_of_ratings(agreement((said, blind))), "g").status == "failed"
    alone = [rating for rating in said if rating.rater == "r0"]
    single = agreement_result(AgreementRule(), evidence_of_ratings(agreement((alone, judge))), "g")
    assert (single.status, "have a second person fill in the same sheet" in single.message) == ("inconclusive", True)
