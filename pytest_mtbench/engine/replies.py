"""One reply: from a recording, from the cache, from another run that asks for it, or from the endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol
from weakref import WeakValueDictionary

from ..domain.chat import CacheMode, ChatReply, ChatRequest, Kind, Usage
from ..domain.endpoint import Role
from ..domain.errors import UnscoredError
from ..domain.result import TurnKey
from ..domain.tally import Tally
from ..protocol.whole import end_of
from .budget import Budget
from .cache import ReplyCache
from .cache_thread import CacheThread
from .claims import Claim, Claims
from .hints import Hints
from .limits import Priority
from .plan import Plan, user_text
from .terms import ChatClient, Paying, Terms, Unshared

_TRIES_FOR_CONTENT = 3

_ADAPTED = {
    "max_tokens": "refuses max_tokens; max_completion_tokens is sent instead",
    "temperature": "refuses temperature; it is left out",
    "stream_options": "refuses stream_options, so that it does not say how many tokens a reply took",
    "system": "takes no instructions of their own; they stand at the head of the user's message, for every request",
    "room": "cannot finish within max_tokens; it gets more",
}

Use = Literal["good", "empty", "again", "useless"]
"""What a reply is worth: kept; asked for again and kept if it stays so; asked for again, a few times; given up."""


class Recording(Protocol):
    """Judgments that exist already, by judge and by the prompt to the letter."""

    def judgment(self, judge: str, prompt: str, sample: int) -> str | None:
        """The recorded judgment, or None."""
        ...


@dataclass(frozen=True)
class Wanted:
    """A reply that is wanted.

    Args:
        who: the model that is asked.
        slot: names what is asked, apart from how.
        round: an earlier run or sample goes first; within it, see `Hints.weight`.
        step: its name there; `then`: those of the steps that wait for it.
        use_of: what a reply is worth.
        tally: where it is counted; `turn`: the turn that it is of.
    """

    plan: Plan
    kind: Kind
    who: Role
    request: ChatRequest
    slot: str
    round: int
    step: str
    then: tuple[str, ...]
    use_of: Callable[[ChatReply], Use]
    tally: Tally
    turn: TurnKey

    def spend(self, usage: Usage) -> None:
        """Counts the tokens of a reply that was paid for."""
        self.tally.spend(self.kind, usage, other=self.who is not self.plan.model, judge=self._judge)
        self.tally.bill(self.turn, self.who.cost(usage))

    def use(self, reply: ChatReply) -> None:
        """Counts the reply that the run goes on with, and says what its endpoint refused."""
        self.tally.use(self.kind, reply, self._judge)
        for name in reply.adapted:
            self.tally.note(f"{self.whose} endpoint {_ADAPTED[name]}")

    @property
    def _judge(self) -> str:
        """Which judge of a jury is asked; empty for an answer, and where there is one judge."""
        return self.plan.said_by if self.kind == "judgment" else ""

    @property
    def whose(self) -> str:
        """Whose endpoint, or whose reply, a note speaks of."""
        if self.kind == "judgment":
            return f"{self._judge or 'the judge'}'s"
        return "the model's" if self.who is self.plan.model else f"{self.who.label}'s"


class Replies:
    """Gets each reply once.

    Args:
        cache: None where it is switched off.
        mode: what may be read from the cache.
        client_of: who is asked.
        recordings: judgments that exist already, by suite.
    """

    def __init__(
        self,
        cache: ReplyCache | None,
        mode: CacheMode,
        client_of: Callable[[Role, Kind], ChatClient],
        recordings: Mapping[str, Recording],
    ) -> None:
        self._cache = CacheThread(cache)
        self._claims = Claims(self._cache)
        self._hints = Hints(self._cache)
        self._mode = mode
        self._client_of = client_of
        self._recordings = recordings
        self._budgets: dict[str, Budget] = {}
        self._got: dict[str, ChatReply] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # while somebody waits

    async def get(self, wanted: Wanted) -> ChatReply:
        """A good reply, or the last of several tries.

        Raises:
            UnscoredError, FatalError: there is none.
        """
        key = wanted.request.key
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            reply = self._got_already(wanted, key) or self._recorded(wanted) or await self._stored(wanted)
            if reply is None:
                reply = await self._claim_and_ask(wanted)
            # What came in this run has no age; a cached reply keeps its own.
            self._got[key] = reply if reply.cached else replace(reply, cached=True, created=0.0)
        wanted.use(reply)
        return reply

    async def give(self, wanted: Wanted, ask: Callable[[Terms], Awaitable[ChatReply | None]]) -> ChatReply | None:
        """A reply of a user's own chatbot, which no cache keeps; None where it leaves that to the model.

        Raises:
            UnscoredError, FatalError: there is none.
        """
        count, priority = wanted.tally.count(wanted.kind), await self._priority(wanted)
        reply = await ask(Terms(priority, count, paying=self._paying(wanted)))
        if reply is not None:
            wanted.spend(reply.usage)
            wanted.use(reply)
        return reply

    async def close(self) -> None:
        """Gives claims back and stops the cache's thread."""
        held = await self._claims.close()
        if self._cache.is_on:
            await self._cache.do(lambda cache: cache.close(release=held))
        await self._cache.close()

    def _got_already(self, wanted: Wanted, key: str) -> ChatReply | None:
        """What this run has for that key; of a cached answer another suite may say that it is too old."""
        reply = self._got.get(key)
        return None if reply is not None and reply.created and self._too_old(wanted, reply) else reply

    def _recorded(self, wanted: Wanted) -> ChatReply | None:
        recording = self._recordings.get(wanted.plan.key)
        request = wanted.request
        if recording is None or wanted.kind == "answer" or request.revision:
            return None
        text = recording.judgment(request.model, user_text(request.messages), request.sample)
        reply = None if text is None else ChatReply(text, cached=True)
        # As from the cache: a judgment that holds no rating is asked for again.
        return reply if reply is not None and wanted.use_of(reply) == "good" else None

    def _readable(self, wanted: Wanted) -> bool:
        if not self._cache.is_on:
            return False
        return self._mode in ("all", "only") or (self._mode == "judgments" and wanted.kind == "judgment")

    async def _stored(self, wanted: Wanted) -> ChatReply | None:
        if not self._readable(wanted):
            return None
        reply = await self._cache.do(lambda cache: cache.get(wanted.request))
        return replace(reply, cached=True) if reply is not None and self._usable(wanted, reply) else None

    def _usable(self, wanted: Wanted, reply: ChatReply | None) -> bool:
        """Whether a stored reply counts; a judgment is read by today's rules, and must hold a rating by them."""
        if reply is None or self._too_old(wanted, reply):
            return False
        return wanted.kind == "answer" or wanted.use_of(reply) == "good"

    def _too_old(self, wanted: Wanted, reply: ChatReply) -> bool:
        if self._mode == "only":
            return False  # there is no other: a flag says so of an answer
        if wanted.kind == "answer":
            return wanted.who is wanted.plan.model and wanted.plan.is_too_old(reply.created)
        age = wanted.plan.judgment_age
        return age is not None and time.time() - reply.created > age

    async def _claim_and_ask(self, wanted: Wanted) -> ChatReply:
        if self._mode == "only":
            why = await self._cache.do(lambda cache: cache.explain_miss(wanted.request, wanted.slot))
            raise UnscoredError(f"not in the cache, and --mtbench-cache=only asks nothing: {why}")
        if not self._readable(wanted):
            return await self._ask(wanted, Unshared())
        async with self._claims.on(wanted.request, lambda reply: self._usable(wanted, reply)) as claim:
            return await self._ask(wanted, claim)

    async def _ask(self, wanted: Wanted, claim: Claim | Unshared) -> ChatReply:
        count, request = wanted.tally.count(wanted.kind), wanted.request
        client = self._client_of(wanted.who, wanted.kind)
        priority = await self._priority(wanted)
        for attempt in range(1, _TRIES_FOR_CONTENT + 1):
            last = attempt == _TRIES_FOR_CONTENT
            keep = partial(self._keep, wanted, claim, last)
            try:
                terms = Terms(priority, count, keep, self._paying(wanted), claim)
                reply = await client.complete(request, terms)
            except UnscoredError:
                if request is wanted.request:
                    raise
                break  # the endpoint allows no more room: what it said before stands
            if reply.cached:
                break  # another run has paid for it
            wanted.spend(reply.usage)
            if last or wanted.use_of(reply) in ("good", "useless"):
                break
            count.retried += 1
            if wanted.kind == "judgment" and end_of(reply.finish_reason) == "cut-off":
                request = self._with_more_room(wanted, request)
        return reply

    async def _keep(self, wanted: Wanted, claim: Claim | Unshared, last: bool, reply: ChatReply) -> None:
        use = wanted.use_of(reply)
        if self._cache.is_on and (use == "good" or (use == "empty" and last)):
            await self._cache.do(lambda cache: cache.put(wanted.request, reply, wanted.slot, wanted.step))
            claim.stored()

    async def _priority(self, wanted: Wanted) -> Priority:
        return wanted.round, -await self._hints.weight(wanted.step, wanted.then)

    def _paying(self, wanted: Wanted) -> Paying:
        budget = self._budgets.setdefault(wanted.plan.payer, Budget(wanted.plan.budget))

        @contextlib.asynccontextmanager
        async def paying(asked: ChatRequest) -> AsyncIterator[Callable[[Usage], None]]:
            async with budget.reserved(wanted.who.most(asked)) as spend:
                yield lambda usage: spend(wanted.who.cost(usage) or 0.0)

        return paying

    def _with_more_room(self, wanted: Wanted, request: ChatRequest) -> ChatRequest:
        """The same request with twice the tokens; a judge that thinks can use up its room before it rates."""
        wanted.tally.note(
            f"{wanted.whose} reply was cut off at max_tokens {wanted.request.max_tokens} and asked for again with "
            "more; judge.max_tokens in the suite file gives it more from the start"
        )
        return replace(request, max_tokens=2 * request.max_tokens)
