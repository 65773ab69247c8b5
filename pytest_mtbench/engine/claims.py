"""The right to ask: of several runs on one cache folder only one asks for the same thing at a time.

A request is claimed when it has its place in flight and not before.  So no more is claimed than is asked, which keeps
renewing cheap, and two runs at once share the work: what one asks the other leaves alone and goes on with the next.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from ..domain.chat import ChatReply, ChatRequest
from .cache import CLAIM_SECONDS, ReplyCache
from .cache_thread import CacheThread

_LOOK_SECONDS = 0.1

Usable = Callable[["ChatReply | None"], bool]
"""Whether a stored reply counts; None, which is no reply, does not."""


class Claim:
    """The right to ask for one reply; see `terms.Right`."""

    def __init__(self, cache: CacheThread, held: dict[str, ChatRequest], request: ChatRequest, usable: Usable) -> None:
        self._cache = cache
        self._held = held
        self._request = request
        self._usable = usable

    async def take(self) -> bool:
        """Whether this run may ask; False where another run asks, or has the reply by now."""
        request, usable = self._request, self._usable
        if request.key in self._held:
            return True

        def take(cache: ReplyCache) -> bool:
            if not cache.claim(request):
                return False
            # The other run may have stored the reply between the first look and the claim.
            if usable(cache.get(request)):
                cache.release(request)
                return False
            return True

        # Noted before it is taken, or a run that is stopped at that moment would leave its claim to the next.
        self._held[request.key] = request
        mine = await self._cache.do(take)
        if not mine:
            self.stored()
        return mine

    async def others(self) -> ChatReply | None:
        """Waits for the other run; its reply, or None where it has none and gave up."""
        request, usable = self._request, self._usable

        def look(cache: ReplyCache) -> tuple[ChatReply | None, bool]:
            claimed = cache.is_claimed(request)  # first: what is given back is stored before
            found = cache.get(request)
            return (found if usable(found) else None), claimed

        while True:
            found, claimed = await self._cache.do(look)
            if found is not None or not claimed:
                return found
            await asyncio.sleep(_LOOK_SECONDS)

    def stored(self) -> None:
        """The reply is there, and the claim with it given back."""
        self._held.pop(self._request.key, None)

    async def release(self) -> None:
        """Gives it back, where no reply did."""
        if self._held.pop(self._request.key, None) is not None:
            request = self._request
            await asyncio.shield(self._cache.do(lambda cache: cache.release(request)))


class Claims:
    """Those of a run, kept alive while it asks."""

    def __init__(self, cache: CacheThread) -> None:
        self._cache = cache
        self._held: dict[str, ChatRequest] = {}
        self._renewal: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def on(self, request: ChatRequest, usable: Usable) -> AsyncIterator[Claim]:
        """The right to ask for a reply, given back at the end."""
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew())
        claim = Claim(self._cache, self._held, request, usable)
        try:
            yield claim
        finally:
            await claim.release()

    async def close(self) -> list[ChatRequest]:
        """Lets them run out; those that are to be given back."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
        return list(self._held.values())

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 4)
            held = list(self._held.values())
            if held:
                await self._cache.do(lambda cache, held=held: cache.renew(held))  # type: ignore[misc]
