from __future__ import annotations

from dataclasses import replace

from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.domain.vote import Comparison, PersonRating, Vote
from pytest_mtbench.report.page_people import by_anchor, differences
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.agreement import agreement_of
from pytest_mtbench.scores.ballots import Ballots
from pytest_mtbench.scores.order import order_agreement_of
from pytest_mtbench.scores.people import PeopleOutcome

from ...pages import report_of

CATEGORIES: dict[QuestionId, str] = {1: "writing", 2: "math"}


def with_votes(*said: tuple[Comparison, float, list[float]]) -> RunReport:
    """A report with comparisons, the judge's word and people's."""
    votes = [Vote(one, f"rater {number}", value) for one, _, values in said for number, value in enumerate(values)]
    ballots = Ballots.of(votes, {one: verdict for one, verdict, _ in said})
    return report_of(people=PeopleOutcome(agreement_of(ballots, CATEGORIES), None, ballots))


def of(question: int, turn: int = 1) -> Comparison:
    return Comparison(question, turn, "a", "b")


def test_those_come_first_where_people_and_judge_are_furthest_apart() -> None:
    report = with_votes(
        (of(1), 1.0, [1, 1, 0]),  # most say what the judge says
        (of(1, 2), 0.5, [1, 1, 1]),
        (of(2), 1.0, [0, 0, 0.5]),
        (of(2, 2), 0.5, [1, 0]),  # a tie, as with the judge
    )
    found = differences(report)
    assert [(one.name, one.people, one.judge) for one in found] == [
        ("q2 turn 1", "2 for b, 1 tie", "a"),
        ("q1 turn 2", "3 for a", "tie"),
    ]
    assert found[0].models == ("a", "b")
    assert by_anchor(found)["q1-turn2"] == "People say 3 for a, the judge says tie."


def test_two_ties_are_ties() -> None:
    (one,) = differences(with_votes((of(1), 1.0, [0.5, 0.5])))
    assert one.people == "2 ties"


def test_a_turn_that_is_compared_with_two_models_says_both() -> None:
    other = Comparison(1, 1, "a", "c")
    said = by_anchor(differences(with_votes((of(1), 1.0, [0]), (other, 1.0, [0]))))
    assert said == {"q1-turn1": "People say 1 for b, the judge says a. People say 1 for c, the judge says a."}


def test_in_an_audition_the_models_belong_to_the_turn() -> None:
    report = replace(with_votes((of(1), 1.0, [0])), is_audition=True)
    assert [one.anchor for one in differences(report)] == ["q1-turn1-a-b"]


def test_ratings_differ_by_points() -> None:
    ratings = [PersonRating((1, 1), "x", 4), PersonRating((1, 1), "y", 5), PersonRating((2, 1), "x", 7)]
    order = order_agreement_of(ratings, {(1, 1): 9.0, (2, 1): 8.0}, CATEGORIES, "m")
    report = report_of(people=PeopleOutcome(None, order, Ballots({}, {})))
    assert [(one.people, one.judge, one.size) for one in differences(report)] == [("4.50 (4, 5)", "9", 4.5)]


def test_without_people_there_is_nothing() -> None:
    assert differences(report_of()) == []
