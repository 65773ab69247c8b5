from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_mtbench.domain.endpoint import Answerer, Role
from pytest_mtbench.domain.endpoint import Endpoint as Address
from pytest_mtbench.domain.errors import FatalError
from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.engine.plan import Plan

from ...engine_harness import (
    CALLS,
    LEGS,
    MINUS,
    RAIN,
    RAIN_AGAIN,
    SUITE,
    TIMES,
    TURNS,
    measure,
    plan_of,
    running,
    story,
)
from ...results import rated
from ...server import JUDGE, Asked, Reply, Server, error
from ...sets import write_set

# -- a whole run


def test_every_turn_is_answered_and_judged_once(endpoint: Server, plan: Plan) -> None:
    endpoint.judge = lambda asked: "Good. Rating: [[7.5]]"
    measured = measure(plan)
    assert len(measured.results) == TURNS
    assert len(endpoint.asked) == CALLS
    assert measured.counts == (TURNS, 0, TURNS, 0)
    for (question_id, turn), result in measured.results.items():
        assert (result.score, result.scores, result.unscored) == (7.5, (7.5,), None)
        assert result.key == TurnKey(SUITE, question_id, turn)
        assert result.judgment == "Good. Rating: [[7.5]]"
        assert result.answer.startswith("an answer to")
        assert result.flags == ()
    assert {result.category for result in measured.results.values()} == {"writing", "trivia"}
    assert measured.engine.tallies[SUITE].judges_served == [JUDGE]


def test_the_second_request_holds_the_models_own_first_answer(endpoint: Server, plan: Plan) -> None:
    endpoint.answer = lambda asked: f"<<{asked.prompt}>>"
    measured = measure(plan)
    (second,) = [asked for asked in endpoint.answers if asked.prompt == RAIN_AGAIN]
    assert [(message["role"], message["content"]) for message in second.messages] == [
        ("system", "You are a helpful assistant."),
        ("user", RAIN),
        ("assistant", f"<<{RAIN}>>"),
        ("user", RAIN_AGAIN),
    ]
    assert measured.results[1, 2].runs[0].earlier == (f"<<{RAIN}>>",)
    assert measured.results[1, 2].answer == f"<<{RAIN_AGAIN}>>"


def test_the_second_judgment_holds_both_turns_and_the_first_only_one(endpoint: Server, plan: Plan) -> None:
    endpoint.answer = lambda asked: f"<<{asked.prompt}>>"
    measure(plan)
    prompts = [asked.prompt for asked in endpoint.judgments if RAIN in asked.prompt]
    first, second = sorted(prompts, key=lambda prompt: RAIN_AGAIN in prompt)
    assert f"<<{RAIN}>>" in first
    assert RAIN_AGAIN not in first
    assert f"<<{RAIN}>>" in second
    assert f"<<{RAIN_AGAIN}>>" in second


def test_math_is_judged_with_its_reference_and_writing_without(endpoint: Server, plan_of_three: Plan) -> None:
    measure(plan_of_three)
    times = [asked.prompt for asked in endpoint.judgments if TIMES in asked.prompt]
    assert len(times) == 2
    assert all("42" in prompt for prompt in times)
    assert ["40" in prompt for prompt in sorted(times, key=lambda prompt: MINUS in prompt)] == [
        False,
        True,
    ]


def test_the_protocols_parameters_are_sent(endpoint: Server, plan_of_three: Plan) -> None:
    measure(plan_of_three)
    by_prompt = {asked.prompt: asked.body for asked in endpoint.answers}
    assert by_prompt[RAIN]["temperature"] == 0.7
    assert by_prompt[TIMES]["temperature"] == 0
    assert by_prompt[LEGS]["temperature"] == 0.7
    assert {body["max_tokens"] for body in by_prompt.values()} == {1024}
    assert {(asked.body["temperature"], asked.body["max_tokens"]) for asked in endpoint.judgments} == {(0, 2048)}


