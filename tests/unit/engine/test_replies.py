from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pytest_mtbench.domain.chat import CacheMode, ChatRequest, Usage
from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.engine.plan import Plan, user_text

from ...engine_harness import (
    AT_ONCE,
    CALLS,
    LEGS,
    SUITE,
    TURNS,
    measure,
    running,
    story,
    with_answers,
)
from ...server import JUDGE, Asked, Reply, Server, error

# -- the cache


@pytest.mark.parametrize(
    "mode, again",
    [
        ("all", (0, TURNS, 0, TURNS)),
        ("judgments", (TURNS, 0, 0, TURNS)),
        ("refresh", (TURNS, 0, TURNS, 0)),
        ("off", (TURNS, 0, TURNS, 0)),
        ("only", (0, TURNS, 0, TURNS)),
    ],
)
def test_a_mode_decides_what_is_asked_again(
    endpoint: Server, plan: Plan, tmp_path: Path, mode: CacheMode, again: tuple[int, int, int, int]
) -> None:
    measure(plan, tmp_path / "cache")
    endpoint.clear()
    second = measure(plan, None if mode == "off" else tmp_path / "cache", mode)
    assert second.counts == again
    assert len(endpoint.answers) == again[0]
    assert len(endpoint.judgments) == again[2]
    assert all(result.score == 8 for result in second.results.values())


@pytest.mark.parametrize("mode", ["judgments", "refresh"])
def test_what_is_asked_anew_is_stored_for_the_next_run(
    endpoint: Server, plan: Plan, tmp_path: Path, mode: CacheMode
) -> None:
    measure(plan, tmp_path / "cache")
    endpoint.answer = lambda asked: "a new answer"
    endpoint.judge = lambda asked: "[[3]]"
    measure(plan, tmp_path / "cache", mode)
    endpoint.clear()
    third = measure(plan, tmp_path / "cache")
    assert endpoint.asked == []
    assert {result.answer for result in third.results.values()} == {"a new answer"}
    assert {result.score for result in third.results.values()} == {3}


def test_new_answers_are_judged_anew_and_old_ones_are_not(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    measure(plan, tmp_path / "cache")
    answer = endpoint.answer
    endpoint.answer = lambda asked: "changed" if asked.prompt == LEGS else answer(asked)
    second = measure(plan, tmp_path / "cache", "judgments")
    assert second.counts == (TURNS, 0, 1, TURNS - 1)


def test_only_never_asks_and_says_what_changed(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    measure(plan, tmp_path / "cache")
    endpoint.clear()
    moved = measure(replace(plan, model=replace(plan.model, revision="2026-11")), tmp_path / "cache", "only")
    assert endpoint.asked == []
    for result in moved.results.values():
        assert result.score is None
        assert "revision" in (result.unscored or "")
        assert "2026-11" in (result.unscored or "")


def test_cached_replies_cost_nothing_and_tell_their_age(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    before = time.time()
    first = measure(plan, tmp_path / "cache")
    assert first.engine.tallies[SUITE].answer_usage.output_tokens == 10 * TURNS
    assert first.engine.tallies[SUITE].oldest_cached_answer is None
    after = time.time()
    tally = measure(plan, tmp_path / "cache").engine.tallies[SUITE]
    assert tally.answer_usage == tally.judgment_usage == Usage()
    assert tally.oldest_cached_answer is not None
    assert before <= tally.oldest_cached_answer <= after
    assert tally.judges_served == [JUDGE]


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "no"),
        error(500, "busy", **AT_ONCE),
        Reply(None, finish_reason="content_filter"),
        Reply("half an ans", finish_reason="content_filter"),
        Reply("", finish_reason="length"),
        Reply(body={"choices": [{"finish_reason": "stop", "message": {"content": None, "refusal": "I will not."}}]}),
    ],
    ids=["400", "500", "filter", "filter-half", "length", "refusal"],
)
def test_errors_and_refusals_are_never_stored(endpoint: Server, plan: Plan, tmp_path: Path, reply: Reply) -> None:
    async def act() -> None:
        async with running(plan, tmp_path / "cache") as this:
            endpoint.answer = lambda asked: reply
            await this.turn("five", 1)
        assert stored_replies(tmp_path / "cache") == {}
        async with running(plan, tmp_path / "cache") as this:
            endpoint.answer = lambda asked: "fine now"
            assert (await this.turn("five", 1)).answer == "fine now"

    story(act)


