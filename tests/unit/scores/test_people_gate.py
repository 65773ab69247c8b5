"""What `gate[people]` says of a model by people's own word."""

from __future__ import annotations

from typing import Literal

import pytest

from pytest_mtbench.scores.gates import GateResult
from pytest_mtbench.scores.people_gate import OfPeople, PeopleBar, people_result
from pytest_mtbench.scores.shares import Mean, Share

Rule = Literal["mean", "confident"]


def rate(value: float, low: float | None, high: float | None, against: str = "old", people: int = 3) -> OfPeople:
    return OfPeople(against, Share(value, low, high, 120, 40), 120, people)


def rating(value: float, low: float | None, high: float | None) -> OfPeople:
    return OfPeople("", Mean(value, low, high), 80, 1)


def decided(bar: PeopleBar, *said: OfPeople) -> GateResult:
    result = people_result(bar, [*said], "s::gate[people]")
    assert (result.id, result.name, result.minimum) == ("s::gate[people]", "people", bar.minimum)
    assert result.message.startswith("people: ")
    return result


@pytest.mark.parametrize(
    "rule, said, status, message",
    [
        ("mean", rate(0.45, 0.40, 0.50), "passed", "0.45 by people reaches the threshold 0.45, 95 % interval 0.40-0"),
        ("mean", rate(0.45 - 1e-12, 0.4, 0.5), "passed", "0.45 by people reaches the threshold 0.45"),
        ("mean", rate(0.4499, 0.44, 0.46), "failed", "0.4499 by people is below the threshold 0.45, 95 % int"),
        ("mean", rate(0.46, None, None), "passed", "0.46 by people reaches the threshold 0.45 (120 votes of 3 people)"),
        ("confident", rate(0.6, 0.45, 0.7), "passed", "0.60 by people, 95 % interval 0.45-0.70 is above the threshold"),
        (
            "confident", rate(0.4, 0.3, 0.449), "failed",
            "0.40 by people, 95 % interval 0.30-0.449 is below the threshold",
        ),
        ("confident", rate(0.6, 0.449, 0.7), "inconclusive", "0.60 by people, 95 % interval 0.449-0.70 holds the"),
        ("confident", rate(0.4, 0.3, 0.45), "inconclusive", "more votes narrow it (120 votes of 3 people)"),
        ("confident", rate(0.9, None, None), "inconclusive", "0.90 by people: too few questions for an interval"),
        ("mean", OfPeople("old", None, 0, 0), "failed", "people: nobody has said anything against old"),
        ("confident", OfPeople("old", None, 0, 0), "failed", "people: nobody has said anything against old"),
    ],
)  # fmt: skip
def test_a_win_rate_is_held_against_its_bar(rule: Rule, said: OfPeople, status: str, message: str) -> None:
    result = decided(PeopleBar(0.45, "win rate", rule), said)
    assert (result.status, message in result.message) == (status, True), result.message
    assert "by people" not in result.message or "people: win rate against old " in result.message
    figure = said.figure
    expected = (None, None, None) if figure is None else (figure.value, figure.low, figure.high)
    assert (result.value, result.low, result.high, result.n) == (*expected, said.n)
    assert result.details == {}


@pytest.mark.parametrize(
    "rule, said, status, message",
    [
        (
            "mean",
            rating(7.0, 6.5, 7.5),
            "passed",
            "mean 7.00 by people reaches the threshold 7, 95 % interval 6.50-7.50",
        ),
        ("mean", rating(6.75, 6.5, 7.5), "failed", "mean 6.75 by people is below the threshold 7"),
        ("confident", rating(7.5, 7.1, 7.9), "passed", "mean 7.50 by people, 95 % interval 7.10-7.90 is above the"),
        ("confident", rating(7.5, 6.1, 8.9), "inconclusive", "more ratings narrow it (80 ratings of 1 person)"),
        ("mean", OfPeople("", None, 0, 0), "failed", "people: nobody has said anything of these answers"),
    ],
)
def test_a_mean_rating_is_held_against_its_bar(rule: Rule, said: OfPeople, status: str, message: str) -> None:
    result = decided(PeopleBar(7, "mean", rule), said)
    assert (result.status, message in result.message) == (status, True), result.message


PASSED, OPEN, FAILED = rate(0.6, 0.5, 0.7, "a"), rate(0.7, 0.4, 0.9, "b"), rate(0.3, 0.2, 0.4, "c")
NOBODY = OfPeople("d", None, 0, 0)


@pytest.mark.parametrize(
    "said, status, value",
    [
        ([PASSED, rate(0.55, 0.5, 0.7, "e")], "passed", 0.55),  # of those of one kind the lower figure is told
        ([PASSED, OPEN], "inconclusive", 0.7),
        ([OPEN, PASSED, FAILED], "failed", 0.3),
        ([FAILED, NOBODY, OPEN], "failed", None),
    ],
)
def test_a_win_rate_must_hold_against_every_model(said: list[OfPeople], status: str, value: float | None) -> None:
    result = decided(PeopleBar(0.45, "win rate", "confident"), *said)
    assert (result.status, result.value) == (status, value)
    assert all(f"against {one.against}" in result.message for one in said)
    rows = result.details["against"]
    assert [row["name"] for row in rows] == [one.against for one in said]
    kinds = {"a": "passed", "b": "inconclusive", "c": "failed", "d": "failed", "e": "passed"}
    assert [row["status"] for row in rows] == [kinds[one.against] for one in said]
    figures = [one.figure for one in said]
    assert [(row["value"], row["low"]) for row in rows] == [
        (None, None) if figure is None else (figure.value, figure.low) for figure in figures
    ]