# -- the order of things


def test_a_first_answer_is_judged_while_the_second_is_written(endpoint: Server, plan: Plan) -> None:
    judged = threading.Event()

    def answer(asked: Asked) -> str:
        if asked.prompt == RAIN_AGAIN:
            assert judged.wait(8), "the first answer was not judged before the second was there"
        return "an answer"

    def judge(asked: Asked) -> str:
        judged.set()
        return "[[8]]"

    endpoint.answer, endpoint.judge = answer, judge

    async def act() -> None:
        async with running(plan) as this:
            await this.turns(TurnKey(SUITE, 1, 1), TurnKey(SUITE, 1, 2))

    story(act)
    assert judged.is_set()


def test_a_second_answer_is_written_while_the_first_is_judged(endpoint: Server, plan: Plan) -> None:
    written = threading.Event()

    def answer(asked: Asked) -> str:
        if asked.prompt == RAIN_AGAIN:
            written.set()
        return "an answer"

    def judge(asked: Asked) -> str:
        assert written.wait(8), "the second answer waited for the first judgment"
        return "[[8]]"

    endpoint.answer, endpoint.judge = answer, judge

    async def act() -> None:
        async with running(plan) as this:
            results = await this.turns(TurnKey(SUITE, 1, 1), TurnKey(SUITE, 1, 2))
            assert {result.score for result in results.values()} == {8}

    story(act)


def test_the_longest_chain_goes_first(endpoint: Server, tmp_path: Path) -> None:
    one_turn = [{"question_id": n, "category": "trivia", "turns": [f"single {n}"]} for n in range(3)]
    two_turns = [
        {"question_id": n + 10, "category": "trivia", "turns": [f"first {n}", f"second {n}"]} for n in range(3)
    ]
    plan = plan_of(write_set(tmp_path / "mixed", [*one_turn, *two_turns]), endpoint.url)
    measure(plan, limit=1)
    prompts = [asked.prompt for asked in endpoint.answers]
    # The very first was started before the others had asked.
    assert [prompt.split()[0] for prompt in prompts[1:4]].count("first") == 3 - prompts[0].startswith("first")
    assert max(prompts.index(f"first {n}") for n in range(3)) < 4


@pytest.mark.parametrize("budget", [None, 1500.0], ids=["free", "bound"])
def test_the_first_run_goes_before_the_second(endpoint: Server, plan_of_three: Plan, budget: float | None) -> None:
    """A budget that allows one request at a time does not lose the order either."""
    firsts = {RAIN, TIMES, LEGS}
    model = replace(plan_of_three.model, price=(0, 0.9e6) if budget else None)
    judge = replace(plan_of_three.judge, price=(0, 0.4e6) if budget else None)
    measure(replace(plan_of_three, runs=2, model=model, judge=judge, budget=budget), limit=1)
    order = [asked.prompt for asked in endpoint.answers if asked.prompt in firsts]
    assert set(order[: len(firsts)]) == firsts
    assert set(order[len(firsts) :]) == firsts


