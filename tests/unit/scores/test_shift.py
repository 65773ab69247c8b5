"""The figures by people and by the judge on the same answers, against sums that are written out."""

from __future__ import annotations

import math
import random
from statistics import fmean

import pytest
from scipy.stats import t as student

from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.scores.ballots import Ballots
from pytest_mtbench.scores.shift import Triple, shift_of, shifts_of


def slow_interval(triples: list[Triple]) -> tuple[float, float, float]:
    """The pooled difference, with the error of a ratio of question totals and t of questions less one."""
    questions = sorted({question for question, _, _ in triples}, key=str)
    value = sum(judge - person for _, person, judge in triples) / len(triples)
    rest = [
        sum(judge - person - value for which, person, judge in triples if which == question) for question in questions
    ]
    q = len(questions)
    error = math.sqrt(q / (q - 1) * sum(part**2 for part in rest)) / len(triples)
    reach = student.ppf(0.975, q - 1) * error
    return value, value - reach, value + reach


def test_figures_are_pooled_over_votes_and_the_interval_is_by_question() -> None:
    chance = random.Random(3)
    triples: list[Triple] = [
        (question, chance.choice([0.0, 0.5, 1.0]), chance.choice([0.0, 0.5, 1.0]))
        for question in range(12)
        for _ in range(chance.randrange(1, 6))
    ]
    found = shift_of("a", "b", triples)
    assert (found.votes, found.questions) == (len(triples), 12)
    assert found.people == pytest.approx(fmean(person for _, person, _ in triples))
    assert found.judge == pytest.approx(fmean(judge for _, _, judge in triples))
    interval = found.difference
    assert (interval.value, interval.low, interval.high) == pytest.approx(slow_interval(triples))


def test_means_of_ratings_are_shifted_as_win_rates_are() -> None:
    found = shift_of("m", "", [(1, 8.0, 9.0), (1, 7.0, 9.0), (2, 5.0, 5.0)])
    assert (found.people, found.judge, found.difference.value) == pytest.approx((20 / 3, 23 / 3, 1.0))
    assert found.as_json()["two"] is None


def test_one_question_has_no_interval() -> None:
    found = shift_of("a", "b", [(1, 0.0, 1.0), (1, 1.0, 1.0)])
    assert found.as_json() == {
        "one": "a", "two": "b", "people": 0.5, "judge": 1.0, "difference": {"value": 0.5, "low": None, "high": None},
        "votes": 2, "questions": 1,
    }  # fmt: skip


def test_nobody_has_no_shift() -> None:
    with pytest.raises(ValueError, match="nobody voted"):
        shift_of("a", "b", [])


def ballots() -> Ballots:
    """Three pairs of models; of one comparison the judge said nothing."""
    said = [(1, "ada", "bo", "r1", 1.0, 1.0), (1, "ada", "bo", "r2", 0.0, 1.0), (2, "ada", "bo", "r1", 0.5, 0.0)]
    said += [(1, "cy", "bo", "r1", 1.0, 0.5), (2, "cy", "ada", "r2", 1.0, 1.0)]
    votes = [Vote(Comparison.of(q, 1, left, right), who, value) for q, left, right, who, value, _ in said]
    verdicts = {Comparison.of(q, 1, left, right): verdict for q, left, right, _, _, verdict in said}
    votes.append(Vote(Comparison.of(3, 1, "ada", "bo"), "r1", 0.0))
    return Ballots.of(votes, verdicts)


def test_every_pair_is_told_on_what_the_judge_ruled_on() -> None:
    found = {(shift.one, shift.two): shift for shift in shifts_of(ballots())}
    assert {pair: (shift.people, shift.judge, shift.votes) for pair, shift in found.items()} == {
        ("ada", "bo"): (0.5, pytest.approx(2 / 3), 3),
        ("bo", "cy"): (1.0, 0.5, 1),
        ("ada", "cy"): (1.0, 1.0, 1),
    }


@pytest.mark.parametrize("first", ["ada", "bo", "cy"])
def test_the_model_under_test_comes_first(first: str) -> None:
    plain = {frozenset((shift.one, shift.two)): shift for shift in shifts_of(ballots())}
    for shift in shifts_of(ballots(), first):
        same = plain[frozenset((shift.one, shift.two))]
        if first in (shift.one, shift.two):
            assert shift.one == first
        turned = shift.one != same.one
        assert (shift.people, shift.judge) == pytest.approx(
            (1 - same.people, 1 - same.judge) if turned else (same.people, same.judge)
        )
        assert shift.difference.value == pytest.approx(-same.difference.value if turned else same.difference.value)
