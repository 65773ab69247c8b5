"""Steps of a run as tasks: each is done once, and all end where nothing can work any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from ..domain.errors import FatalError

_T = TypeVar("_T")


async def together(steps: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """What steps come to that go on side by side; a single one, the usual case, needs no task of its own."""
    steps = list(steps)
    return [await steps[0]] if len(steps) == 1 else list(await asyncio.gather(*steps))


async def within(seconds: float, step: Awaitable[_T]) -> _T:
    """What a step comes to in time.

    Not `asyncio.wait_for`: before Python 3.12 it gives what came at the very moment at which it was cancelled, and its
    task goes on as if it had not been.

    Raises:
        asyncio.TimeoutError: it takes longer.
    """
    task = asyncio.ensure_future(step)
    try:
        await asyncio.wait([task], timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # asked for, or it would be logged where nobody waits any more
    if task.cancelled():
        raise asyncio.TimeoutError
    return task.result()


class Tasks:
    """The tasks of one run by name.  Lives in one event loop."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[Any, ...], asyncio.Future[Any]] = {}
        self._closing = False
        self.started: Counter[str] = Counter()
        """How many tasks there are by the first part of their names; `done`: how many of them have ended."""
        self.done: Counter[str] = Counter()
        self.fatal: FatalError | None = None

    @property
    def ending(self) -> bool:
        """Whether tasks are being cancelled."""
        return self._closing or self.fatal is not None

    def once(self, name: tuple[Any, ...], start: Callable[[], Coroutine[Any, Any, _T]]) -> asyncio.Future[_T]:
        """The task of that name, started by whoever asks first; a cancelled one where tasks are being cancelled."""
        if name not in self._tasks and self.ending:
            never: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
            never.cancel()
            return never
        if name not in self._tasks:
            task = asyncio.create_task(start())
            self._tasks[name] = task
            task.add_done_callback(lambda _: self._ended(name, task))
            self.started[name[0]] += 1
        return self._tasks[name]

    async def close(self) -> None:
        """Cancels whatever is not done."""
        self._closing = True
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: tuple[Any, ...], task: asyncio.Task[Any]) -> None:
        self.done[name[0]] += 1
        error = None if task.cancelled() else task.exception()
        if isinstance(error, FatalError) and self.fatal is None:
            self.fatal = error
            for other in self._tasks.values():
                other.cancel()
        elif error is None and not task.cancelled():
            # The result alone: a task keeps its coroutine and its context alive, of which there are thousands.
            self._tasks[name] = task.get_loop().create_future()
            self._tasks[name].set_result(task.result())
