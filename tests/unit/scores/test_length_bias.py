from __future__ import annotations

import pytest

from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.scores.judged import Judged
from pytest_mtbench.scores.length_bias import length_bias
from pytest_mtbench.scores.shares import Share, share_of

LONG, SHORT = "many words", "few"
ONE, TWO, TIE = 1.0, 0.0, 0.5


def about(question: int, turn: int = 1) -> Comparison:
    return Comparison(question, turn, "a", "b")


def judged(question: int, verdict: float, one: str = LONG, two: str = SHORT) -> Judged:
    return Judged(about(question), verdict, one, two)


def vote(question: int, value: float, rater: str = "ann") -> Vote:
    return Vote(about(question), rater, value)


def test_the_longer_one_is_looked_for_on_both_sides() -> None:
    found = length_bias([judged(1, ONE), judged(2, TWO, SHORT, LONG), judged(3, TWO), judged(4, ONE, SHORT, LONG)])
    assert found is not None
    assert found.judge == share_of([(1, 1.0), (2, 1.0), (3, 0.0), (4, 0.0)])
    assert (found.people, found.where_they_differ) == (None, None)


def test_ties_and_equal_lengths_say_nothing() -> None:
    found = length_bias([judged(1, ONE), judged(2, TIE), judged(3, ONE, LONG, LONG[::-1])])
    assert found is not None
    assert found.judge == Share(1.0, None, None, 1, 1)
    assert length_bias([judged(1, TIE), judged(2, ONE, "", "")]) is None
    assert length_bias([]) is None


def test_people_are_asked_on_the_same_comparisons() -> None:
    votes = [vote(1, ONE), vote(1, TWO, "ben"), vote(1, TIE, "cy"), vote(2, ONE), vote(9, TWO)]
    votes.append(Vote(about(1, turn=2), "ann", TWO))
    found = length_bias([judged(1, ONE), judged(2, TIE)], votes)
    assert found is not None
    assert found.people == share_of([(1, 1.0), (1, 0.0), (2, 1.0)])


def test_where_they_differ_both_have_decided() -> None:
    verdicts = [judged(1, ONE), judged(2, TWO), judged(3, TIE), judged(4, ONE), judged(5, TWO, SHORT, LONG)]
    votes = [
        vote(1, TWO), vote(1, TWO, "ben"), vote(1, ONE, "cy"),  # the judge's is the longer, twice
        vote(2, ONE),  # the judge's is the shorter
        vote(3, ONE),  # the judge has not decided
        vote(4, TIE),  # the person has not
        vote(5, ONE),  # the judge's is the longer
    ]  # fmt: skip
    found = length_bias(verdicts, votes)
    assert found is not None
    assert found.where_they_differ == share_of([(1, 1.0), (1, 1.0), (2, 0.0), (5, 1.0)])


def test_votes_are_about_the_texts_of_the_first_game() -> None:
    other_run = judged(1, TWO, SHORT, LONG)
    found = length_bias([judged(1, ONE), other_run, judged(1, TWO)], [vote(1, ONE)])
    assert found is not None
    assert found.judge == share_of([(1, 1.0), (1, 1.0), (1, 0.0)])
    assert found.people == Share(1.0, None, None, 1, 1)
    assert found.where_they_differ == Share(0.0, None, None, 1, 1)


def test_json_holds_shares_as_objects() -> None:
    found = length_bias([judged(n, ONE if n < 3 else TWO) for n in range(4)])
    assert found is not None
    written = found.as_json()
    assert written.keys() == {"judge", "people", "where_they_differ"}
    assert written["people"] is None
    assert written["judge"].keys() == {"value", "low", "high", "n", "questions"}
    assert written["judge"]["value"] == pytest.approx(0.75)
