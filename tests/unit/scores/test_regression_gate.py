"""What the gates against a baseline say: status, words and bounds of one look."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from pytest_mtbench.domain.question import Place
from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.scores.baseline import Baseline
from pytest_mtbench.scores.paired import Change
from pytest_mtbench.scores.regression import Comparison, Rule, Verdict
from pytest_mtbench.scores.regression_gate import (
    JudgeShift,
    RegressionOutcome,
    RegressionSpec,
    _with_measured_judge,
    judge_result,
    judge_shift,
    regression_result,
    sentence,
)

from ...results import rated


def spec(on_inconclusive: Literal["pass", "fail"] = "pass") -> RegressionSpec:
    baseline = Baseline(str(Path("b.json")), "prod", 5, {}, {}, {})
    return RegressionSpec(baseline, Rule(), None, on_inconclusive)


def look(verdict: Verdict, mean: float, se: float = 0.1, **more: Any) -> Comparison:
    return Comparison(verdict, Change(mean, se, 72, 6.5, 80), **{"level": 0.05, "runs": (1, 5), **more})


@pytest.mark.parametrize(
    "mean, said",
    [
        (-0.42, "0.42 lower, between 0.25 and 0.59"),
        (0.42, "0.42 higher, between 0.25 and 0.59"),
        (-0.05, "0.05 lower, between 0.22 lower and 0.12 higher"),
        (0.05, "0.05 higher, between 0.12 lower and 0.22 higher"),
    ],
)
def test_the_change_in_words(mean: float, said: str) -> None:
    assert sentence(look("passed", mean)) == said


def test_a_category_that_fell_is_named_whichever_way_the_whole_went() -> None:
    math = Change(-1.94, 0.4, 9, 7, 10)
    found = look("regressed", 0.05, categories={"math": math}, fallen=("math",))
    assert sentence(found) == "0.05 higher, between 0.12 lower and 0.22 higher; math fell by 1.94"


@pytest.mark.parametrize(
    "verdict, on_inconclusive, status, begins",
    [
        ("passed", "pass", "passed", "regression: passed: "),
        ("identical", "pass", "passed", "regression: identical: "),
        ("regressed", "pass", "failed", "regression: regressed: "),
        ("inconclusive", "pass", "passed", "regression: warning: inconclusive after 1 run: "),
        ("inconclusive", "fail", "failed", "regression: inconclusive after 1 run: "),
        ("undecided", "pass", "failed", "regression: not decided: "),
    ],
)
def test_status_and_words_agree(
    verdict: Verdict, on_inconclusive: Literal["pass", "fail"], status: str, begins: str
) -> None:
    result = regression_result(spec(on_inconclusive), RegressionOutcome((look(verdict, -0.2),)), "x::gate[regression]")
    assert result.status == status
    assert result.message.startswith(begins)
    row = result.as_json()
    assert (row["verdict"], row["drop"], row["value"], row["minimum"]) == (verdict, 0.2, -0.2, -0.3)
    assert (row["low"], row["high"]) == pytest.approx(look(verdict, -0.2).bounds)
    assert type(result).from_json(row) == result


@pytest.mark.parametrize("missing, who", [((0.06, 0.0), "this run"), ((0.0, 0.2), "the baseline")])
def test_what_is_missing_is_named(missing: tuple[float, float], who: str) -> None:
    result = regression_result(spec(), RegressionOutcome((look("undecided", -0.2, missing=missing),)), "x")
    assert f"of the ratings of {who} are missing" in result.message


def again(*scores: float | None) -> list[TurnResult]:
    return [rated(TurnKey("s::judge", n, 1), "c", score) for n, score in enumerate(scores)]


def test_the_shift_of_a_judge_is_a_paired_t() -> None:
    judged: dict[Place, float] = {(n, 1): 6.0 for n in range(40)}
    shift = judge_shift(judged, again(*[6.0, 7.0] * 20))
    assert (shift.mean, shift.n, shift.unscored) == (0.5, 40, 0)
    assert shift.sd == pytest.approx((10 / 39) ** 0.5)
    assert shift.se == pytest.approx(shift.sd / 40**0.5)
    assert shift.moved
    assert not judge_shift(judged, again(*[5.0, 7.0] * 20)).moved


@pytest.mark.parametrize("mean, moved", [(0.33, False), (0.34, True), (-0.34, True)])
def test_a_judge_may_differ_by_less_than_two_standard_errors(mean: float, moved: bool) -> None:
    assert JudgeShift(mean, 0.17, 1.06, 40, 0).moved == moved


def test_a_judge_that_cannot_be_asked_decides_nothing() -> None:
    judged: dict[Place, float] = {(n, 1): 6.0 for n in range(10)}
    shift = judge_shift(judged, again(*[6.0] * 9, None))
    assert not shift.decided
    result = judge_result(shift, "x")
    assert result.status == "failed"
    assert "only 9 of 10 judgments hold a rating" in result.message
    regression = regression_result(spec(), RegressionOutcome((look("regressed", -2.0),), shift), "y")
    assert regression.status == "inconclusive", "no regression is claimed"
    assert "regressed" not in regression.message


@pytest.mark.parametrize("repeats, expected", [(1, 1.06 / 2**0.5), (4, 1.06 / 1.25**0.5 / 2)])
def test_the_floor_is_the_scatter_that_this_judge_shows(repeats: int, expected: float) -> None:
    enough = JudgeShift(0.0, 0.17, 1.06, 40, 0)
    assert _with_measured_judge(Rule(), enough, repeats).judge_sd == pytest.approx(expected)
    few = JudgeShift(0.0, 0.3, 0.9, 10, 0)
    assert _with_measured_judge(Rule(), few, repeats).judge_sd == pytest.approx(0.75 / repeats**0.5)
    assert _with_measured_judge(Rule(), None, repeats).judge_sd == pytest.approx(0.75 / repeats**0.5)


def test_the_mean_of_a_jury_scatters_less_than_one_judge_unless_its_own_scatter_was_measured() -> None:
    assert _with_measured_judge(Rule(), None, 1, judges=4).judge_sd == pytest.approx(0.75 / 2)
    enough = JudgeShift(0.0, 0.17, 1.06, 40, 0)
    assert _with_measured_judge(Rule(), enough, 1, judges=4).judge_sd == pytest.approx(1.06 / 2**0.5)
