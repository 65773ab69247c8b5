from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.engine.plan import Plan

from ...engine_harness import (
    RAIN,
    RAIN_AGAIN,
    SUITE,
    TURNS,
    measure,
    running,
    story,
)
from ...server import Server

# -- a user's own model


class Outcome(BaseException):
    """As pytest's own `skip` and `fail`, which derive from BaseException."""


def hear(said: list[tuple[Any, ...]], answer: Callable[[int], Any] = lambda turn: f"own {turn}") -> Callable[..., Any]:
    def generate(messages: list[Any], question: Question, turn: int, run: int) -> Any:
        said.append((question.id, turn, run, [message["content"] for message in messages]))
        return answer(turn)

    return generate


def test_a_users_function_answers_instead_of_the_model(endpoint: Server, plan: Plan) -> None:
    said: list[tuple[Any, ...]] = []
    measured = measure(replace(plan, runs=2), generate=hear(said))
    assert endpoint.answers == []
    assert measured.results[1, 2].answers == ("own 2", "own 2")
    assert sorted(run for question_id, turn, run, _ in said if (question_id, turn) == (1, 2)) == [1, 2]
    seconds = [messages[1:] for question_id, turn, _, messages in said if (question_id, turn) == (1, 2)]
    assert seconds == [[RAIN, "own 1", RAIN_AGAIN]] * 2


def test_a_users_coroutine_answers_too(endpoint: Server, plan: Plan) -> None:
    async def own(turn: int) -> str:
        await asyncio.sleep(0)
        return f"own {turn}"

    measured = measure(plan, generate=hear([], own))
    assert {result.answer for result in measured.results.values()} == {"own 1", "own 2"}
    assert endpoint.answers == []


def test_a_users_function_that_gives_nothing_leaves_it_to_the_model(endpoint: Server, plan: Plan) -> None:
    measured = measure(plan, generate=hear([], lambda turn: None))
    assert len(endpoint.answers) == TURNS
    assert measured.results["five", 1].score == 8


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda turn: 5, "int"),
        (lambda turn: 1 / 0, "ZeroDivisionError"),
        (lambda turn: [][0], "IndexError"),
        (lambda turn: (_ for _ in ()).throw(TimeoutError("too slow")), "too slow"),
        (lambda turn: (_ for _ in ()).throw(Outcome("no chatbot today")), "no chatbot today"),
    ],
    ids=["number", "zero", "index", "timeout", "outcome"],
)
def test_a_users_function_that_fails_is_a_reason_and_does_not_end_the_run(
    endpoint: Server, plan: Plan, answer: Callable[[int], Any], words: str
) -> None:
    measured = measure(plan, generate=hear([], answer))
    for result in measured.results.values():
        assert result.score is None
        assert "pytest_mtbench_generate" in (result.unscored or "")
        assert words in (result.unscored or "")
    assert endpoint.asked == []


def test_a_users_function_whose_iterator_ends_does_not_hold_up_the_run(plan: Plan) -> None:
    async def act() -> None:
        async with running(plan, generate=hear([], lambda turn: next(iter(())))) as this:
            result = await asyncio.wait_for(this.engine.turn(TurnKey(SUITE, "five", 1)), 2)
            assert "StopIteration" in (result.unscored or "")

    story(act)


def test_a_users_functions_keep_the_limit_and_run_beside_each_other(plan_of_three: Plan) -> None:
    lock = threading.Lock()
    flying = [0]
    both, too_many = threading.Barrier(2, timeout=5), threading.Event()

    def generate(messages: list[Any], question: Question, turn: int, run: int) -> str:
        with lock:
            flying[0] += 1
            if flying[0] > 2:
                too_many.set()
        if turn == 1 and question.id in (1, 3):
            both.wait()
            too_many.wait(0.1)  # time for a third that must not come
        with lock:
            flying[0] -= 1
        return "own"

    measured = measure(plan_of_three, generate=generate, limit=2)
    assert not too_many.is_set()
    assert all(result.score == 8 for result in measured.results.values())


def test_a_users_function_that_hangs_is_a_reason_that_names_the_time(endpoint: Server, plan: Plan) -> None:
    go = threading.Event()
    said: list[str] = []

    def hang(messages: list[Any], question: Question, turn: int, run: int) -> Any:
        return "own" if question.id == "five" else go.wait(60)

    async def stubborn(messages: list[Any], question: Question, turn: int, run: int) -> Any:
        while not go.is_set():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.2)  # as one does that tidies up for long

    where = replace(plan.model.endpoint, timeout=0.2)
    hasty = replace(plan, model=replace(plan.model, endpoint=where))
    results = measure(hasty, generate=hang, announce=said.append).results
    go.set()
    reason = "pytest_mtbench_generate gave nothing within 0.2 s; if it is not hanging, --mtbench-timeout allows it more"
    assert (results["five", 1].score, results[1, 1].unscored, results[1, 2].unscored) == (8, reason, reason)
    (line,) = set(said)
    assert line == "mtbench: pytest_mtbench_generate gives nothing within 0.2 s; is it hanging? (--mtbench-timeout)"
    go.clear()

    async def act() -> None:
        async with running(hasty, generate=stubborn) as this:
            assert (await this.turn("five", 1)).unscored == reason
            go.set()

    story(act)


def test_what_a_users_function_says_is_shown_without_keys(endpoint: Server, plan: Plan) -> None:
    def tell(turn: int) -> str:
        if turn == 2:
            raise ValueError("x" * 495 + "sk-secret")
        return "my key is sk-secret"

    results = measure(plan, generate=hear([], tell), redact=lambda text: text.replace("sk-secret", "***")).results
    assert results[1, 1].answer == "my key is ***"
    assert f"raised ValueError: {'x' * 495}*** (test_answering.py:" in (results[1, 2].unscored or "")
