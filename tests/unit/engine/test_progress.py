from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_mtbench.domain.endpoint import Answerer
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.engine.progress import Pace, Progress, Steps

from ...engine_harness import LEGS, RAIN, SUITE, plan_of, running, story, with_answers
from ...server import Asked, Reply, Server
from ...sets import QUESTIONS, write_set


@pytest.fixture
def plan(endpoint: Server, tmp_path: Path) -> Plan:
    """Two turns and one."""
    return plan_of(write_set(tmp_path / "two", [QUESTIONS[0], QUESTIONS[4]]), endpoint.url)


def made(answers: int, judgments: int, of: int = 100) -> Progress:
    return Progress(Steps(answers, of, answers), Steps(judgments, of, judgments))


def counts(progress: Progress) -> tuple[tuple[int, int], tuple[int, int]]:
    """Done and due of answers and judgments."""
    return (progress.answers.done, progress.answers.due), (progress.judgments.done, progress.judgments.due)


# -- the time left


def test_the_slower_of_answers_and_judgments_tells_the_time_left() -> None:
    pace = Pace()
    assert pace.seconds_left(0, made(0, 0)) is None
    assert pace.seconds_left(10, made(20, 10)) == pytest.approx(90)  # 90 judgments at one a second
    assert pace.seconds_left(20, made(100, 20)) == pytest.approx(80)


def test_too_few_replies_tell_nothing() -> None:
    pace = Pace()
    pace.seconds_left(0, made(0, 0))
    assert pace.seconds_left(10, made(50, 2)) is None
    assert pace.seconds_left(11, made(50, 3)) is not None


def test_the_last_minute_counts_and_not_what_was_before() -> None:
    pace = Pace()
    for second in range(0, 100, 10):
        pace.seconds_left(second, made(second, second, 1000))  # one a second
    for second in range(100, 200, 10):
        left = pace.seconds_left(second, made(100 + (second - 100) * 4, 100 + (second - 100) * 4, 1000))
    assert left == pytest.approx((1000 - 460) / 4)


def test_where_the_last_minute_saw_hardly_anything_the_whole_run_tells() -> None:
    pace = Pace()
    for second in range(0, 400, 10):
        left = pace.seconds_left(second, made(second // 40, second // 40, 20))
    assert left == pytest.approx(11 * 390 / 9)


def test_what_the_cache_held_is_no_pace() -> None:
    pace = Pace()
    pace.seconds_left(0, Progress())
    cached = Progress(Steps(90, 100, 0), Steps(90, 100, 0))
    assert pace.seconds_left(1, cached) is None
    assert pace.seconds_left(11, Progress(Steps(95, 100, 5), Steps(95, 100, 5))) == pytest.approx(11)


def test_nothing_left_needs_no_time() -> None:
    assert Pace().seconds_left(0, made(100, 100)) == 0
    assert made(100, 100).left == 0
    assert made(98, 95).left == 7


# -- the engine's own count


def test_all_that_will_be_asked_is_counted_from_the_beginning(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        async with running(plan) as this:
            assert counts(this.engine.progress) == ((0, 0), (0, 0))
            turns = asyncio.gather(*(this.engine.turn(key) for key in plan.turns()))
            seen = []
            while not turns.done():
                seen.append(counts(this.engine.progress))
                await asyncio.sleep(0)
            assert ((0, 3), (0, 3)) in seen
            assert this.engine.progress == Progress(Steps(3, 3, 3), Steps(3, 3, 3))

    story(act)


def test_a_second_turn_alone_needs_the_first_answer_and_one_judgment(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        async with running(plan) as this:
            await this.turn(1, 2)
            assert counts(this.engine.progress) == ((2, 2), (1, 1))

    story(act)


@pytest.mark.parametrize("runs, repeats", [(2, 1), (1, 3), (2, 2)])
def test_runs_and_repeats_count(endpoint: Server, plan: Plan, runs: int, repeats: int) -> None:
    async def act() -> None:
        async with running(replace(plan, runs=runs, repeats=repeats)) as this:
            await this.all()
            assert counts(this.engine.progress) == ((3 * runs, 3 * runs), (3 * runs * repeats, 3 * runs * repeats))

    story(act)


def test_games_count_both_orders_and_the_other_answers(endpoint: Server, plan: Plan) -> None:
    other = Answerer("other", plan.model.endpoint)
    endpoint.judge = lambda asked: "[[A]]"

    async def act() -> None:
        async with running(replace(plan, opponents=(other,))) as this:
            await this.all()
            assert counts(this.engine.progress) == ((6, 6), (6, 6))

    story(act)


@pytest.mark.parametrize("mode", ["single", "pairwise"])
@pytest.mark.parametrize("whose", ["m", "other"])
def test_what_cannot_be_judged_is_not_waited_for(endpoint: Server, plan: Plan, mode: str, whose: str) -> None:
    opponents = (Answerer("other", plan.model.endpoint),) if mode == "pairwise" else ()

    def refused(asked: Asked, number: int) -> Reply | None:
        return Reply("", finish_reason="SAFETY") if asked.model == whose and RAIN in asked.prompt else None

    endpoint.before = refused
    endpoint.judge = lambda asked: "[[A]] " if opponents else "[[7]]"

    async def act() -> None:
        async with running(replace(plan, opponents=opponents)) as this:
            for runs in (1, 1, 2):  # asked for again, with one run more
                for key in plan.turns():
                    await this.engine.turn(key, runs)
                assert this.engine.progress.left == 0
            assert this.engine.progress.answers.done == 2 * 3 * (1 + len(opponents))

    story(act)


def test_stored_answers_are_no_progress(endpoint: Server, plan: Plan) -> None:
    stored = with_answers(plan, {("five", 1, 0): LEGS})

    async def act() -> None:
        async with running(stored) as this:
            await this.engine.turn(TurnKey(SUITE, "five", 1))
            assert counts(this.engine.progress) == ((0, 0), (1, 1))

    story(act)


def test_what_was_cached_is_done_and_not_made(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    async def act() -> None:
        async with running(plan, tmp_path / "cache") as this:
            await this.all()
        async with running(plan, tmp_path / "cache") as this:
            await this.all()
            assert this.engine.progress == Progress(Steps(3, 3, 0), Steps(3, 3, 0))

    story(act)
