from __future__ import annotations

import asyncio

import pytest

from pytest_mtbench.domain.errors import FatalError
from pytest_mtbench.engine.tasks import Tasks, together, within


async def given(value: int, seconds: float = 0.0) -> int:
    await asyncio.sleep(seconds)
    return value


@pytest.mark.parametrize("count", [0, 1, 3])
def test_steps_that_go_on_together_give_all_that_they_come_to(count: int) -> None:
    assert asyncio.run(together(given(n) for n in range(count))) == list(range(count))


def test_a_step_that_takes_longer_is_cancelled() -> None:
    ended = []

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    async def act() -> int:
        with pytest.raises(asyncio.TimeoutError):
            await within(0.01, endless())
        return await within(5, given(7))

    assert asyncio.run(act()) == 7
    assert ended == ["cancelled"]


@pytest.mark.parametrize("steps", range(8))
def test_whoever_is_cancelled_does_not_go_on_with_what_came_at_that_moment(steps: int) -> None:
    """Whichever step of the loop it is cancelled in, while the reply is on its way through."""

    async def act() -> None:
        arrived = asyncio.get_running_loop().create_future()

        async def reply() -> int:
            return int(await arrived)

        waiting = asyncio.create_task(within(5, reply()))
        await asyncio.sleep(0.01)
        arrived.set_result(1)
        for _ in range(steps):
            await asyncio.sleep(0)
        if waiting.cancel():
            with pytest.raises(asyncio.CancelledError):
                await waiting
        else:
            assert await waiting == 1

    asyncio.run(act())


def test_nothing_begins_where_nothing_can_work_any_more() -> None:
    started = []

    async def fail() -> None:
        raise FatalError("a wrong key")

    async def begin() -> None:
        started.append("begun")

    async def act() -> None:
        tasks = Tasks()
        with pytest.raises(FatalError):
            await tasks.once(("one",), fail)
        with pytest.raises(asyncio.CancelledError):
            await tasks.once(("two",), begin)

    asyncio.run(act())
    assert started == []
