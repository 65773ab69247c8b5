from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pytest_mtbench.engine.limits import Ceiling, Limiter, Priority


class Crowd:
    """Requests that wait for a limiter and are answered when the test says so."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.started: list[str] = []
        self.starts: dict[str, float] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def ask(self, *names: str, priority: Priority = (0,)) -> None:
        for name in names:
            self._ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._request(name, priority))

    async def answer(self, *names: str) -> None:
        """Each is answered, in this order, and whoever may start then has started."""
        for name in names:
            self._ends[name].set()
            await self.tasks[name]
        await settle()

    async def leave(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    @property
    def flying(self) -> list[str]:
        return [name for name in self.started if not self.tasks[name].done()]

    async def _request(self, name: str, priority: Priority) -> None:
        async with self.limiter.slot(priority) as started:
            self.starts[name] = started
            self.started.append(name)
            await self._ends[name].wait()
            self.limiter.replied()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def play(limiter: Limiter, story: Callable[[Crowd], Coroutine[Any, Any, None]]) -> None:
    """Runs a story about requests in a loop of its own; it may take ten seconds at most."""

    async def run() -> None:
        crowd = Crowd(limiter)
        try:
            await asyncio.wait_for(story(crowd), 10)
        finally:
            await crowd.leave()
        assert limiter.in_flight == 0

    asyncio.run(run())


def names(count: int, letter: str = "r") -> list[str]:
    return [f"{letter}{n}" for n in range(count)]


@pytest.mark.parametrize("maximum", [1, 3])
def test_no_more_than_the_limit_are_in_flight(maximum: int) -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask(*names(10))
        await settle()
        assert len(crowd.flying) == maximum
        for n in range(10):
            await crowd.answer(f"r{n}")
            assert len(crowd.flying) == min(maximum, 9 - n)

    play(Limiter(maximum), story)


def test_lower_priorities_go_first_and_equal_ones_in_the_order_of_asking() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("blocker")
        await settle()
        crowd.ask("late", priority=(1, -3))
        crowd.ask("short-1", "short-2", priority=(0, -2))
        crowd.ask("long", priority=(0, -3))
        await crowd.answer("blocker", "long", "short-1", "short-2", "late")
        assert crowd.started == ["blocker", "long", "short-1", "short-2", "late"]

    play(Limiter(1), story)


def test_an_error_in_flight_gives_its_place_back() -> None:
    async def run() -> None:
        limiter = Limiter(1)
        for _ in range(3):
            with pytest.raises(RuntimeError, match="lost"):
                async with limiter.slot((0,)):
                    raise RuntimeError("lost")
        assert limiter.in_flight == 0

    asyncio.run(run())


def test_cancelled_waiters_hold_no_place() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("a", "b", "c")
        await settle()
        crowd.tasks["b"].cancel()
        await crowd.answer("a")
        assert crowd.flying == ["c"]

    play(Limiter(1), story)


def test_a_request_cancelled_in_the_moment_its_place_was_granted_passes_it_on() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("a", "b", "c")
        await settle()
        crowd._ends["a"].set()
        for _ in range(10):
            if crowd.tasks["a"].done():
                break
            await asyncio.sleep(0)
        assert (crowd.limiter.in_flight, crowd.flying) == (1, []), "the place is b's, and b does not know it yet"
        crowd.tasks["b"].cancel()
        await settle()
        assert crowd.flying == ["c"]

    play(Limiter(1), story)


def test_a_cancelled_request_in_flight_passes_its_place_on() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("a", "b")
        await settle()
        crowd.tasks["a"].cancel()
        await settle()
        assert crowd.flying == ["b"]

    play(Limiter(1), story)


def test_a_rate_limit_halves_once_for_all_that_flew_together() -> None:
    async def story(crowd: Crowd) -> None:
        limiter = crowd.limiter
        crowd.ask(*names(8))
        await settle()
        starts = [crowd.starts[name] for name in names(8)]
        for started in starts:
            limiter.rate_limited(started, 0)
        assert limiter.limit == 4

    play(Limiter(8), story)


def test_a_rate_limit_of_a_later_request_halves_again_but_never_to_nothing() -> None:
    async def story(crowd: Crowd) -> None:
        limiter = crowd.limiter
        seen = []
        for n in range(6):
            crowd.ask(*names(8, f"{n}-"))
            await settle()
            limiter.rate_limited(time.monotonic(), 0)
            seen.append(limiter.limit)
            while crowd.flying:
                await crowd.answer(*crowd.flying)
        assert seen[:3] == [4, 2, 1]
        assert min(seen) == 1

    play(Limiter(8), story)


def test_what_counts_is_how_many_flew_and_not_how_many_could_have() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask(*names(4))
        await settle()
        crowd.limiter.rate_limited(crowd.starts["r0"], 0)
        assert crowd.limiter.limit == 2

    play(Limiter(100), story)


def test_requests_in_flight_above_a_shrunk_limit_end_before_new_ones_start() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask(*names(12))
        await settle()
        crowd.limiter.rate_limited(crowd.starts["r0"], 0)
        await crowd.answer("r0", "r1", "r2")
        assert crowd.flying == ["r3", "r4", "r5", "r6", "r7"]

    play(Limiter(8), story)


def test_no_request_starts_before_the_endpoint_said_so() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("a")
        await settle()
        told = time.monotonic()
        crowd.limiter.rate_limited(crowd.starts["a"], 0.15)
        crowd.limiter.rate_limited(crowd.starts["a"], 0.05)  # a shorter pause does not end a longer one
        crowd.ask("b")
        await crowd.answer("a")
        assert crowd.flying == []
        await crowd.answer("b")
        assert crowd.starts["b"] >= told + 0.15

    play(Limiter(1), story)


def test_a_pause_that_grows_while_requests_wait_holds_them() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("a")
        await settle()
        crowd.limiter.rate_limited(crowd.starts["a"], 0.03)
        crowd.ask("b")
        await crowd.answer("a")
        told = time.monotonic()
        crowd.limiter.rate_limited(crowd.starts["a"], 0.15)
        await crowd.answer("b")
        assert crowd.starts["b"] >= told + 0.15

    play(Limiter(2), story)


async def _shrink(crowd: Crowd, flying: int) -> None:
    """A rate limit that meets so many requests in flight, which are answered then."""
    crowd.ask(*names(flying, "early"))
    await settle()
    crowd.limiter.rate_limited(crowd.starts["early0"], 0)
    await crowd.answer(*names(flying, "early"))


async def _serve(crowd: Crowd, count: int, letter: str = "r") -> list[int]:
    """Answers so many requests, of which as many wait as may; the limit after each."""
    crowd.ask(*names(count, letter))
    await settle()
    seen = []
    while crowd.flying:
        await crowd.answer(crowd.flying[0])
        seen.append(crowd.limiter.limit)
    return seen


def test_the_limit_grows_by_one_a_round_and_knows_where_it_was_refused() -> None:
    async def story(crowd: Crowd) -> None:
        await _shrink(crowd, 8)
        assert crowd.limiter.limit == 4
        seen = await _serve(crowd, 200)
        assert seen[:11] == [4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6]
        assert seen == sorted(seen)
        assert seen[-1] == 7

    play(Limiter(16), story)


def test_the_limit_does_not_grow_while_nobody_waits_for_it() -> None:
    async def story(crowd: Crowd) -> None:
        await _shrink(crowd, 8)
        for n in range(30):
            crowd.ask(f"single{n}")
            await settle()
            await crowd.answer(f"single{n}")
        assert crowd.limiter.limit == 4

    play(Limiter(16), story)


def test_the_limit_never_passes_the_users() -> None:
    async def story(crowd: Crowd) -> None:
        assert set(await _serve(crowd, 40)) == {3}

    play(Limiter(3), story)


def test_a_closed_limiter_starts_nothing_more() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.ask("a", "b")
        await settle()
        crowd.limiter.close()
        crowd.ask("c")
        await crowd.answer("a")
        assert crowd.started == ["a"]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(crowd.tasks["b"]), 0.02)
        assert crowd.flying == []

    play(Limiter(1), story)


def test_a_refusal_that_names_no_wait_pauses_for_longer_each_time() -> None:
    limiter = Limiter(4)

    async def refuse() -> float:
        """The pause in seconds after a refusal of a request that starts now."""
        await asyncio.sleep(0.001)
        start = time.monotonic()
        limiter.rate_limited(start, None)
        return limiter.paused_until - start

    async def story(crowd: Crowd) -> None:
        crowd.ask("a")
        await settle()
        pauses = [await refuse() for _ in range(7)]
        assert pauses == pytest.approx([0.25, 0.5, 1, 2, 4, 8, 8], abs=0.05)

    play(limiter, story)


def test_a_good_reply_makes_the_next_refusal_the_first_of_its_kind() -> None:
    limiter = Limiter(4)

    async def story(crowd: Crowd) -> None:
        crowd.ask("a")
        await settle()
        limiter.rate_limited(crowd.starts["a"], None)
        await crowd.answer("a")
        await asyncio.sleep(0.001)
        start = time.monotonic()
        limiter.rate_limited(start, None)
        assert limiter.paused_until - start == pytest.approx(0.25, abs=0.05)

    play(limiter, story)


# The ceiling: the clock is the test's.


def rounds(ceiling: Ceiling, now: float, count: int = 1) -> int:
    """The ceiling after so many full rounds of replies at one moment."""
    for _ in range(count):
        for _ in range(ceiling.value):
            ceiling.replied(now)
    return ceiling.value


def refused_at(maximum: int, level: int) -> Ceiling:
    """A ceiling that was refused at second 0 with so many in flight."""
    ceiling = Ceiling(maximum)
    ceiling.refused(0, level)
    return ceiling


def test_a_refusal_halves_what_flew_and_not_what_could_have() -> None:
    assert refused_at(100, 8).value == 4
    assert refused_at(4, 8).value == 2, "more flew than are allowed by now"
    assert [refused_at(8, flying).value for flying in (3, 2, 1)] == [1, 1, 1]


def test_a_full_round_of_replies_adds_one() -> None:
    ceiling = refused_at(16, 8)
    seen = []
    for _ in range(16):
        ceiling.replied(1)
        seen.append(ceiling.value)
    assert seen == [4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7, 7]


def test_a_refusal_begins_the_round_anew() -> None:
    ceiling = refused_at(16, 8)
    for _ in range(3):
        ceiling.replied(1)
    ceiling.refused(2, 8)
    assert ceiling.value == 2
    ceiling.replied(2)
    assert ceiling.value == 2
    ceiling.replied(2)
    assert ceiling.value == 3


def test_what_was_refused_is_tried_again_after_five_seconds_and_growth_goes_on_where_it_holds() -> None:
    ceiling = refused_at(16, 8)
    assert rounds(ceiling, 4.9, 50) == 7
    assert rounds(ceiling, 5.0) == 8
    assert rounds(ceiling, 5.1, 50) == 16


def reach(ceiling: Ceiling, level: int, now: float) -> float:
    """Lets the ceiling come to a level and no further; the moment at which it does."""
    while ceiling.value < level:
        ceiling.replied(now)
        now += 0.01
    return now


def test_a_level_that_is_tried_again_and_refused_again_is_left_alone_for_longer() -> None:
    ceiling, now, waits = Ceiling(16), 0.0, []
    ceiling.refused(now, 8)
    for _ in range(6):
        refused = now
        now = reach(ceiling, 8, now)
        waits.append(now - refused)
        ceiling.refused(now, 8)
    assert waits == pytest.approx([5, 10, 20, 40, 60, 60], abs=0.5)


@pytest.mark.parametrize("maximum", [8, 16])
def test_a_level_that_held_is_not_refused_again_hours_later(maximum: int) -> None:
    ceiling = refused_at(maximum, 8)
    rounds(ceiling, reach(ceiling, 8, 0.0))
    ceiling.refused(7200, 8)
    assert rounds(ceiling, 7204.9, 50) == 7
    assert rounds(ceiling, 7205.0) == 8


def test_a_refusal_before_the_level_was_reached_is_not_its_second() -> None:
    ceiling = refused_at(16, 8)
    for flying in (4, 2):  # one descent, from 8 to 1
        ceiling.refused(0, flying)
    assert ceiling.value == 1
    assert rounds(ceiling, 4.9, 50) == 1
    assert rounds(ceiling, 5.0) == 2


def test_a_ceiling_never_passes_its_maximum() -> None:
    ceiling = Ceiling(3)
    assert rounds(ceiling, 0, 10) == 3
    ceiling.refused(0, 3)
    assert rounds(ceiling, 1e6, 10) == 3
