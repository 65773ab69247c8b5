from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_mtbench.domain.chat import ChatRequest, Kind
from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.engine.estimate import Estimate, estimate
from pytest_mtbench.engine.plan import Juror, Plan

from ...engine_harness import SUITE, plan_of, running, with_answers
from ...server import JUDGE, SECOND, Asked, Reply, Server
from ...sets import CALLS, TURNS


def measure(plan: Plan, keys: Sequence[TurnKey], cache_folder: Path) -> None:
    """Asks what these turns need, as a run would, and fills the cache."""

    async def run() -> None:
        async with running(plan, cache_folder) as this:
            await asyncio.gather(*(this.engine.turn(key) for key in keys))

    asyncio.run(run())


def estimated(plan: Plan, keys: Sequence[TurnKey], cache_folder: Path) -> Estimate:
    """What the dry run says, from the same cache."""
    cache = ReplyCache(cache_folder, lambda note: None)

    def lookup(kind: Kind, request: ChatRequest) -> str | None:
        reply = cache.get(request)
        return None if reply is None else reply.text

    try:
        return estimate(plan, keys, lookup)
    finally:
        cache.close()


def unknown(kind: Kind, request: ChatRequest) -> str | None:
    return None


def counts(found: Estimate) -> dict[str, tuple[int, int]]:
    """Made and cached by kind."""
    return {kind: (count.made, count.cached) for kind, count in found.counts.items()}


def test_an_empty_cache_means_that_everything_is_asked(small_set: Path) -> None:
    plan = plan_of(small_set)
    found = estimate(plan, plan.turns(), unknown)
    assert counts(found) == {"answer": (TURNS, 0), "judgment": (TURNS, 0)}


def test_runs_and_repeats_multiply(small_set: Path) -> None:
    plan = plan_of(small_set, runs=2, repeats=3)
    assert counts(estimate(plan, plan.turns(), unknown)) == {"answer": (2 * TURNS, 0), "judgment": (6 * TURNS, 0)}


def test_a_second_turn_needs_the_first_answer_and_not_its_judgment(small_set: Path) -> None:
    plan = plan_of(small_set)
    found = estimate(plan, [TurnKey(SUITE, 3, 2)], unknown)
    assert counts(found) == {"answer": (2, 0), "judgment": (1, 0)}


def test_a_turn_that_several_items_want_counts_once(small_set: Path) -> None:
    plan = plan_of(small_set)
    found = estimate(plan, [TurnKey(SUITE, 3, 1), TurnKey(SUITE, 3, 2), TurnKey(SUITE, 3, 1)], unknown)
    assert counts(found) == {"answer": (2, 0), "judgment": (2, 0)}


def test_an_answer_alone_is_the_first_runs_and_asks_nobody_else(small_set: Path) -> None:
    plan = plan_of(small_set, runs=2)
    plan = replace(plan, opponents=(replace(plan.model, name="other", label="other"),))
    found = estimate(plan, [TurnKey(SUITE, 1, 1)], unknown, answered=[TurnKey(SUITE, 1, 2), TurnKey(SUITE, 3, 2)])
    # Two models' two runs of a first turn; a second turn beside it; two turns of another question.
    assert counts(found) == {"answer": (4 + 1 + 2, 0), "judgment": (4, 0)}


def test_no_turn_costs_nothing(small_set: Path) -> None:
    found = estimate(plan_of(small_set), [], unknown)
    assert counts(found) == {"answer": (0, 0), "judgment": (0, 0)}
    assert sum(usage.input_tokens + usage.output_tokens for usage in found.usage.values()) == 0


@pytest.mark.parametrize(
    "before, runs, repeats",
    [
        ([], 1, 1),
        ([(1, 2), (3, 1), ("five", 1)], 1, 1),
        ([(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), ("five", 1)], 1, 1),
        ([(1, 2), ("five", 1)], 2, 2),
    ],
    ids=["nothing cached", "a part cached", "all cached", "runs and repeats"],
)
def test_the_dry_run_says_what_the_run_then_asks(
    small_set: Path,
    endpoint: Server,
    tmp_path: Path,
    before: list[tuple[QuestionId, int]],
    runs: int,
    repeats: int,
) -> None:
    plan = plan_of(small_set, endpoint.url, runs=runs, repeats=repeats)
    measure(plan, [TurnKey(SUITE, *turn) for turn in before], tmp_path / "cache")
    said = counts(estimated(plan, plan.turns(), tmp_path / "cache"))
    endpoint.clear()
    measure(plan, plan.turns(), tmp_path / "cache")
    assert said["answer"][0] == len(endpoint.answers)
    assert said["judgment"][0] == len(endpoint.judgments)
    assert said["answer"][1] == runs * TURNS - len(endpoint.answers)
    assert said["judgment"][1] == runs * repeats * TURNS - len(endpoint.judgments)


