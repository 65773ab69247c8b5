"""What the engine asks of a client of chats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ..domain.chat import ChatReply, ChatRequest, Usage
from ..domain.tally import CallCount
from .limits import Priority


async def _keep_nothing(reply: ChatReply) -> None:
    """Stores nothing."""


@asynccontextmanager
async def _free(_: ChatRequest) -> AsyncIterator[Callable[[Usage], None]]:
    """Costs nothing."""
    yield lambda usage: None


class Right(Protocol):
    """The right to ask, which another run may have."""

    async def take(self) -> bool:
        """Whether this run may ask now; asked for when the request has its place in flight."""
        ...

    async def others(self) -> ChatReply | None:
        """Waits for whoever has it; the reply that came, or None where it may be taken again."""
        ...


class Unshared:
    """The right to ask where nobody else could."""

    async def take(self) -> bool:
        """This run may."""
        return True

    async def others(self) -> ChatReply | None:
        """There are none."""
        return None

    def stored(self) -> None:
        """Nobody waits for it."""


Paying = Callable[[ChatRequest], AbstractAsyncContextManager[Callable[[Usage], None]]]
"""Holds the most that a try can cost; the caller says what it did use."""


@dataclass(frozen=True)
class Terms:
    """What goes with a request and is no part of it.

    Args:
        priority: lower ones are asked first.
        count: where tries after the first are counted.
        keep: stores the reply; the request counts as in flight until it has.
        paying: holds the most that a try can cost; the caller says what it did use.
        right: who may ask, where several runs share a cache.
    """

    priority: Priority
    count: CallCount
    keep: Callable[[ChatReply], Awaitable[None]] = _keep_nothing
    paying: Paying = _free
    right: Right = field(default_factory=Unshared)


class ChatClient(Protocol):
    """Something that completes chats."""

    async def complete(self, request: ChatRequest, terms: Terms) -> ChatReply:
        """One reply; `cached` where another run got it.

        Raises:
            UnscoredError: this request cannot be answered.
            FatalError: no request can be answered any more.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
