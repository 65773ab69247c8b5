"""Shares with intervals clustered by question, against figures made by hand."""

from __future__ import annotations

import math

import pytest

from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.scores.shares import Share, share_of

T1, T3, T19 = 12.7062047, 3.1824463, 2.0930241
"""Quantiles of Student's t at 0.975, by degrees of freedom."""


def pairs(*questions: str) -> list[tuple[QuestionId, float]]:
    """A word a question: 1, 0 or h for a half."""
    return [(n, {"1": 1.0, "0": 0.0, "h": 0.5}[vote]) for n, votes in enumerate(questions) for vote in votes]


def roots(p: float, n: float, t: float) -> list[float]:
    """Wilson's bounds as what they are: the shares x with (p - x)^2 = t^2 x (1 - x) / n."""
    a, b, c = 1 + t * t / n, -2 * p - t * t / n, p * p
    root = math.sqrt(b * b - 4 * a * c)
    return [(-b - root) / (2 * a), (-b + root) / (2 * a)]


def bounds(share: Share | None) -> list[float]:
    assert share is not None
    assert share.low is not None
    assert share.high is not None
    return [share.low, share.high]


def test_one_vote_a_question_is_worth_one_vote_but_for_the_mean() -> None:
    share = share_of(pairs(*"1" * 15, *"0" * 5))
    assert share is not None
    assert (share.value, share.n, share.questions) == (0.75, 20, 20)
    assert bounds(share) == pytest.approx(roots(0.75, 19, T19), abs=1e-6)


def test_votes_that_only_repeat_each_other_are_worth_one_a_question() -> None:
    once, thrice = share_of(pairs("1", "1", "1", "0")), share_of(pairs("111", "111", "111", "000"))
    assert bounds(thrice) == pytest.approx(bounds(once))


def test_unequal_questions_and_halves() -> None:
    # 4.5 of 7; totals minus what the share expects: 3 - 27/14, 0.5 - 9/14, 1 - 9/7, 0 - 9/14.
    share = share_of(pairs("111", "h", "10", "0"))
    assert share is not None
    assert (share.value, share.n, share.questions) == (4.5 / 7, 7, 4)
    variance = 4 / 3 * ((15 / 14) ** 2 + (2 / 14) ** 2 + (4 / 14) ** 2 + (9 / 14) ** 2) / 49
    expected = roots(4.5 / 7, 4.5 / 7 * 2.5 / 7 / variance, T3)
    assert bounds(share) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "questions, p", [(["11", "1", "111", "1"], 1.0), (["0", "0", "0", "000"], 0.0), (["hh", "h", "10", "h"], 0.5)]
)
def test_questions_that_do_not_differ_count_as_one_vote_each(questions: list[str], p: float) -> None:
    assert bounds(share_of(pairs(*questions))) == pytest.approx(roots(p, 4, T3), abs=1e-6)


def test_a_share_that_no_float_holds_exactly_has_no_scatter_either() -> None:
    questions = ["1" + 48 * "0", "1" + 48 * "0"]
    assert bounds(share_of(pairs(*questions))) == pytest.approx(roots(1 / 49, 2, T1), abs=1e-6)


def test_one_question_has_no_interval_and_no_vote_no_share() -> None:
    assert share_of(pairs("110")) == Share(2 / 3, None, None, 3, 1)
    assert share_of([]) is None
