"""What the engine asks of a client of chats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Terms:
    """What goes with a request and is no part of it.

    Args:
        priority: lower ones are asked first.
        count: where tries after the first are counted.
        keep: stores the reply; the request counts as in flight until it has.
        paying: holds the most that a try can cost; the caller says what it did use.
    """

    priority: Priority
    count: CallCount
    keep: Callable[[ChatReply], Awaitable[None]] = _keep_nothing
    paying: Callable[[ChatRequest], AbstractAsyncContextManager[Callable[[Usage], None]]] = _free


class ChatClient(Protocol):
    """Something that completes chats."""

    async def complete(self, request: ChatRequest, terms: Terms) -> ChatReply:
        """One reply.

        Raises:
            UnscoredError: this request cannot be answered.
            FatalError: no request can be answered any more.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
