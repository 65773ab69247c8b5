"""How many requests may be in flight to one endpoint, adapted to what it bears."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Priority = tuple[int, ...]

_FIRST_PROBE_SECONDS = 5.0
_LAST_PROBE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.25
_LAST_PAUSE_SECONDS = 8.0


class Limiter:
    """At most so many requests in flight; lower priorities first, then in the order of asking.

    Additive increase, multiplicative decrease: a rate-limited reply halves the limit (once for all the requests
    that were in flight together) and stops new requests for as long as the endpoint says; the limit grows back by
    one for each full round of replies, and only while requests are waiting for it.  What was refused once is not
    tried again at once: below that level growth is free, at it one more is tried after a pause that doubles.

    Args:
        maximum: the most requests in flight, never passed.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.limit = maximum
        self.in_flight = 0
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._replies = 0
        self._paused_until = 0.0
        self._shrunk_at = 0.0
        self._refused_level = maximum + 1
        self._probe_at = 0.0
        self._probe_after = _FIRST_PROBE_SECONDS
        self._probing = False
        self._refusals = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @asynccontextmanager
    async def slot(self, priority: Priority) -> AsyncIterator[float]:
        """Waits for a place in flight; gives the time at which the request starts."""
        await self._acquire(priority)
        try:
            yield time.monotonic()
        finally:
            self.in_flight -= 1
            self._wake()

    def rate_limited(self, started: float, retry_after: float | None) -> None:
        """An endpoint said 429 to a request that was started then, and how many seconds to keep away.

        Args:
            retry_after: None where it did not say; the pause doubles then from refusal to refusal.
        """
        now = time.monotonic()
        if started >= self._shrunk_at:
            self._refused_level = max(2, min(self.limit, self.in_flight))
            # Only a level that was tried again and refused again is left alone for longer.
            self._probe_after = (
                min(2 * self._probe_after, _LAST_PROBE_SECONDS) if self._probing else _FIRST_PROBE_SECONDS
            )
            self._probing = False
            self._probe_at = now + self._probe_after
            self._refusals += 1
            self.limit = self._refused_level // 2
            self._shrunk_at = now
            self._replies = 0
        if retry_after is None:
            retry_after = min(_FIRST_PAUSE_SECONDS * 2 ** (self._refusals - 1), _LAST_PAUSE_SECONDS)
        self._paused_until = max(self._paused_until, now + retry_after)

    def close(self) -> None:
        """Starts no request any more; whoever waits is left to be cancelled."""
        self._closed = True

    def replied(self) -> None:
        """A request was answered: the limit may grow if it binds."""
        self._refusals = 0
        if self.limit >= self.maximum or not self._waiting:
            return
        if self.limit + 1 >= self._refused_level:
            if time.monotonic() < self._probe_at:
                return
            self._refused_level = self.limit + 2  # one more is tried
            self._probing = True
        self._replies += 1
        if self._replies >= self.limit:
            self.limit += 1
            self._replies = 0
            self._wake()

    async def _acquire(self, priority: Priority) -> None:
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._order), place))
        self._wake()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.in_flight -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        pause = self._paused_until - time.monotonic()
        if pause > 0:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(pause + 0.001, self._wake)
            return
        while self._waiting and self.in_flight < self.limit and not self._closed:
            place = heapq.heappop(self._waiting)[2]
            if not place.cancelled():
                self.in_flight += 1
                place.set_result(None)
