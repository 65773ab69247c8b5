"""The cache's own thread: SQLite blocks, and an event loop must not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .cache import ReplyCache

_T = TypeVar("_T")
_Action = Callable[[ReplyCache], Any]


class CacheThread:
    """Does in one thread what tasks ask of the cache; what waits together goes there together.

    A trip to a thread and back costs more than most of what is done there.

    Args:
        cache: None where it is switched off, and nothing is asked.
    """

    def __init__(self, cache: ReplyCache | None) -> None:
        self._cache = cache
        self._thread = ThreadPoolExecutor(1, "mtbench-cache")
        self._waiting: list[tuple[_Action, asyncio.Future[Any]]] = []
        self._trips: asyncio.Task[None] | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is a cache."""
        return self._cache is not None

    async def do(self, action: Callable[[ReplyCache], _T]) -> _T:
        """What the action comes to; one that is begun is ended, be its task cancelled or not."""
        future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append((action, future))
        if self._trips is None:
            self._trips = asyncio.create_task(self._go())
        return await future

    async def close(self) -> None:
        """Does what still waits, and stops."""
        if self._trips is not None:
            await self._trips
        self._thread.shutdown()

    async def _go(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            actions = [action for action, _ in together]
            try:
                outcomes = await asyncio.get_running_loop().run_in_executor(self._thread, self._all, actions)
            except Exception as broken:  # noqa: BLE001 - as of a thread that is gone: nobody waits for it without an end
                outcomes = [(None, broken)] * len(actions)
            for (_, future), (value, error) in zip(together, outcomes, strict=True):
                if future.cancelled():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(value)
        self._trips = None

    def _all(self, actions: Sequence[_Action]) -> list[tuple[Any, BaseException | None]]:
        if self._cache is None:
            raise RuntimeError("there is no cache to use")
        outcomes: list[tuple[Any, BaseException | None]] = []
        for action in actions:
            try:
                outcomes.append((action(self._cache), None))
            except Exception as error:  # noqa: BLE001 - raised in the task that asked
                outcomes.append((None, error))
        return outcomes