def test_an_answer_that_stays_empty_is_stored_when_it_is_believed(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    stored: list[dict[str, str]] = []

    def answer(asked: Asked) -> str:
        stored.append(stored_replies(tmp_path / "cache"))
        return ""

    endpoint.answer = answer

    async def act() -> None:
        for _ in range(2):
            async with running(plan, tmp_path / "cache") as this:
                assert (await this.turn("five", 1)).score == 8

    story(act)
    assert stored == [{}, {}, {}], "three tries, none stored before the last, and none in the next run"


def stored_replies(folder: Path, *, of_judge: bool = False) -> dict[str, str]:
    """What the folder holds of the model's replies or of the judge's, by the last message."""
    with contextlib.closing(sqlite3.connect(folder / "cache.db")) as connection:
        rows = [json.loads(value) for (value,) in connection.execute("SELECT value FROM Cache WHERE length(key) = 64")]
    return {
        row["request"]["messages"][-1]["content"]: row["reply"]["text"]
        for row in rows
        if (row["request"]["model"] == JUDGE) == of_judge
    }


def test_a_judgment_without_a_rating_is_not_stored(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    endpoint.judge = lambda asked: "no rating"
    measure(plan, tmp_path / "cache")
    assert stored_replies(tmp_path / "cache", of_judge=True) == {}
    endpoint.judge = lambda asked: "[[5]]"
    second = measure(plan, tmp_path / "cache")
    assert second.counts == (0, TURNS, TURNS, 0)
    assert {result.score for result in second.results.values()} == {5}


def test_a_stored_judgment_is_read_again_by_the_rules_of_today(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    measure(plan, tmp_path / "cache")
    with contextlib.closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as connection:
        connection.execute("UPDATE Cache SET value = replace(value, '[[8]]', '[[3]]') WHERE length(key) = 64")
        connection.commit()
    endpoint.clear()
    assert {result.score for result in measure(plan, tmp_path / "cache").results.values()} == {3}
    assert endpoint.asked == []


def test_a_stored_judgment_that_holds_no_rating_any_more_is_asked_for_again(
    endpoint: Server, plan: Plan, tmp_path: Path
) -> None:
    measure(plan, tmp_path / "cache")
    with contextlib.closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as connection:
        connection.execute("UPDATE Cache SET value = replace(value, '[[8]]', 'eight') WHERE length(key) = 64")
        connection.commit()
    again = measure(plan, tmp_path / "cache")
    assert again.counts == (0, TURNS, TURNS, 0)
    assert {result.score for result in again.results.values()} == {8}


def test_a_reply_is_stored_before_the_next_request_is_sent(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    """Killed at any moment, the next run repeats at most what was in flight."""
    stored: list[int] = []

    def answer(asked: Asked) -> str:
        stored.append(len(stored_replies(tmp_path / "cache")))
        return "an answer"

    endpoint.answer = answer
    measure(plan, tmp_path / "cache", limit=1)
    assert stored == list(range(TURNS))


def test_two_engines_on_one_folder_do_not_ask_twice(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    endpoint.latency = 0.01

    async def act() -> None:
        async with running(plan, tmp_path / "cache") as one, running(plan, tmp_path / "cache") as other:
            results = await asyncio.gather(one.all(), other.all())
            assert results[0] == results[1]
            tallies = [run.engine.tallies[SUITE] for run in (one, other)]
            assert sum(tally.answers.made for tally in tallies) == TURNS
            assert sum(tally.judgments.cached for tally in tallies) == TURNS

    story(act)
    assert len(endpoint.asked) == CALLS


def test_an_engine_that_gives_up_lets_another_ask(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    arrived = threading.Event()

    def hang(asked: Asked, number: int) -> Reply | None:
        arrived.set()
        return Reply(hang=30) if number == 0 else None

    endpoint.before = hang

    async def act() -> None:
        async with running(plan, tmp_path / "cache") as other:
            async with running(plan, tmp_path / "cache") as one:
                hanging = asyncio.create_task(one.turn("five", 1))
                await asyncio.to_thread(arrived.wait, 5)
                waiting = asyncio.create_task(other.turn("five", 1))
            assert (await waiting).score == 8
            hanging.cancel()
            await asyncio.gather(hanging, return_exceptions=True)

    story(act)


def test_a_claim_that_is_being_made_when_the_run_stops_is_given_back(
    endpoint: Server, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claiming = threading.Event()
    claim = ReplyCache.claim

    def slowly(cache: ReplyCache, request: ChatRequest) -> bool:
        claimed = claim(cache, request)
        claiming.set()
        time.sleep(0.3)
        return claimed

    monkeypatch.setattr(ReplyCache, "claim", slowly)

    async def act() -> None:
        async with running(plan, tmp_path / "cache") as this:
            waiting = asyncio.create_task(this.turn("five", 1))
            assert await asyncio.to_thread(claiming.wait, 5)
        await asyncio.gather(waiting, return_exceptions=True)

    story(act)
    with contextlib.closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as connection:
        assert connection.execute("SELECT count(*) FROM Cache").fetchone() == (0,)


def test_requests_that_are_the_same_are_made_once_in_any_mode(endpoint: Server, plan: Plan) -> None:
    other = replace(plan, key="other.mtbench.yaml")

    async def act() -> None:
        async with running(plan, others=(other,)) as this:
            await this.turns(*plan.turns(), *other.turns())
            tallies = this.engine.tallies
            assert sum(tally.answers.made for tally in tallies.values()) == TURNS
            assert sum(tally.answers.cached for tally in tallies.values()) == TURNS
            assert sum(tally.answer_usage.output_tokens for tally in tallies.values()) == 10 * TURNS

    story(act)
    assert len(endpoint.asked) == CALLS


# -- what exists already


@dataclass
class Recorded:
    """Judgments by prompt, as a file of them would give."""

    judgments: dict[str, str]

    def judgment(self, judge: str, prompt: str, sample: int) -> str | None:
        return self.judgments.get(prompt) if (judge, sample) == (JUDGE, 0) else None


def test_answers_that_exist_are_judged_and_not_asked_for(endpoint: Server, plan: Plan) -> None:
    answers: dict[tuple[QuestionId, int, int], str] = {
        (key.question_id, key.turn, 0): f"given {key.question_id}-{key.turn}" for key in plan.turns()
    }
    measured = measure(with_answers(plan, answers))
    assert endpoint.answers == []
    assert measured.counts == (0, TURNS, TURNS, 0)
    assert measured.results[1, 2].answer == "given 1-2"
    assert any("given 1-1" in asked.prompt and "given 1-2" in asked.prompt for asked in endpoint.judgments)


def test_a_missing_answer_is_a_reason(endpoint: Server, plan: Plan) -> None:
    measured = measure(with_answers(plan, {(1, 1, 0): "given"}))
    assert measured.results[1, 1].score == 8
    assert measured.results[1, 2].score is None
    assert "--mtbench-answers" in (measured.results[1, 2].unscored or "")
    assert len(endpoint.asked) == 1


def test_recorded_judgments_count_as_cached_where_the_prompt_is_the_same(endpoint: Server, plan: Plan) -> None:
    question = plan.question("five")
    prompt = user_text(plan.judge_request(question, ["Eight."], 0).messages)
    answers: dict[tuple[QuestionId, int, int], str] = {("five", 1, 0): "Eight."}
    recordings = {SUITE: Recorded({prompt: "Quite so. [[9]]"})}

    async def act() -> None:
        async with running(with_answers(plan, answers), recordings=recordings) as this:
            assert (await this.turn("five", 1)).score == 9
            assert this.engine.tallies[SUITE].judgments.cached == 1
        async with running(with_answers(plan, {("five", 1, 0): "Eight"}), recordings=recordings) as this:
            assert (await this.turn("five", 1)).score == 8

    story(act)
    assert len(endpoint.asked) == 1


def test_two_suites_that_share_a_cached_answer_both_tell_its_age(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    measure(plan, tmp_path / "cache")
    second = replace(plan, key="second")

    async def act() -> None:
        async with running(plan, tmp_path / "cache", others=(second,)) as this:
            await this.turns(*plan.turns(), *second.turns())
            ages = [this.engine.tallies[key].oldest_cached_answer for key in (SUITE, "second")]
            assert ages[0] is not None
            assert ages[0] == ages[1]
            assert this.engine.tallies["second"].against_usage == Usage()

    story(act)


def test_a_recorded_judgment_without_a_rating_is_asked_for_again(endpoint: Server, plan: Plan) -> None:
    prompt = user_text(plan.judge_request(plan.question("five"), ["Eight."], 0).messages)
    there = with_answers(plan, {("five", 1, 0): "Eight."})

    async def act() -> None:
        async with running(there, recordings={SUITE: Recorded({prompt: "I cannot say."})}) as this:
            assert (await this.turn("five", 1)).score == 8
            assert len(endpoint.judgments) == 1

    story(act)


def test_a_recorded_judgment_claims_no_name_of_the_judge(endpoint: Server, plan: Plan) -> None:
    """A baseline's judge was served as another name than it is asked by; a file does not say how it was served."""
    prompt = user_text(plan.judge_request(plan.question("five"), ["Eight."], 0).messages)
    there = replace(with_answers(plan, {("five", 1, 0): "Eight."}), judges_served=frozenset({"judge-0613"}))

    async def act() -> None:
        async with running(there, recordings={SUITE: Recorded({prompt: "[[9]]"})}) as this:
            assert (await this.turn("five", 1)).score == 9
            assert this.engine.tallies[SUITE].judges_served == []

    story(act)
