"""Agreement and skill against a computation of their own: every couple is written out and nothing is counted ahead."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations
from statistics import fmean

import pytest
from scipy.stats import t as student

from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.scores.agreement import Agreement, agreement_of
from pytest_mtbench.scores.agreement_gate import AgreementRule, agreement_result, warnings
from pytest_mtbench.scores.ballots import Ballots, names_only
from pytest_mtbench.scores.evidence import evidence_of_votes
from pytest_mtbench.scores.gates import GateResult
from pytest_mtbench.scores.skill import skill_of

MODELS = ("ada", "bo", "cy")
STRENGTH = {"ada": 0.9, "bo": 0.2, "cy": -0.8}

Said = Sequence[tuple[Comparison, float, float]]
"""Comparison, left word, right word."""


def a_world(
    questions: int, raters: int, seed: int = 1, noise: float = 1.0
) -> tuple[list[Vote], dict[Comparison, float]]:
    """Votes and verdicts on three models of unlike strength, with something of their own in each question."""
    chance = random.Random(seed)
    votes, verdicts = [], {}
    for question in range(questions):
        for number, (one, two) in enumerate((("ada", "bo"), ("ada", "cy"), ("bo", "cy"))):
            comparison = Comparison.of(question, 1 + number % 2, one, two)
            lead = STRENGTH[comparison.one] - STRENGTH[comparison.two] + chance.gauss(0, 1.5)
            verdicts[comparison] = said(lead + chance.gauss(0, noise))
            votes += [Vote(comparison, f"r{n}", said(lead + chance.gauss(0, noise))) for n in range(raters)]
    return votes, verdicts


def said(lead: float) -> float:
    return 0.5 if abs(lead) < 0.3 else float(lead > 0)


def agreement(votes: Iterable[Vote], verdicts: dict[Comparison, float]) -> Agreement:
    ballots = Ballots.of(votes, verdicts)
    return agreement_of(ballots, {comparison.question_id: "math" for comparison in ballots.votes})


def decided(rule: AgreementRule, found: Agreement) -> GateResult:
    return agreement_result(rule, evidence_of_votes(found), "gate")


def half(one: float, other: float) -> float:
    return 1 - abs(one - other)


def slow_skill(couples: Said, without: object = None) -> float:
    """The definition as it stands: chance is every left word with every right word of another question."""
    above = below = 0.0
    kept = [couple for couple in couples if couple[0].question_id != without]
    for pair in {couple[0].pair for couple in kept}:
        own = [couple for couple in kept if couple[0].pair == pair]
        apart = [
            half(left[1], right[2]) for left in own for right in own if left[0].question_id != right[0].question_id
        ]
        if apart:
            above += len(own) * (fmean(half(one, other) for _, one, other in own) - fmean(apart))
            below += len(own) * (1 - fmean(apart))
    return above / below


def slow_interval(figure: Callable[[object], float], questions: Sequence[object], level: float) -> tuple[float, float]:
    without = [figure(question) for question in questions]
    n = len(questions)
    error = math.sqrt((n - 1) / n * sum((value - fmean(without)) ** 2 for value in without))
    reach = student.ppf(0.5 + level / 2, n - 1) * error
    return figure(None) - reach, figure(None) + reach


@pytest.fixture(scope="module")
def world() -> tuple[list[Vote], dict[Comparison, float]]:
    return a_world(questions=24, raters=3)


@pytest.fixture(scope="module")
def couples(world: tuple[list[Vote], dict[Comparison, float]]) -> tuple[Said, Said]:
    """Votes with verdicts, and votes with another person's."""
    votes, verdicts = world
    with_judge = [(vote.comparison, vote.value, verdicts[vote.comparison]) for vote in votes]
    with_people = [
        (one.comparison, one.value, other.value)
        for one, other in permutations(votes, 2)
        if one.comparison == other.comparison and one.rater != other.rater
    ]
    return with_judge, with_people


def test_skill_is_what_its_definition_says(
    world: tuple[list[Vote], dict[Comparison, float]], couples: tuple[Said, Said]
) -> None:
    skill = skill_of(Ballots.of(*world))
    assert skill is not None
    for estimate, written_out in zip((skill.judge, skill.people), couples, strict=True):
        assert estimate.value == pytest.approx(slow_skill(written_out))
        assert estimate.without == pytest.approx([slow_skill(written_out, question) for question in range(24)])
    lead = skill.lead(0.5)
    expected = slow_interval(
        lambda question: slow_skill(couples[0], question) - 0.5 * slow_skill(couples[1], question), range(24), 0.9
    )
    assert lead.interval(0.9) == pytest.approx(expected)


def test_the_bounds_of_the_ratio_are_where_it_can_just_be_told(
    world: tuple[list[Vote], dict[Comparison, float]],
) -> None:
    """Fieller: at a bound the difference to that share of a person's skill is as large as its reach."""
    skill = skill_of(Ballots.of(*world))
    assert skill is not None
    assert skill.bounds is not None
    for bound, other in zip(skill.bounds, (0, 1), strict=True):
        interval = skill.lead(bound).interval(0.9)
        assert interval is not None
        assert interval[other] == pytest.approx(0, abs=1e-9)