@pytest.mark.parametrize(
    "answer, judgment, expected",
    [
        ("<think>hm</think>42", "[[8]]", {"answer": (0, 1), "judgment": (0, 1)}),
        ("", "[[1]]", {"answer": (0, 1), "judgment": (0, 1)}),
        ("42", "No idea.", {"answer": (0, 1), "judgment": (1, 0)}),
    ],
    ids=["thinking", "empty answer", "no rating"],
)
def test_only_what_can_be_used_is_there(
    small_set: Path,
    endpoint: Server,
    tmp_path: Path,
    answer: str,
    judgment: str,
    expected: dict[str, tuple[int, int]],
) -> None:
    endpoint.answer, endpoint.judge = lambda asked: answer, lambda asked: judgment
    plan, keys = plan_of(small_set, endpoint.url), [TurnKey(SUITE, "five", 1)]
    measure(plan, keys, tmp_path / "cache")
    assert counts(estimated(plan, keys, tmp_path / "cache")) == expected


def test_another_prompt_finds_nothing_that_is_cached(small_set: Path, endpoint: Server, tmp_path: Path) -> None:
    plan, keys = plan_of(small_set, endpoint.url), [TurnKey(SUITE, 3, 2)]
    measure(plan, keys, tmp_path / "cache")
    other = plan_of(small_set, endpoint.url, system_prompt="Be brief.")
    assert counts(estimated(plan, keys, tmp_path / "cache")) == {"answer": (0, 2), "judgment": (0, 1)}
    assert counts(estimated(other, keys, tmp_path / "cache")) == {"answer": (2, 0), "judgment": (1, 0)}


def test_what_follows_an_unknown_answer_is_unknown_too(small_set: Path) -> None:
    """A stand-in for an unknown answer must not find what is stored for a real one."""

    def all_but_the_first_answer(kind: Kind, request: ChatRequest) -> str | None:
        return None if kind == "answer" and len(request.messages) == 2 else "there"

    plan = plan_of(small_set)
    found = estimate(plan, [TurnKey(SUITE, 1, 1), TurnKey(SUITE, 1, 2)], all_but_the_first_answer)
    assert counts(found) == {"answer": (2, 0), "judgment": (2, 0)}


def test_more_repeats_are_asked_on_top(small_set: Path, endpoint: Server, tmp_path: Path) -> None:
    numbers = iter(range(100))
    endpoint.answer = lambda asked: f"answer {next(numbers)}"
    keys = [TurnKey(SUITE, "five", 1)]
    measure(plan_of(small_set, endpoint.url, runs=2), keys, tmp_path / "cache")
    more = plan_of(small_set, endpoint.url, runs=2, repeats=2)
    said = counts(estimated(more, keys, tmp_path / "cache"))
    endpoint.clear()
    measure(more, keys, tmp_path / "cache")
    assert (said["answer"][0], said["judgment"][0]) == (len(endpoint.answers), len(endpoint.judgments))
    assert not endpoint.answers


def test_answers_that_exist_are_judged_alone(small_set: Path) -> None:
    plan = plan_of(small_set)
    there = {(*key.place, 0): "an answer" for key in plan.turns()}
    found = estimate(with_answers(plan, there), plan.turns(), unknown)
    assert counts(found) == {"answer": (0, TURNS), "judgment": (TURNS, 0)}


def test_an_answer_that_exists_and_is_empty_is_an_answer(small_set: Path) -> None:
    plan = plan_of(small_set)
    there = {(*key.place, 0): "" for key in plan.turns()}
    found = estimate(with_answers(plan, there), plan.turns(), unknown)
    assert counts(found)["answer"] == (0, TURNS)


# Tokens and money.


