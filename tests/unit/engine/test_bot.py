"""A user's own chatbot in the real engine: opened once, asked again, given up, closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.errors import FatalError
from pytest_mtbench.domain.own import Reply, Retry
from pytest_mtbench.engine.bot_target import Answers, Made, target_of
from pytest_mtbench.engine.plan import Plan

from ...engine_harness import SUITE, TURNS, Measured, measure, plan_of, running, story
from ...server import Server
from ...sets import write_set

Seen = list[tuple[object, int]]


def failing(*errors: BaseException | None, of: object = "five", then: str = "own") -> tuple[Any, Seen]:
    """A chatbot that fails so, one after the other, and how often each turn was asked."""
    seen: Seen = []
    left = list(errors)

    def answer(question: Any, turn: int) -> str:
        seen.append((question.id, turn))
        error = left.pop(0) if question.id == of and left else None
        if error is not None:
            raise error
        return then

    return answer, seen


def bot(function: Callable[..., Any]) -> Answers | Made:
    return target_of(function, "bot:Bot")


def end_of(plan: Plan, **options: Any) -> str:
    """What a run that nothing can come of says."""

    async def run() -> str:
        async with running(plan, **options) as this:
            with pytest.raises((FatalError, asyncio.CancelledError)):
                await this.all()
            return str(this.engine.fatal)

    return asyncio.run(run())


def reasons(measured: Measured) -> dict[Any, str | None]:
    return {place: result.unscored for place, result in measured.results.items()}


@pytest.mark.parametrize("error", [Retry(), ConnectionResetError("gone"), TimeoutError()], ids=repr)
def test_what_passes_is_asked_again(plan: Plan, error: Exception) -> None:
    answer, seen = failing(error, error)
    measured = measure(plan, generate=bot(answer))
    assert set(reasons(measured).values()) == {None}
    assert seen.count(("five", 1)) == 3
    assert measured.engine.tallies[SUITE].answers.retried == 2


def test_it_is_given_up_after_the_tries_that_are_allowed(plan: Plan) -> None:
    answer, _ = failing(*[ConnectionResetError("gone")] * 9)
    measured = measure(plan, generate=bot(answer))
    reason = reasons(measured)["five", 1] or ""
    assert reason.startswith("model.generate raised ConnectionResetError: gone (test_bot.py:")
    assert reason.endswith("; given up after 3 tries")
    assert measured.results[1, 2].score == 8


@pytest.mark.parametrize("error", [KeyError("q1"), SystemExit("bye"), StopIteration(), 1 / 3], ids=repr)
def test_anything_else_costs_the_turn_alone(plan: Plan, error: Any) -> None:
    answer, seen = failing(error, then="own") if isinstance(error, BaseException) else failing()
    wrong = answer if isinstance(error, BaseException) else lambda question: 5 if question.id == "five" else "own"
    measured = measure(plan, generate=bot(wrong))
    assert [place for place, reason in reasons(measured).items() if reason] == [("five", 1)]
    assert (reasons(measured)["five", 1] or "").startswith("model.generate ")
    assert seen.count(("five", 1)) in (0, 1)


def test_too_many_requests_shrink_the_limit_and_hold_up_all(plan: Plan) -> None:
    answer, _ = failing(Retry(after=0.05))

    async def act() -> None:
        async with running(plan, generate=bot(answer), limit=8) as this:
            limiter = this.limiters["answer"]
            assert (await this.turn("five", 1)).score == 8
            assert limiter.limit < 8
            assert limiter.paused_until > 0

    story(act)


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_eight_conversations_that_fail_alike_end_the_run(
    endpoint: Server, tmp_path_factory: pytest.TempPathFactory, is_async: bool
) -> None:
    questions = [{"question_id": n, "category": "writing", "turns": [f"Say {n}.", "Again."]} for n in range(20)]
    plan = plan_of(write_set(tmp_path_factory.mktemp("twenty"), questions), endpoint.url)
    seen: list[object] = []

    def answer(question: Any) -> str:
        seen.append(question.id)
        raise KeyError(f"no index for {question.id}")

    async def answer_in_the_loop(question: Any) -> str:
        return answer(question)

    said = end_of(plan, generate=bot(answer_in_the_loop if is_async else answer), limit=4)
    assert said.startswith("mtbench.yaml:1: model.generate: bot:Bot raised KeyError: 'no index for ")
    assert said.endswith("; so it did in each of the first 8 conversations")
    assert len(set(seen)) < 20
    assert endpoint.asked == []


def test_one_that_ever_answered_is_not_given_up(endpoint: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    questions = [{"question_id": n, "category": "writing", "turns": [f"Say {n}."]} for n in range(12)]
    plan = plan_of(write_set(tmp_path_factory.mktemp("twelve"), questions), endpoint.url)

    def answer(question: Any) -> str:
        if question.id:
            raise KeyError("no")
        return "own"

    measured = measure(plan, generate=bot(answer), limit=1)
    assert [place for place, reason in reasons(measured).items() if reason is None] == [(0, 1)]


def test_as_many_run_at_once_as_the_limit_allows(endpoint: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    questions = [{"question_id": n, "category": "writing", "turns": [f"Say {n}."]} for n in range(24)]
    plan = plan_of(write_set(tmp_path_factory.mktemp("many"), questions), endpoint.url)
    all_there = threading.Barrier(24, timeout=5)

    def answer(messages: Any) -> str:
        all_there.wait()
        return "own"

    assert set(reasons(measure(plan, generate=bot(answer), limit=24)).values()) == {None}


def test_a_reply_says_more_than_its_text(plan: Plan) -> None:
    def answer(question: Any, turn: int) -> Reply:
        return Reply(f"own {turn}", extra={"turn": turn}, input_tokens=100, output_tokens=10)

    priced = replace(plan, model=replace(plan.model, price=(1.0, 10.0)))
    measured = measure(priced, generate=bot(answer))
    assert measured.results[1, 2].extra == {"turn": 2}
    assert measured.results[1, 2].answer == "own 2"
    tally = measured.engine.tallies[SUITE]
    assert tally.answer_usage == Usage(TURNS * 100, TURNS * 10)
    assert priced.model.cost(tally.answer_usage) == pytest.approx(TURNS * 200 / 1e6)


def test_a_budget_ends_what_it_costs(plan: Plan) -> None:
    def answer(messages: Any) -> Reply:
        return Reply("own", input_tokens=10**6)

    dear = replace(plan, budget=1.5, model=replace(plan.model, price=(1.0, 1.0)))
    assert end_of(dear, generate=bot(answer), limit=1).startswith("budget: ")


def test_what_it_does_to_the_messages_changes_nothing(plan: Plan) -> None:
    seen: list[tuple[int, str]] = []

    def answer(messages: Any, question: Any) -> str:
        if question.id != "five":
            return "own"
        seen.append((len(messages), messages[0]["content"]))
        messages.append({"role": "assistant", "content": "x"})
        messages[0]["content"] = "changed"
        if len(seen) == 1:
            raise Retry
        return "own"

    measured = measure(plan, generate=bot(answer), limit=1)
    assert set(reasons(measured).values()) == {None}
    assert seen == [(2, "You are a helpful assistant.")] * 2


# -- made once


class Story:
    """What happened to a chatbot that is entered, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.loops: set[int] = set()
        self.tasks: list[object] = []

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        self._note("entered")
        self.tasks.append(asyncio.current_task())
        yield self.answer
        self.tasks.append(asyncio.current_task())
        self._note("left")

    async def answer(self, messages: list[Any]) -> str:
        self._note("asked")
        return f"own {len(messages)}"

    def _note(self, what: str) -> None:
        self.seen.append(what)
        self.loops.add(id(asyncio.get_running_loop()))


