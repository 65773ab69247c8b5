"""Requests through the real client to a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_mtbench.domain.chat import ChatReply, ChatRequest
from pytest_mtbench.domain.endpoint import Endpoint as Address
from pytest_mtbench.domain.tally import CallCount
from pytest_mtbench.engine.client import OpenAIClient
from pytest_mtbench.engine.limits import Limiter
from pytest_mtbench.engine.terms import Terms

from .server import Asked, Reply, Server


def request(text: str = "What is 6 times 7?", **changes: Any) -> ChatRequest:
    fields: dict[str, Any] = {
        "endpoint": "as the cache key names it",
        "model": "model",
        "messages": ({"role": "system", "content": "Be brief."}, {"role": "user", "content": text}),
        "temperature": 0.5,
        "max_tokens": 77,
    }
    return ChatRequest(**fields | changes)


@dataclass
class Told:
    """What came of some requests: replies and errors in their order, and what they counted."""

    outcomes: list[ChatReply | BaseException] = field(default_factory=list)
    count: CallCount = field(default_factory=CallCount)

    @property
    def reply(self) -> ChatReply:
        (outcome,) = self.outcomes
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    @property
    def error(self) -> BaseException:
        (outcome,) = self.outcomes
        assert isinstance(outcome, BaseException), outcome
        return outcome


def ask(
    endpoint: Server,
    requests: Sequence[ChatRequest] = (request(),),
    *,
    limiter: Callable[[], Limiter] = lambda: Limiter(16),
    in_order: bool = False,
    linger: float = 0,
    announce: Callable[[str], None] = lambda line: None,
    **address: Any,
) -> Told:
    """Sends requests through the real client, at once or one after the other, for ten seconds at most.

    Args:
        linger: seconds for which the others may go on after the first error.
        announce: receives what is said at once.
    """
    where: dict[str, Any] = {"url": endpoint.url, "connect_url": endpoint.url, "timeout": 5.0, "retries": 8}
    told = Told()

    async def run() -> None:
        client = OpenAIClient(Address(**where | address), limiter(), announce)

        async def one(n: int, wanted: ChatRequest) -> ChatReply:
            return await client.complete(wanted, Terms((n,), told.count))

        try:
            if in_order:
                for n, wanted in enumerate(requests):
                    told.outcomes += await asyncio.gather(asyncio.wait_for(one(n, wanted), 10), return_exceptions=True)
            else:
                tasks = [asyncio.create_task(one(n, wanted)) for n, wanted in enumerate(requests)]
                await asyncio.wait(tasks, timeout=10, return_when=asyncio.FIRST_EXCEPTION)
                await asyncio.wait(tasks, timeout=linger)
                for task in tasks:
                    task.cancel()
                told.outcomes += await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await client.close()

    asyncio.run(run())
    return told


def header(asked: Asked, name: str) -> str:
    return {key.lower(): value for key, value in asked.headers.items()}.get(name, "")


def first(*replies: Reply) -> Callable[[Asked, int], Reply | None]:
    """These replies to the first requests, then the endpoint's rule."""
    return lambda asked, number: replies[number] if number < len(replies) else None


def always(reply: Reply) -> Callable[[Asked, int], Reply | None]:
    return lambda asked, number: reply