def test_longer_material_means_more_tokens(small_set: Path) -> None:
    plan = plan_of(small_set)
    longer = plan_of(small_set, system_prompt="Be brief. " * 400)
    short, long = (estimate(one, one.turns(), unknown).usage["answer"] for one in (plan, longer))
    assert long.input_tokens - short.input_tokens == pytest.approx(TURNS * 4000 / 4, rel=0.05)
    assert long.output_tokens == short.output_tokens > 0


def test_what_is_there_costs_nothing(small_set: Path) -> None:
    plan = plan_of(small_set)
    found = estimate(plan, plan.turns(), lambda kind, request: "there")
    assert [(usage.input_tokens, usage.output_tokens) for usage in found.usage.values()] == [(0, 0), (0, 0)]


def test_the_cost_is_tokens_times_prices(small_set: Path) -> None:
    where = Endpoint(url="http://127.0.0.1:9/v1")
    model, judge = Answerer("m", where, price=(2.0, 8.0)), Role(JUDGE, where, price=(10.0, 30.0))
    plan = plan_of(small_set, model=model, judge=judge)
    found = estimate(plan, plan.turns(), unknown)
    answers, judgments = found.usage["answer"], found.usage["judgment"]
    by_hand = 2 * answers.input_tokens + 8 * answers.output_tokens
    by_hand += 10 * judgments.input_tokens + 30 * judgments.output_tokens
    assert found.cost(plan) == pytest.approx(by_hand / 1_000_000)
    assert answers.output_tokens > 0
    assert judgments.input_tokens > answers.input_tokens


@pytest.mark.parametrize("priced", [(), ("model",), ("judge",)], ids=str)
def test_without_every_price_the_cost_is_unknown_and_not_less(small_set: Path, priced: tuple[str, ...]) -> None:
    where = Endpoint(url="http://127.0.0.1:9/v1")
    model, judge = (
        Answerer(name, where, price=(1, 1) if role in priced else None)
        for role, name in (("model", "m"), ("judge", JUDGE))
    )
    plan = plan_of(small_set, model=model, judge=judge)
    assert estimate(plan, plan.turns(), unknown).cost(plan) is None


def test_the_estimate_is_near_what_is_then_used(small_set: Path, endpoint: Server, tmp_path: Path) -> None:
    """A guess within a factor of three where answers are about as long as real ones."""
    endpoint.answer = lambda asked: "It rains on the roof and on the road. " * 35
    seen: list[Asked] = []

    def before(asked: Asked, number: int) -> Reply | None:
        seen.append(asked)
        return None

    endpoint.before = before
    plan = plan_of(small_set, endpoint.url)
    found = estimate(plan, plan.turns(), unknown)
    measure(plan, plan.turns(), tmp_path / "cache")
    assert len(seen) == CALLS
    for kind, judged in (("answer", False), ("judgment", True)):
        sent = sum(len(m["content"]) for asked in seen if asked.is_judge is judged for m in asked.messages)
        guess = found.usage[kind].input_tokens  # type: ignore[index]
        assert sent / 4 / 3 < guess < sent / 4 * 3


def test_each_judge_of_a_jury_is_counted_and_priced_on_its_own(
    small_set: Path, endpoint: Server, tmp_path: Path
) -> None:
    alone = plan_of(small_set, endpoint.url)
    first, second = (
        replace(alone.judge, price=(0, 1000)),
        replace(alone.judge, name=SECOND, label=SECOND, price=(0, 10)),
    )
    plan = replace(alone, judge=first, jury=(Juror(first), Juror(second)), model=replace(alone.model, price=(0, 0)))
    measure(alone, [TurnKey(SUITE, "five", 1)], tmp_path / "cache")
    found = estimated(plan, plan.turns(), tmp_path / "cache")
    assert counts(found)["judgment"] == (2 * TURNS - 1, 1)
    assert counts(found.jury[JUDGE])["judgment"] == (TURNS - 1, 1)
    assert counts(found.jury[SECOND])["judgment"] == (TURNS, 0)
    costs = found.cost_of_judging(plan)
    assert costs == pytest.approx([(TURNS - 1) * 200 * 0.001, TURNS * 200 * 0.00001])
    assert found.cost(plan) == pytest.approx(sum(cost or 0 for cost in costs))
    unpriced = replace(plan, jury=(Juror(first), Juror(replace(second, price=None))))
    assert found.cost(unpriced) is None
