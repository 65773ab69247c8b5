from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.domain.tally import JudgeTally, Tally
from pytest_mtbench.engine.plan import Juror, Plan
from pytest_mtbench.report.jury import jury_lines
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.report.terminal import lines, title
from pytest_mtbench.scores.scorecard import scorecard

WHERE = Endpoint(url="http://localhost:8000/v1")
Prices = dict[str, tuple[float, float]]


def plan_of(count: int, *judges: str, prices: Prices | None = None, against: str = "") -> Plan:
    questions = tuple(Question(number, "math", ("a?",)) for number in range(count))
    roles = [Role(name, WHERE, price=(prices or {}).get(name)) for name in judges]
    return Plan(
        "s", QuestionSet("mt_bench", questions, {}, Identity("", "", ""), original=True), questions,
        Answerer("m", WHERE), roles[0], jury=tuple(map(Juror, roles)),
        opponents=(Answerer(against, WHERE),) if against else (),
    )  # fmt: skip


def rated(*scores: list[float], prices: Prices | None = None, tally: Tally | None = None) -> RunReport:
    """The report of a run in which the judges a, b, c, ... gave each turn these ratings."""
    judges = "abcdef"[: len(scores)]
    plan = plan_of(len(scores[0]), *judges, prices=prices)
    results = [
        TurnResult(
            TurnKey("s", number, 1),
            "math",
            (Run("x", judgments=tuple(Judgment("", r, judge=j) for j, r in zip(judges, found, strict=True))),),
        )
        for number, found in enumerate(zip(*scores, strict=True))
    ]
    ids: dict[tuple[object, int], str] = {(number, 1): f"s::math[q{number}-turn1]" for number in range(len(results))}
    return RunReport(plan, scorecard(plan.selected, results), (), (), tally or Tally(), 0.0, 1.0, ids)


def first_line(report: RunReport) -> str:
    return next(jury_lines(report))


@pytest.mark.parametrize(
    "one, two, said",
    [
        (
            [9, 7, 8],
            [5, 7, 6],
            "a rates 2.00 higher than b on the same 3 turns; correlation -1.00; 1 turn differs by 3",
        ),
        ([5, 7, 6], [9, 7, 8], "a rates 2.00 lower than b on the same 3 turns; correlation -1.00; 1 turn differs"),
        ([5, 7], [7, 5], "a and b rate the same 2 turns alike on average; correlation -1.00; 0 turns differ by 3"),
        ([5, 5], [7, 5], "a rates 1.00 lower than b on the same 2 turns; 0 turns differ by 3 or more"),
        ([9], [5], "a rates 4.00 higher than b on the same turn; 1 turn differs by 3 or more"),
    ],
)
def test_two_judges(one: list[float], two: list[float], said: str) -> None:
    assert first_line(rated(one, two)).startswith(f"jury: {said}")


def test_three_judges_have_a_line_a_pair_and_four_the_widest() -> None:
    three = list(jury_lines(rated([9, 7], [8, 6], [5, 3])))
    assert [line[:28] for line in three[:3]] == [
        "jury: a rates 1.00 higher th", "jury: a rates 4.00 higher th", "jury: b rates 3.00 higher th",
    ]  # fmt: skip
    four = list(jury_lines(rated([9, 7], [8, 6], [5, 3], [9, 7])))
    assert len(four) == 2
    assert four[0] == (
        "jury: a rates 4.00 higher than c on the same 2 turns; correlation 1.00; 2 turns differ by 3 or more (the "
        "widest of 6 pairs of judges); the 6 pairs of judges correlate by 1.00 on average"
    )


def test_nothing_is_said_of_one_judge() -> None:
    report = rated([9, 7], [8, 6])
    assert list(jury_lines(replace(report, plan=replace(report.plan, jury=())))) == []


def test_what_each_was_asked_and_cost() -> None:
    tally = Tally(
        judgment_usage=Usage(0, 30),
        jury={"a": JudgeTally(2, 1, Usage(0, 10)), "b": JudgeTally(3, 0, Usage(0, 20))},
    )
    report = rated([9, 7], [8, 6], prices={"a": (0, 1e5), "b": (0, 1e6)}, tally=tally)
    said = "a 2 judgments made, 1 cached, 1.00 USD; b 3 judgments made, 0 cached, 20.00 USD"
    assert list(jury_lines(report))[-1] == f"jury: {said}"
    assert report.cost == 21.0
    assert report.cost_of_judging() == {"a": 1.0, "b": 20.0}


def test_games_are_compared_by_their_outcomes() -> None:
    plan = plan_of(2, "a", "b", against="o")
    said = [(("A", "B"), ("A", "B")), (("A", "B"), ("A", "A"))]
    results = [
        TurnResult(
            TurnKey("s", number, 1),
            "math",
            (Run("x", games=(Game.of_jury([Game("o", 1, one, judge="a"), Game("o", 1, two, judge="b")]),)),),
        )
        for number, (one, two) in enumerate(said)
    ]
    report = RunReport(plan, scorecard(plan.selected, results), (), (), Tally(), 0.0, 1.0)
    assert first_line(report) == "jury: a and b name the same outcome in 1 of 2 games (50 %)"


def test_a_jury_has_neither_tier_nor_published_neighbours() -> None:
    whole = " ".join(lines(rated([9, 7], [8, 6]), 200))
    assert "tier" not in whole
    assert "jury: a rates 1.00 higher than b" in whole
    assert title(plan_of(1, "a", "b")) == "MT-Bench: m, judged by a + b, on mt_bench"
