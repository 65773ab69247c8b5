from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_mtbench.domain.question import Question
from pytest_mtbench.report.profile_lines import profile_lines
from pytest_mtbench.report.run_report import RunReport

from .test_terminal import EIGHT, flat, mixed, pairwise_report, plan_of, questions_of, report_of, steady


def report(score: Callable[[Question, int], float], **more: Any) -> RunReport:
    return report_of(plan_of(questions_of(EIGHT), **more), score)


def strong(question: Question, turn: int) -> float:
    shift = {"humanities": 2.5, "math": -3.5, "coding": -3.0}.get(question.category, 0)
    return steady(question, turn) - 0.5 + shift - (turn == 2)


def test_what_stands_out_is_named_with_its_bounds() -> None:
    said = list(profile_lines(report(strong)))
    assert said == [
        (
            "profile: above the other categories: humanities +3.43 [+2.65, +4.21]; "
            "below: math -3.43 [-4.21, -2.65], coding -2.86 [-3.64, -2.08]"
        ),
        "second turn: loses 1.00 against the first [0.42, 1.58]",
    ]


def test_nothing_beyond_noise_is_said_to_be_so() -> None:
    said = list(profile_lines(report(steady)))
    assert said[0] == "profile: no category stands out beyond noise"
    assert said[1].startswith("second turn: as the first within noise, +0.00 [-")


def test_a_second_turn_that_is_better() -> None:
    said = list(profile_lines(report(lambda question, turn: 4.0 + 2 * turn)))
    assert said[1] == "second turn: gains 2.00 on the first [1.76, 2.24]"


@pytest.mark.parametrize(
    "score, said",
    [
        (9.5, "tier: Frontier (9.50), fit for complex reasoning, agentic tasks;"),
        (8.0, "tier: Strong (8.00), fit for a general assistant, chat;"),
        (7.94, "tier: Capable (7.94), fit for simple, cost-sensitive tasks;"),
        (3.0, "tier: Limited (3.00), fit for narrow, constrained uses;"),
    ],
)
def test_the_tier_says_what_it_is_fit_for(score: float, said: str) -> None:
    assert next(profile_lines(report(lambda question, turn: score, original=True))).startswith(said)
    assert "tier" not in " ".join(profile_lines(report(lambda question, turn: score)))


def test_a_part_has_no_profile() -> None:
    whole = report(strong)
    assert list(profile_lines(replace(whole, plan=replace(whole.plan, shard="1/3")))) == []
    part = {(question.id, 1): 7.0 for question in whole.plan.selected}
    assert list(profile_lines(report_of(whole.plan, part))) == []


def test_one_category_is_not_held_against_others() -> None:
    said = list(profile_lines(report_of(plan_of(questions_of(["math"])), steady)))
    assert [line.partition(":")[0] for line in said] == ["second turn"]


def test_a_pairwise_run_has_the_profile_of_its_win_rates() -> None:
    said = list(profile_lines(pairwise_report({"other": lambda q, turn: "AB" if q.category == "math" else "BA"})))
    assert said[0].startswith("profile: above the other categories: math +1.00 [")
    assert "tier" not in " ".join(said)
    assert next(profile_lines(pairwise_report({"other": mixed}))) == "profile: no category stands out beyond noise"


def test_the_summary_says_it_right_after_the_table() -> None:
    after = flat(report(strong)).partition("overall")[2]
    assert after.index("profile: above") < after.index("second turn: loses 1.00") < after.index("lowest turns:")
