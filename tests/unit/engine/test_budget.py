from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest

from pytest_mtbench.domain.errors import FatalError
from pytest_mtbench.engine.budget import Budget


def run(story: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        await asyncio.wait_for(story, 2)

    asyncio.run(in_time())


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Spender:
    """Requests against one budget, each answered when the test says so."""

    def __init__(self, limit: float | None) -> None:
        self.budget = Budget(limit)
        self.spent = 0.0
        self.asked: list[str] = []

    def ask(self, name: str, most: float, cost: float) -> tuple[asyncio.Task[None], asyncio.Event]:
        answered = asyncio.Event()
        return asyncio.create_task(self._request(name, most, cost, answered)), answered

    async def _request(self, name: str, most: float, cost: float, answered: asyncio.Event) -> None:
        async with self.budget.reserved(most) as spend:
            self.asked.append(name)
            await answered.wait()
            self.spent += cost
            spend(cost)


@pytest.mark.parametrize("limit", [None, 1e9])
def test_without_a_limit_that_binds_all_requests_start_at_once(limit: float | None) -> None:
    async def story() -> None:
        spender = Spender(limit)
        tasks = [spender.ask(str(n), 1000.0, 1000.0) for n in range(50)]
        await settle()
        assert len(spender.asked) == 50
        for task, answered in tasks:
            answered.set()
            await task

    run(story())


def test_the_budget_is_never_passed_whatever_is_in_flight() -> None:
    async def story() -> None:
        spender = Spender(1.0)
        tasks = [spender.ask(str(n), 0.25, 0.25) for n in range(20)]
        await settle()
        assert len(spender.asked) == 4, "four requests fit in full"
        for _, answered in tasks:
            answered.set()
        outcomes = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert spender.spent == 1.0
        assert sum(isinstance(outcome, FatalError) for outcome in outcomes) == 16

    run(story())


def test_a_request_waits_for_those_in_flight_and_fits_when_they_were_cheaper() -> None:
    async def story() -> None:
        spender = Spender(1.0)
        first, first_answered = spender.ask("first", 0.75, 0.25)
        await settle()
        second, second_answered = spender.ask("second", 0.75, 0.5)
        await settle()
        assert spender.asked == ["first"]
        first_answered.set()
        await first
        await settle()
        assert spender.asked == ["first", "second"]
        second_answered.set()
        await second

    run(story())


def test_a_request_that_does_not_fit_while_none_is_in_flight_ends_the_run_and_says_why() -> None:
    async def story() -> None:
        budget = Budget(2.0)
        async with budget.reserved(1.5) as spend:
            spend(1.25)
        with pytest.raises(FatalError) as caught:
            async with budget.reserved(1.5):
                pytest.fail("it was allowed")
        assert all(figure in str(caught.value) for figure in ("1.25", "1.5", "2 USD", "budget"))
        async with budget.reserved(0.75):  # what fits still does
            pass

    run(story())


def test_a_request_that_waits_is_told_when_nothing_can_make_room_any_more() -> None:
    async def story() -> None:
        spender = Spender(1.0)
        dear, answered = spender.ask("dear", 0.75, 0.75)
        await settle()
        waiting, _ = spender.ask("waiting", 0.5, 0.5)
        await settle()
        assert not waiting.done()
        answered.set()
        await dear
        with pytest.raises(FatalError):
            await waiting

    run(story())


def test_a_request_that_failed_cost_nothing_and_holds_nothing() -> None:
    async def story() -> None:
        budget = Budget(1.0)
        for _ in range(5):
            with pytest.raises(RuntimeError, match="lost"):
                async with budget.reserved(1.0):
                    raise RuntimeError("lost")
        async with budget.reserved(1.0):
            pass

    run(story())


def test_a_cancelled_request_makes_room_for_one_that_waits() -> None:
    async def story() -> None:
        spender = Spender(1.0)
        flying, _ = spender.ask("flying", 1.0, 1.0)
        await settle()
        waiting, answered = spender.ask("waiting", 1.0, 1.0)
        await settle()
        flying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flying
        await settle()
        assert spender.asked == ["flying", "waiting"]
        answered.set()
        await waiting

    run(story())


def test_a_cancelled_waiter_reserves_nothing() -> None:
    async def story() -> None:
        spender = Spender(1.0)
        flying, answered = spender.ask("flying", 1.0, 0.0)
        await settle()
        waiting, _ = spender.ask("waiting", 1.0, 1.0)
        await settle()
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        answered.set()
        await flying
        async with spender.budget.reserved(1.0):
            pass

    run(story())


def test_a_reply_dearer_than_its_reservation_counts_in_full() -> None:
    async def story() -> None:
        budget = Budget(1.0)
        async with budget.reserved(0.5) as spend:
            spend(0.75)
        with pytest.raises(FatalError):
            async with budget.reserved(0.5):
                pytest.fail("it was allowed")

    run(story())


@pytest.mark.parametrize("sums", [(0.1, 0.2, 0.3), (0.7, 0.1, 0.05), (1e-7, 0.1, 0.3)])
def test_sums_of_fractions_leave_no_reservation_behind_that_is_waited_for(sums: tuple[float, ...]) -> None:
    async def story() -> None:
        spender = Spender(1.0)
        tasks = [spender.ask(str(most), most, 0.0) for most in sums]
        await settle()
        for task, answered in tasks:
            answered.set()
            await task
        with pytest.raises(FatalError):
            async with spender.budget.reserved(5.0):
                pytest.fail("it was allowed")
        async with spender.budget.reserved(1.0):  # to the last cent
            pass

    run(story())
