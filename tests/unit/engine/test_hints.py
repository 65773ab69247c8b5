from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pytest_mtbench.domain.chat import ChatReply, ChatRequest
from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.engine.cache_thread import CacheThread
from pytest_mtbench.engine.hints import Hints, step
from pytest_mtbench.engine.plan import Plan

from ...engine_harness import measure, plan_of
from ...server import Asked, Reply, Server
from ...sets import write_set

FIRST, SECOND = step("answer", 81, 1), step("answer", 81, 2)
JUDGED, JUDGED_AGAIN = step("judgment", 81, 1), step("judgment", 81, 2)


def weight(cache: ReplyCache | None, *asked: tuple[str, list[str]]) -> list[float]:
    async def run() -> list[float]:
        thread = CacheThread(cache)
        hints = Hints(thread)
        weights = [await hints.weight(own, then) for own, then in asked]
        await thread.close()
        return weights

    return asyncio.run(run())


def test_a_step_weighs_what_follows_from_it_and_half_of_its_own_time(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "cache", lambda note: None)
    for number, (name, seconds) in enumerate([(FIRST, 4.0), (JUDGED, 1.5), (SECOND, 6.0), (JUDGED_AGAIN, 0.25)]):
        cache.put(
            ChatRequest("http://e/v1", "m", (), 0.0, 9, number), ChatReply("", seconds=seconds), str(number), name
        )
    cache.close()
    first = (FIRST, [JUDGED, SECOND, JUDGED_AGAIN])
    assert weight(cache, first, (SECOND, [JUDGED_AGAIN]), (JUDGED, []), first) == [9.75, 3.25, 0.75, 9.75]


def test_a_step_that_was_never_timed_counts_as_a_second() -> None:
    assert weight(None, (FIRST, [JUDGED, SECOND, JUDGED_AGAIN]), (SECOND, [JUDGED_AGAIN])) == [3.5, 1.5]


@pytest.fixture
def plan_of_four(endpoint: Server, tmp_path: Path) -> Plan:
    rows = [{"question_id": n, "category": "trivia", "turns": [f"word {n}"]} for n in range(4)]
    return plan_of(write_set(tmp_path / "four", rows), endpoint.url)


@pytest.mark.parametrize("slow", ["model", "judge"])
def test_what_took_longest_in_an_earlier_run_goes_first(
    endpoint: Server, plan_of_four: Plan, tmp_path: Path, slow: str
) -> None:
    answer, judge = endpoint.answer, endpoint.judge

    def late(asked: Asked, reply: Reply | str) -> Reply | str:
        return (
            Reply(str(reply), hang=0.3) if "word 3" in asked.prompt and asked.is_judge == (slow == "judge") else reply
        )

    endpoint.answer = lambda asked: late(asked, answer(asked))
    endpoint.judge = lambda asked: late(asked, judge(asked))
    first = measure(plan_of_four, tmp_path / "cache")
    endpoint.clear()
    again = measure(plan_of_four, tmp_path / "cache", "refresh", limit=1)
    prompts = [asked.prompt for asked in endpoint.answers]
    assert sorted(prompts) == [f"word {n}" for n in range(4)]
    assert prompts.index("word 3") < 2, "the very first may start before the others have asked"
    assert {place: result.score for place, result in again.results.items()} == {
        place: result.score for place, result in first.results.items()
    }


def test_a_run_without_an_earlier_one_keeps_the_order_of_the_questions(
    endpoint: Server, plan_of_four: Plan, tmp_path: Path
) -> None:
    measure(plan_of_four, tmp_path / "cache", limit=1)
    assert [asked.prompt for asked in endpoint.answers] == [f"word {n}" for n in range(4)]
