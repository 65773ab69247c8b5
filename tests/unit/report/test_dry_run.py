from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_mtbench.domain.chat import Kind, Usage
from pytest_mtbench.domain.tally import CallCount
from pytest_mtbench.engine.estimate import Estimate
from pytest_mtbench.engine.plan import Juror, Plan
from pytest_mtbench.report import dry_run
from pytest_mtbench.suite.list_prices import LIST_PRICES, list_price

from ...engine_harness import plan_of

Price = tuple[float, float]

USED: dict[Kind, Usage] = {"answer": Usage(1_000_000, 2_000_000), "judgment": Usage(1_000_000, 100_000)}


@pytest.fixture
def plan(small_set: Path) -> Plan:
    return plan_of(small_set)


def told(plan: Plan, model: str, judge: str, prices: tuple[Price | None, Price | None] = (None, None)) -> str:
    """What is said of the cost of those tokens."""
    named = replace(
        plan,
        model=replace(plan.model, name=model, price=prices[0]),
        judge=replace(plan.judge, name=judge, label=judge, price=prices[1]),
    )
    counts: dict[Kind, CallCount] = {"answer": CallCount(made=1), "judgment": CallCount(made=1)}
    text = " ".join(dry_run.lines(named, Estimate(counts=counts, usage=dict(USED)), 80, 1))
    return " ".join(text[text.index("cost: ") : text.index("tokens are guessed")].split())


def test_a_common_judge_has_a_price(plan: Plan) -> None:
    assert told(plan, "mine", "openai/gpt-4o") == (
        "cost: about 3.50 USD for the judgments; that of the answers is unknown; `prices:` in the suite file gives USD "
        "a million tokens list prices, USD a million tokens: openai/gpt-4o 2.5 in, 10 out (2026-05); `prices:` in the "
        "suite file replaces them"
    )


def test_both_may_be_listed(plan: Plan) -> None:
    said = told(plan, "gpt-4o-mini", "gpt-4o")
    assert said.startswith("cost: about 4.85 USD list prices")  # 0.15 + 2 x 0.6 + 2.5 + 0.1 x 10
    assert "gpt-4o-mini 0.15 in, 0.6 out (2026-05); gpt-4o 2.5 in" in said


def test_what_the_suite_file_says_counts(plan: Plan) -> None:
    assert told(plan, "gpt-4o", "gpt-4o", ((1.0, 1.0), (0.0, 0.0))) == "cost: about 3.00 USD"


def test_each_of_a_jury_has_its_own(plan: Plan) -> None:
    judges = [replace(plan.judge, name=name, label=name) for name in ("gpt-4.1", "nobody-knows")]
    jury = replace(plan, judge=judges[0], jury=tuple(map(Juror, judges)))
    estimated = Estimate(jury={judge.label: Estimate(usage=dict(USED)) for judge in judges})
    said = " ".join(dry_run.lines(jury, estimated, 500, 1))
    assert "about 2.80 USD" in said
    assert "cost: unknown; `prices:`" in said


def test_what_tests_may_ask_beside_that(plan: Plan) -> None:
    asked: dict[Kind, CallCount] = {"answer": CallCount(made=9), "judgment": CallCount(made=9)}
    most = Estimate(counts=asked, usage=dict(USED))
    least = Estimate(counts=asked | {"judgment": CallCount(made=2)}, usage=USED | {"judgment": Usage(10, 0)})
    priced = replace(plan, model=replace(plan.model, price=(0.0, 0.0)), judge=replace(plan.judge, price=(2.0, 0.0)))
    for one, cost in ((priced, "; cost: about 2.00 USD"), (plan, "")):
        said = list(dry_run.lines(one, least, 500, 1, most))
        assert f"if tests read a score, a judgment or games: up to 7 judgments more{cost}" in said
        assert list(dry_run.lines(one, most, 500, 1, most)) == list(dry_run.lines(one, most, 500, 1))


def test_of_an_unknown_name_no_price_is_guessed() -> None:
    assert list_price("gpt-4o") is LIST_PRICES["gpt-4o"]
    assert [list_price(name) for name in ("gpt-4o-2024-05-13", "my-gpt-4o", "", "gpt-4o/x")] == [None] * 4