def test_it_is_entered_once_before_the_first_answer_and_left_at_the_end(plan: Plan) -> None:
    told = Story()
    measure(plan, generate=Made(told, "bot:Bot"))
    assert told.seen == ["entered", *["asked"] * TURNS, "left"]
    assert len(told.loops) == 1
    # Tasks that belong to it, as anyio's do, must end in the one that began them.
    assert told.tasks[0] is told.tasks[1] is not None


def test_nothing_is_asked_before_it_is_entered(endpoint: Server, plan: Plan) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        raise RuntimeError("no index at /data")
        yield

    against = replace(plan, opponents=(replace(plan.model, name="other", label="other"),))
    assert end_of(against, generate=Made(broken, "bot:Bot")).startswith(
        "mtbench.yaml:1: model.generate: bot:Bot raised RuntimeError: no index at /data (test_bot.py:"
    )
    assert endpoint.asked == []


def test_what_it_gives_must_be_something_to_call(plan: Plan) -> None:
    @asynccontextmanager
    async def empty() -> AsyncIterator[Any]:
        yield None

    assert end_of(plan, generate=Made(empty, "bot:Bot")) == (
        "mtbench.yaml:1: model.generate: what entering bot:Bot gives is None, which cannot be called"
    )


def test_one_that_is_never_entered_ends_in_a_message(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_mtbench.engine.bot_opening.OPENING_SECONDS", 0.05)

    @asynccontextmanager
    async def hangs() -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield

    assert "bot:Bot was not entered within" in end_of(plan, generate=Made(hangs, "bot:Bot"))


@pytest.mark.parametrize(
    "ends, words",
    [
        ("raises", "mtbench.yaml:1: model.generate: bot:Bot raised OSError: the disk is gone (test_bot.py:"),
        ("exits", "mtbench.yaml:1: model.generate: bot:Bot raised SystemExit: bye (test_bot.py:"),
        ("hangs", "mtbench.yaml:1: model.generate: bot:Bot was not left within"),
    ],
)
def test_what_goes_wrong_when_it_is_left_is_told(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, ends: str, words: str
) -> None:
    monkeypatch.setattr("pytest_mtbench.engine.bot_opening.CLOSING_SECONDS", 0.05)

    @asynccontextmanager
    async def badly() -> AsyncIterator[Any]:
        yield lambda messages: "own"
        if ends == "raises":
            raise OSError("the disk is gone")
        if ends == "exits":
            raise SystemExit("bye")
        await asyncio.Event().wait()

    measured = measure(plan, generate=Made(badly, "bot:Bot"))
    assert set(reasons(measured).values()) == {None}
    (fault,) = measured.engine.bots.faults
    assert fault.startswith(words)


def test_one_whose_connection_breaks_ends_the_run(endpoint: Server, plan: Plan) -> None:
    tasks: list[Any] = []

    @asynccontextmanager
    async def broken() -> AsyncIterator[Any]:
        tasks.append(asyncio.current_task())

        async def answer(messages: Any) -> str:
            tasks[0].cancel()  # as a task group does whose other tasks failed
            await asyncio.sleep(0)
            return "own"

        yield answer

    assert "bot:Bot was closed before the run ended" in end_of(plan, generate=Made(broken, "bot:Bot"), limit=1)


def test_a_run_that_ends_while_it_is_entered_does_not_wait_for_it(plan: Plan) -> None:
    left: list[str] = []

    @asynccontextmanager
    async def slow() -> AsyncIterator[Any]:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("tidied up")
        yield

    async def act() -> None:
        async with running(plan, generate=Made(slow, "bot:Bot")) as this:
            asking = asyncio.create_task(this.turn("five", 1))
            await asyncio.sleep(0.02)
            assert this.engine.bots.is_opening
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert this.engine.bots.faults == []

    story(act)
    assert left == ["tidied up"]