def test_asking_for_a_second_turn_alone_answers_the_first_but_does_not_judge_it(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        async with running(plan) as this:
            assert (await this.turn(1, 2)).score == 8
            assert len(endpoint.answers) == 2
            assert len(endpoint.judgments) == 1
            assert (await this.turn(1, 1)).score == 8
            assert len(endpoint.answers) == 2
            assert len(endpoint.judgments) == 2

    story(act)


def test_an_answer_alone_is_judged_later_and_once(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        async with running(replace(plan, runs=2)) as this:
            key = TurnKey(SUITE, 1, 2)
            alone = await this.engine.turn(key, upto="answer")
            assert (alone.judged, alone.score, alone.unscored, len(alone.runs)) == (False, None, None, 1)
            assert alone.no_score == "not judged"
            assert (len(endpoint.answers), len(endpoint.judgments)) == (2, 0)
            assert this.engine.progress.judgments.due == 0
            judged = await this.engine.turn(key)
            assert (judged.judged, judged.scores, judged.answer) == (True, (8, 8), alone.answer)
            assert (len(endpoint.answers), len(endpoint.judgments)) == (4, 2)
            await this.engine.turn(key, upto="answer")
            assert this.engine.results[key] == judged, "less took the place of more"
            assert len(endpoint.asked) == 6

    story(act)


def test_an_answer_alone_asks_no_other_model(endpoint: Server, plan: Plan) -> None:
    endpoint.judge = lambda asked: "[[A]]"
    other = replace(plan.model, name="other", label="other")

    async def act() -> None:
        async with running(replace(plan, opponents=(other,))) as this:
            key = TurnKey(SUITE, "five", 1)
            assert (await this.engine.turn(key, upto="answer")).games == ()
            assert [asked.model for asked in endpoint.asked] == [plan.model.name]
            assert [game.outcome for game in (await this.engine.turn(key)).games] == ["tie"]
            assert sorted(asked.model for asked in endpoint.answers) == sorted([plan.model.name, "other"])

    story(act)


def test_an_answer_that_there_is_not_was_measured(endpoint: Server, plan: Plan) -> None:
    endpoint.answer = lambda asked: Reply("", finish_reason="content_filter")

    async def act() -> None:
        async with running(plan) as this:
            alone = await this.engine.turn(TurnKey(SUITE, "five", 1), upto="answer")
            assert alone.judged
            assert alone.no_score == alone.unscored == (await this.turn("five", 1)).unscored
            assert endpoint.judgments == []

    story(act)


def test_a_turn_that_is_asked_for_often_is_measured_once(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        async with running(plan) as this:
            key = TurnKey(SUITE, "five", 1)
            results = await asyncio.gather(*(this.engine.turn(key) for _ in range(10)))
            assert len({id(result) for result in results}) == 1
            assert await this.engine.turn(key) is results[0]
        assert len(endpoint.asked) == 2

    story(act)


def test_whoever_stops_waiting_stops_nobody_else(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        endpoint.latency = 0.05
        async with running(plan) as this:
            key = TurnKey(SUITE, "five", 1)
            impatient = asyncio.create_task(this.engine.turn(key))
            patient = asyncio.create_task(this.engine.turn(key))
            await asyncio.sleep(0)
            impatient.cancel()
            assert (await patient).score == 8

    story(act)


def test_results_that_exist_already_are_not_measured(endpoint: Server, plan: Plan) -> None:
    known = {key: rated(key, "x", 3.0) for key in plan.turns()}
    measured = measure(plan, known=known)
    assert endpoint.asked == []
    assert {result.score for result in measured.results.values()} == {3.0}


# -- runs and repeats


def test_runs_answer_anew_and_each_has_its_score(endpoint: Server, plan: Plan) -> None:
    numbers = iter(range(1000))
    scores = iter("2468" * 10)
    endpoint.answer = lambda asked: f"answer {next(numbers)}"
    endpoint.judge = lambda asked: f"[[{next(scores)}]]"
    plan = replace(plan, runs=2)

    async def act() -> None:
        async with running(plan, limit=1) as this:
            result = await this.turn("five", 1)
            assert sorted(score for score in result.scores if score is not None) == [2, 4]
            assert result.score == 3
            assert set(result.answers) == {"answer 0", "answer 1"}
            assert (result.answer, result.judgment) == (result.answers[0], result.runs[0].texts[0])
        assert (len(endpoint.answers), len(endpoint.judgments)) == (2, 2)

    story(act)


def test_runs_that_answer_alike_are_judged_apart(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    scores = iter(["[[4]]", "[[8]]"])
    endpoint.answer = lambda asked: "always the same"
    endpoint.judge = lambda asked: next(scores)

    async def act() -> None:
        for runs in (1, 2, 2):
            async with running(replace(plan, runs=runs), tmp_path / "cache") as this:
                result = await this.turn("five", 1)
                assert result.scores == (4, 8)[:runs]

    story(act)
    assert len(endpoint.judgments) == 2, "the first run's judgment serves again"


def test_each_run_goes_on_from_its_own_first_answer(endpoint: Server, plan: Plan) -> None:
    numbers = iter(range(1000))
    endpoint.answer = lambda asked: f"answer {next(numbers)}"
    measured = measure(replace(plan, runs=3))
    seconds = [asked.messages[2]["content"] for asked in endpoint.answers if asked.prompt == RAIN_AGAIN]
    assert set(seconds) == set(measured.results[1, 1].answers)
    assert len(set(seconds)) == 3


def test_repeats_judge_one_answer_several_times(endpoint: Server, plan: Plan) -> None:
    scores = iter(["[[5]]", "[[6]]", "[[10]]"])
    endpoint.judge = lambda asked: next(scores)

    async def act() -> None:
        async with running(replace(plan, repeats=3)) as this:
            result = await this.turn("five", 1)
            assert (result.score, result.scores) == (7, (7,))
            assert len(result.answers) == 1
            assert {len(run.judgments) for run in result.runs} == {3}
        assert (len(endpoint.answers), len(endpoint.judgments)) == (1, 3)

    story(act)


def test_a_repeat_without_a_rating_does_not_count_and_hides_no_other(endpoint: Server, plan: Plan) -> None:
    said = iter(["[[4]]", *["no rating"] * 6])
    endpoint.judge = lambda asked: next(said)

    async def act() -> None:
        async with running(replace(plan, repeats=3)) as this:
            result = await this.turn("five", 1)
            assert (result.score, result.scores, result.unscored) == (4, (4,), None)
            assert sorted(result.runs[0].texts) == ["[[4]]", "no rating", "no rating"]

    story(act)


def test_a_run_that_is_unscored_is_told_apart_from_one_that_is_scored(endpoint: Server, plan: Plan) -> None:
    answers = iter(["good", "bad"])
    endpoint.answer = lambda asked: next(answers)
    endpoint.judge = lambda asked: "[[8]]" if "good" in asked.prompt else "no rating"

    async def act() -> None:
        async with running(replace(plan, runs=2), limit=1) as this:
            result = await this.turn("five", 1)
            assert sorted(result.scores, key=str) == [8, None]
            assert result.score == 8
            assert result.unscored == "the judge's reply holds no rating"

    story(act)


def test_runs_and_repeats_are_cached_apart(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    numbers = iter(range(1000))
    endpoint.answer = lambda asked: f"answer {next(numbers)}"
    first = measure(replace(plan, runs=2, repeats=2), tmp_path / "cache")
    assert first.counts == (2 * TURNS, 0, 4 * TURNS, 0)
    endpoint.clear()
    again = measure(replace(plan, runs=2, repeats=2), tmp_path / "cache")
    assert endpoint.asked == []
    assert again.results == first.results
    assert len(set(again.results["five", 1].answers)) == 2
    more = measure(replace(plan, runs=3, repeats=2), tmp_path / "cache")
    assert more.counts == (TURNS, 2 * TURNS, 2 * TURNS, 4 * TURNS)


# -- the end


@pytest.mark.parametrize("role", ["model", "judge"])
def test_nothing_is_asked_after_a_fatal_error(endpoint: Server, plan: Plan, tmp_path: Path, role: str) -> None:
    refused = error(401, "Incorrect API key provided", "invalid_api_key")
    endpoint.before = lambda asked, number: refused if asked.is_judge == (role == "judge") else None

    async def act() -> None:
        async with running(plan, tmp_path / "cache", limit=1) as this:
            outcomes = await asyncio.wait_for(
                asyncio.gather(*(this.engine.turn(key) for key in plan.turns()), return_exceptions=True), 10
            )
            # Whoever waits is cancelled or told; the runner says why to both.
            assert all(isinstance(outcome, FatalError | asyncio.CancelledError) for outcome in outcomes)
            assert isinstance(this.engine.fatal, FatalError)
            assert "HTTP 401" in str(this.engine.fatal)
            await asyncio.sleep(0.1)  # what was under way when the refusal came may arrive after it
            asked = len(endpoint.asked)
            with pytest.raises(FatalError, match="HTTP 401"):
                await this.engine.turn(plan.turns()[-1])
            await asyncio.sleep(0.05)
            assert len(endpoint.asked) == asked

    story(act)
    refusals = [asked for asked in endpoint.asked if asked.is_judge == (role == "judge")]
    assert len(refusals) == 1


def test_turns_measured_before_a_fatal_error_keep_their_results(endpoint: Server, plan: Plan) -> None:
    async def act() -> None:
        async with running(plan) as this:
            assert (await this.turn("five", 1)).score == 8
            endpoint.before = lambda asked, number: error(429, "used up", "insufficient_quota")
            with pytest.raises((FatalError, asyncio.CancelledError)):
                await this.turn(1, 1)
            assert "quota" in str(this.engine.fatal)
            assert [result.score for result in this.engine.results.values()] == [8]

    story(act)


def test_a_budget_ends_the_run_before_it_is_passed(endpoint: Server, three: Path) -> None:
    address = Address(endpoint.url, connect_url=endpoint.url)
    endpoint.judge = lambda asked: "[[8]]"
    # 10 output tokens at 100,000 USD a million are 1 USD a reply; the input is free.
    plan = plan_of(
        three,
        model=Answerer("the-model", address, max_tokens=10, price=(0, 100_000)),
        judge=Role(JUDGE, address, max_tokens=10, price=(0, 100_000)),
        budget=5.5,
    )

    async def act() -> None:
        async with running(plan) as this:
            outcomes = await asyncio.wait_for(
                asyncio.gather(*(this.engine.turn(key) for key in plan.turns()), return_exceptions=True), 10
            )
            assert all(isinstance(outcome, FatalError | asyncio.CancelledError | TurnResult) for outcome in outcomes)
            assert "budget" in str(this.engine.fatal)

    story(act)
    assert len(endpoint.asked) == 5


def test_closing_cancels_what_is_in_flight_and_gives_claims_back(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    arrived = threading.Event()

    def hang(asked: Asked) -> Reply:
        arrived.set()
        return Reply(hang=30)

    endpoint.answer = hang

    async def act() -> None:
        async with running(plan, tmp_path / "cache") as this:
            waiting = [asyncio.create_task(this.engine.turn(key)) for key in plan.turns()]
            await asyncio.to_thread(arrived.wait, 5)
            started = time.monotonic()
        assert time.monotonic() - started < 20  # and not the 30 of the reply
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)

    story(act)
    with contextlib.closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as connection:
        assert connection.execute("SELECT count(*) FROM Cache").fetchone() == (0,)


def test_a_run_that_was_stopped_is_taken_up_where_it_was(endpoint: Server, plan: Plan, tmp_path: Path) -> None:
    async def act() -> None:
        async with running(plan, tmp_path / "cache") as this:
            await this.turn(1, 2)

    story(act)
    assert len(endpoint.asked) == 3
    measure(plan, tmp_path / "cache")
    assert len(endpoint.asked) == CALLS


def test_what_an_endpoint_refuses_is_said_once(endpoint: Server, plan: Plan) -> None:
    refusal = error(400, "'temperature' is not supported", param="temperature")
    endpoint.before = lambda asked, number: refusal if "temperature" in asked.body else None
    notes = measure(plan).engine.tallies[SUITE].notes
    assert len(notes) == 2
    assert all("temperature" in note and "left out" in note for note in notes)
    assert {"judge" in note for note in notes} == {True, False}
