"""Turns that are wanted and not yet begun.  Lives in one event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

_Wish = TypeVar("_Wish")


class Ahead(Generic[_Wish]):
    """Begins turns in order, so many at once: each that is under way takes memory, and tens of thousands may be wanted.

    Args:
        begin: begins one; what it gives is done when the turn is.
        most: how many are under way at once; enough to fill every place in flight with the turn that goes first.
    """

    def __init__(self, begin: Callable[[_Wish], asyncio.Future[Any]], most: int) -> None:
        self._begin = begin
        self._most = most
        self._waiting: deque[_Wish] = deque()
        self._under_way = 0

    def add(self, wishes: Iterable[_Wish]) -> None:
        """Begins these as soon as there is room."""
        self._waiting.extend(wishes)
        self._go_on()

    def close(self) -> None:
        """Begins none any more."""
        self._waiting.clear()

    def _go_on(self) -> None:
        while self._waiting and self._under_way < self._most:
            self._under_way += 1
            self._begin(self._waiting.popleft()).add_done_callback(self._ended)

    def _ended(self, _: asyncio.Future[Any]) -> None:
        self._under_way -= 1
        self._go_on()