def test_measures_are_shares_of_couples(
    world: tuple[list[Vote], dict[Comparison, float]], couples: tuple[Said, Said]
) -> None:
    sides = agreement(*world).everything
    for measures, written_out in zip((sides.judge, sides.people), couples, strict=True):
        decided = [(one, other) for _, one, other in written_out if 0.5 not in (one, other)]
        assert measures.s1 is not None
        assert measures.s1.value == pytest.approx(fmean(one == other for _, one, other in written_out))
        assert measures.s2 is not None
        assert measures.s2.value == pytest.approx(fmean(one == other for one, other in decided))
        assert measures.half is not None
        assert measures.half.value == pytest.approx(fmean(half(one, other) for _, one, other in written_out))
    assert sides.people.s1 is not None
    assert sides.people.s1.n == len(couples[1]) / 2  # each pair of persons once


def test_a_person_who_says_two_things_has_said_a_tie() -> None:
    comparison = Comparison.of(1, 1, "b", "a")
    votes = [Vote(comparison, "anna", 1.0), Vote(comparison, "anna", 1.0), Vote(comparison, "ben", 0.0)]
    assert Ballots.of(votes, {}).votes == {comparison: {"anna": 1.0, "ben": 0.0}}
    assert Ballots.of([*votes, Vote(comparison, "anna", 0.0)], {}).votes[comparison]["anna"] == 0.5


def test_one_who_never_reads_names_the_model_that_wins_elsewhere() -> None:
    # ada wins both questions but for the one that is judged: there she is named all the same.
    votes = [Vote(Comparison.of(q, 1, "ada", "bo"), "r", 1.0) for q in (1, 2)] + [
        Vote(Comparison.of(3, 1, "ada", "bo"), "r", 0.0)
    ]
    named = names_only(Ballots.of(votes, {}))
    assert [named[vote.comparison] for vote in votes] == [0.5, 0.5, 1.0]  # elsewhere it is one each


def test_the_judge_of_a_readers_skill_passes_and_one_who_never_reads_fails() -> None:
    votes, verdicts = a_world(questions=60, raters=3)
    reader = decided(AgreementRule(), agreement(votes, verdicts))
    assert reader.status == "passed"
    assert reader.message.startswith("agreement: passed: agrees with people in ")
    assert "540 votes of 3 people, 60 questions" in reader.message
    blind = names_only(Ballots.of(votes, {}))
    never = decided(AgreementRule(), agreement(votes, blind))
    assert never.status == "failed"
    assert "and so does one who knows only which model is better: " in never.message
    assert never.value == pytest.approx(0, abs=0.05)
    worse = decided(AgreementRule(), agreement(votes, {c: 1 - v for c, v in verdicts.items()}))
    assert worse.status == "failed"
    assert "one who knows only which model is better in " in worse.message


@pytest.mark.parametrize(
    ("questions", "raters", "status", "said"),
    [
        (60, 1, "inconclusive", "have a second person fill in the same sheet"),
        (19, 3, "inconclusive", "not decided below 20 questions and 60 votes"),
        (20, 3, "passed", "of a person's skill, at least"),
        (0, 3, "inconclusive", "nobody has said anything"),
    ],
)
def test_what_is_too_little_evidence_decides_nothing(questions: int, raters: int, status: str, said: str) -> None:
    found = agreement(*a_world(questions, raters, seed=4, noise=0.2))
    result = decided(AgreementRule(), found)
    assert (result.status, said in result.message) == (status, True), result.message
    strict = decided(AgreementRule(on_inconclusive="fail"), found)
    assert strict.status == ("passed" if status == "passed" else "failed")


def test_undecided_says_how_many_more_votes_would_decide() -> None:
    result = decided(AgreementRule(of_people=0.6), agreement(*a_world(30, 2)))
    assert result.status == "inconclusive"
    assert "of a person's skill, between " in result.message
    assert "more votes would decide" in result.message


def test_a_gate_on_agreement_alone_asks_for_reading_too() -> None:
    votes, verdicts = a_world(questions=80, raters=3, noise=0.4)
    rule = AgreementRule(min_agreement=0.6)
    passed = decided(rule, agreement(votes, verdicts))
    assert (passed.status, passed.minimum) == ("passed", 0.6)
    never = decided(rule, agreement(votes, names_only(Ballots.of(votes, {}))))
    assert never.status == "inconclusive"
    assert "its skill may be 0" in never.message
    low = decided(AgreementRule(min_agreement=0.999), agreement(votes, verdicts))
    assert low.status == "failed"
    assert "one who never reads" in next(warnings(rule, agreement(votes, verdicts)))
    assert list(warnings(AgreementRule(), agreement(votes, verdicts))) == []


def test_the_voter_least_at_one_with_the_others_is_found() -> None:
    votes, verdicts = a_world(questions=20, raters=3, noise=0.3)
    contrary = [Vote(vote.comparison, "contrary", 1 - vote.value) for vote in votes if vote.rater == "r0"]
    least = agreement([*votes, *contrary], verdicts).least
    assert least is not None
    assert least.name == "contrary"
    assert least.couples == 180
