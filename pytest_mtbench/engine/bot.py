"""A user's own chatbot, which answers instead of an endpoint: opened once, asked with patience, given up, closed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.chat import ChatReply, ChatRequest
from ..domain.endpoint import Endpoint
from ..domain.errors import ConfigError, FatalError, UnscoredError
from .bot_calls import Calls
from .bot_faults import BotFault, fault_of
from .bot_opening import Opening
from .bot_reply import WrongReplyError, reply_of
from .bot_target import Answers, Made
from .limits import Limiter
from .patience import Announce
from .standing import ALIKE, Standing
from .terms import Terms

Redact = Callable[[str], str]
"""A text without what no output may hold."""

_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 8.0


@dataclass(frozen=True)
class Named:
    """How messages call a user's own chatbot.

    Args:
        name: in the reasons of turns: `model.generate`, or the hook's name.
        full: in messages that end the run: with the object, or with the hook's file and line.
        place: what stands before those: file, line and key.
    """

    name: str
    full: str
    place: str = ""


class Bot:
    """A user's own chatbot.  Lives in one event loop, like the engine.

    Args:
        target: what answers, or what has to be made and entered first.
        limiter: of the calls in flight.
        endpoint: the time and the tries that a call has.
        redact: for what it gives and raises, which may hold a key.
        announce: says at once that it takes too long.
        may_pass: it may give None, which leaves an answer to the model.
    """

    def __init__(
        self,
        named: Named,
        target: Answers | Made,
        limiter: Limiter,
        endpoint: Endpoint,
        *,
        redact: Redact = str,
        announce: Announce = lambda line: None,
        may_pass: bool = False,
    ) -> None:
        self._named = named
        self._target = target
        self._limiter = limiter
        self._endpoint = endpoint
        self._redact = redact
        self._announce = announce
        self._may_pass = may_pass
        self._standing = Standing()
        self._calls = Calls()
        self._opening: Opening | None = None
        self._answers = target if isinstance(target, Answers) else None

    @property
    def is_opening(self) -> bool:
        """Whether it is being made or entered now."""
        return self._opening is not None and self._answers is None

    @property
    def is_held(self) -> bool:
        """Whether something is entered that has to be left at the end."""
        return self._opening is not None and self._answers is not None

    async def open(self) -> None:
        """Makes and enters it, where that is needed; does nothing the second time.

        Raises:
            FatalError: it cannot be.
        """
        if isinstance(self._target, Answers):
            return
        if self._opening is None:
            self._opening = Opening(self._target)
        outcome = await self._opening.outcome()
        if not isinstance(outcome, Answers):
            self._limiter.close()
            raise FatalError(self._told(outcome))
        self._answers = outcome

    async def close(self) -> str:
        """Leaves it; gives what went wrong, empty where nothing did."""
        await self._calls.close()
        error = await self._opening.leave() if self._opening is not None else None
        return "" if error is None else f"{self._told(error)}, when it was left at the end of the run"

    async def answer(self, request: ChatRequest, told: Mapping[str, Any], terms: Terms) -> ChatReply | None:
        """What it answers, or None where it leaves that to the model.

        Args:
            request: what an endpoint would be asked.
            told: what it may be told beside the messages, by name.

        Raises:
            UnscoredError: it fails in this turn.
            FatalError: it fails in every one.
        """
        tries = 0
        while True:
            async with self._limiter.slot(terms.priority) as started, terms.paying(request) as spend:
                # A copy for each call, which may do with it what it likes.
                messages = [dict(message) for message in request.messages]
                outcome = await self._try({**told, "messages": messages}, started)
                if isinstance(outcome, ChatReply):
                    spend(outcome.usage)
            if not isinstance(outcome, BotFault):
                return outcome
            tries += 1
            await self._wait_or_give_up(request, outcome, tries)
            terms.count.retried += 1

    async def _try(self, told: Mapping[str, Any], started: float) -> ChatReply | BotFault | None:
        """Calls it once, and learns from what comes before the place in flight is handed on."""
        if self._answers is None or (self._opening is not None and self._opening.lost is not None):
            lost = self._opening.lost if self._opening is not None else None
            raise self._end(f"was closed before the run ended ({type(lost).__name__})")
        outcome = await self._calls.call(self._answers, told, self._endpoint.timeout)
        if outcome.timed_out:
            return self._timed_out()
        if outcome.error is not None:
            fault = fault_of(outcome.error, self._redact)
            if fault.kind == "rate-limit":
                self._limiter.rate_limited(started, fault.wait or None)
            return fault
        try:
            passed = self._may_pass and outcome.given is None
            reply = None if passed else reply_of(outcome.given, self._redact)
        except WrongReplyError as error:
            return BotFault("refused", self._redact(str(error)), alike=error.alike)
        self._standing.answered("")
        self._limiter.replied()
        return reply

    def _timed_out(self) -> BotFault:
        name, seconds = self._named.name, self._endpoint.timeout
        self._announce(f"mtbench: {name} gives nothing within {seconds:g} s; is it hanging? (--mtbench-timeout)")
        said = f"gave nothing within {seconds:g} s; if it is not hanging, --mtbench-timeout allows it more"
        return BotFault("refused", said, alike="timeout")

    async def _wait_or_give_up(self, request: ChatRequest, fault: BotFault, tries: int) -> None:
        message, last = f"{self._named.name} {fault.message}", tries > self._endpoint.retries
        alike = fault.alike or (f"given up: {fault.kind}" if last else "")
        if self._standing.is_hopeless("", alike, str(request.messages)):
            raise self._end(f"{fault.message}; so it did in each of the first {ALIKE} conversations")
        if fault.kind == "refused":
            raise UnscoredError(message)
        if fault.kind == "rate-limit" and self._standing.is_limited_for_good(time.monotonic()):
            raise self._end(f"{fault.message}; nothing else came of it for ten minutes")
        if last:
            raise UnscoredError(f"{message}; given up after {tries} tries")
        backoff = min(_FIRST_BACKOFF * 2 ** (tries - 1), _LONGEST_BACKOFF) * random.uniform(0.75, 1)  # noqa: S311
        # "Now" is taken at its word once; said again and again it would use up every try in a moment.
        now = fault.wait is not None and tries == 1
        await asyncio.sleep(fault.wait or (0.0 if now else backoff))

    def _told(self, error: BaseException) -> str:
        """What went wrong with what is made once."""
        if isinstance(error, ConfigError):
            return self._named.place + self._redact(str(error))
        return f"{self._named.place}{self._named.full} {fault_of(error, self._redact).message}"

    def _end(self, message: str) -> FatalError:
        self._limiter.close()
        return FatalError(f"{self._named.place}{self._named.full} {message}")
