"""Money that may be spent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from ..domain.errors import FatalError


class Budget:
    """A request starts only when the most that it can cost still fits.

    Args:
        limit: USD, or None for no limit.
    """

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._spent = 0.0
        self._reserved = 0.0
        self._in_flight = 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def reserved(self, most: float) -> AsyncIterator[Callable[[float], None]]:
        """Holds the most that a request can cost, in USD; the caller says what it did cost.

        Raises:
            FatalError: it does not fit, and no request in flight may still make room.
        """
        async with self._changed:
            while self._limit is not None and self._spent + self._reserved + most > self._limit:
                if not self._in_flight:
                    raise FatalError(
                        f"budget: {self._spent:.4f} of {self._limit:g} USD are spent and the next request may "
                        f"cost {most:.4f}; the run stops before it passes the budget"
                    )
                await self._changed.wait()
            self._reserved += most
            self._in_flight += 1
        try:
            yield self._spend
        finally:
            self._in_flight -= 1
            # Sums of fractions leave a remainder that nobody would give back.
            self._reserved = self._reserved - most if self._in_flight else 0.0
            async with self._changed:
                self._changed.notify_all()

    def _spend(self, cost: float) -> None:
        self._spent += cost
