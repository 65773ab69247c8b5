"""How many requests may be in flight to one endpoint, adapted to what it bears."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Priority = tuple[float, ...]

_FIRST_PROBE_SECONDS = 5.0
_LAST_PROBE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.25
_LAST_PAUSE_SECONDS = 8.0


class Ceiling:
    """How many requests an endpoint bears at once, learnt from its replies and refusals.  Pure: the clock is handed in.

    A refusal halves it, each full round of replies (as many as it is) adds one.  An example: 8 in flight and one
    refused makes it 4, and three rounds make it 7.  It does not go to 8 at once, since 8 was refused: it stays at 7
    for 5 seconds, then 8 is tried.  Is that refused again, 8 is left alone for 10 seconds the next time, then for 20,
    and so on up to a minute.  Does a full round come through at 8, the refusal is forgotten.

    Args:
        maximum: never passed.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.value = maximum
        self._replies = 0
        self._refused_level = maximum + 1
        self._probe_after = _FIRST_PROBE_SECONDS
        self._probe_at = 0.0

    def refused(self, now: float, flying: int) -> None:
        """The endpoint had too many requests.

        Args:
            now: seconds, of a clock that only goes forward.
            flying: how many were in flight; fewer than were allowed, where fewer waited.
        """
        tried_again = self.value >= self._refused_level
        self._probe_after = min(2 * self._probe_after, _LAST_PROBE_SECONDS) if tried_again else _FIRST_PROBE_SECONDS
        self._probe_at = now + self._probe_after
        self._refused_level = max(2, min(self.value, flying))
        self.value = self._refused_level // 2
        self._replies = 0

    def replied(self, now: float) -> None:
        """A request was answered while others waited for its place; where none waits, nothing is learnt."""
        if self.value + 1 == self._refused_level and now < self._probe_at:
            return
        self._replies += 1
        if self._replies < self.value:
            return
        self._replies = 0
        if self.value >= self._refused_level:
            self._refused_level = self.maximum + 1  # it held
        self.value = min(self.value + 1, self.maximum)


class Limiter:
    """At most so many requests in flight; lower priorities first, then in the order of asking.

    How many that are is a `Ceiling`'s to say.  A refusal counts once for all the requests that were in flight
    together, and starts no new one for as long as the endpoint says.

    Args:
        maximum: the most requests in flight, never passed.
    """

    def __init__(self, maximum: int) -> None:
        self.in_flight = 0
        self.paused_until = 0.0
        """Before it, by `time.monotonic`, no request starts."""
        self._ceiling = Ceiling(maximum)
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._refused_at = 0.0
        self._refusals = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return self._ceiling.value

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
        if started >= self._refused_at:
            self._ceiling.refused(now, self.in_flight)
            self._refused_at = now
            self._refusals += 1
        if retry_after is None:
            retry_after = min(_FIRST_PAUSE_SECONDS * 2 ** (self._refusals - 1), _LAST_PAUSE_SECONDS)
        self.paused_until = max(self.paused_until, now + retry_after)

    def close(self) -> None:
        """Starts no request any more; whoever waits is left to be cancelled."""
        self._closed = True

    def replied(self) -> None:
        """A request was answered: the limit may grow if it binds."""
        self._refusals = 0
        if self._waiting:
            self._ceiling.replied(time.monotonic())
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
        pause = self.paused_until - time.monotonic()
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
