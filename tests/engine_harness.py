"""The real engine with the real client and the real cache, against a server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_mtbench.domain.chat import AnswerSource, CacheMode, Kind
from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.question import Place
from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.engine.bot import Bot, Named, Redact
from pytest_mtbench.engine.bot_target import Answers, Made
from pytest_mtbench.engine.bots import Bots
from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.engine.client import OpenAIClient
from pytest_mtbench.engine.limits import Limiter
from pytest_mtbench.engine.measuring import Engine
from pytest_mtbench.engine.patience import Announce
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.engine.replies import Recording, Replies
from pytest_mtbench.protocol.prompts import SYSTEM_PROMPT
from pytest_mtbench.questions import load_folder

from .server import JUDGE
from .sets import QUESTIONS

SUITE = "mtbench.yaml"
NOWHERE = "http://127.0.0.1:9/v1"
HOOK = "pytest_mtbench_generate"
AT_ONCE = {"retry_after_ms": "1"}
RAIN, RAIN_AGAIN = QUESTIONS[0]["turns"]
TIMES, MINUS = QUESTIONS[2]["turns"]
LEGS = QUESTIONS[4]["turns"][0]
TURNS = 3
CALLS = 6
"""Answers and judgments of the two questions of the fixture `plan`."""


def plan_of(
    folder: Path, url: str = NOWHERE, model: str | Answerer = "m", system_prompt: str = SYSTEM_PROMPT, **more: Any
) -> Plan:
    """The plan of a set, as the protocol has it."""
    questions = load_folder(folder)
    where = Endpoint(url=url, connect_url=url, timeout=5.0, retries=2)
    answerer = Answerer(model, where, system_prompt=system_prompt) if isinstance(model, str) else model
    plan = Plan(SUITE, questions, questions.questions, answerer, Role(JUDGE, where, max_tokens=2048))
    return replace(plan, **more)


def with_answers(plan: Plan, answers: AnswerSource) -> Plan:
    """The plan with answers that exist already."""
    return replace(plan, model=replace(plan.model, answers=answers))


class Clients:
    """A client and a limit for each kind of reply."""

    def __init__(self, plan: Plan, limit: int = 16) -> None:
        self.limiters: dict[Kind, Limiter] = {"answer": Limiter(limit), "judgment": Limiter(limit)}
        self._of = {kind: OpenAIClient(plan.role(kind).endpoint, self.limiters[kind]) for kind in self.limiters}

    def engine(
        self,
        plans: Mapping[str, Plan],
        cache: ReplyCache | None,
        mode: CacheMode = "all",
        recordings: Mapping[str, Recording] | None = None,
        generate: Any = None,
        redact: Redact = str,
        announce: Announce = lambda line: None,
        **options: Any,
    ) -> Engine:
        """An engine; `generate` is a user's own chatbot, as the hook or a suite file names it."""
        replies = Replies(cache, mode, lambda role, kind: self._of[kind], recordings or {})
        named = isinstance(generate, Answers | Made)
        target = generate if named else Answers(generate)
        called = Named("model.generate", "bot:Bot", "mtbench.yaml:1: model.generate: ") if named else Named(HOOK, HOOK)
        of = {
            key: Bot(
                called,
                target,
                self.limiters["answer"],
                plan.model.endpoint,
                redact=redact,
                announce=announce,
                may_pass=not named,
            )
            for key, plan in plans.items()
        }
        return Engine(plans, replies, bots=Bots(of if generate is not None else {}), **options)

    async def close(self) -> None:
        for client in self._of.values():
            await client.close()


@dataclass
class Running:
    """A running engine with everything below it."""

    engine: Engine
    plan: Plan
    notes: list[str]
    limiters: dict[Kind, Limiter]

    async def all(self) -> dict[Place, TurnResult]:
        """Every turn's result by question and turn."""
        return await self.turns(*self.plan.turns())

    async def turns(self, *keys: TurnKey) -> dict[Place, TurnResult]:
        results = await asyncio.wait_for(asyncio.gather(*(self.engine.turn(key) for key in keys)), 10)
        return {result.place: result for result in results}

    async def turn(self, question_id: int | str, turn: int) -> TurnResult:
        return await asyncio.wait_for(self.engine.turn(TurnKey(self.plan.key, question_id, turn)), 10)


@contextlib.asynccontextmanager
async def running(
    plan: Plan,
    folder: Path | None = None,
    mode: CacheMode = "all",
    *,
    others: tuple[Plan, ...] = (),
    recordings: Mapping[str, Recording] | None = None,
    limit: int = 16,
    **options: Any,
) -> AsyncIterator[Running]:
    """An engine, with a cache where a folder is given."""
    notes: list[str] = []
    clients = Clients(plan, limit)
    cache = ReplyCache(folder, notes.append) if folder is not None else None
    engine = clients.engine({each.key: each for each in (plan, *others)}, cache, mode, recordings, **options)
    try:
        yield Running(engine, plan, notes, clients.limiters)
    finally:
        await engine.close()
        await clients.close()


@dataclass
class Measured:
    """What a run came to."""

    results: dict[Place, TurnResult]
    engine: Engine
    notes: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Answers made and cached, judgments made and cached."""
        tally = self.engine.tallies[SUITE]
        return tally.answers.made, tally.answers.cached, tally.judgments.made, tally.judgments.cached


def measure(plan: Plan, folder: Path | None = None, mode: CacheMode = "all", **options: Any) -> Measured:
    """One run over every turn."""

    async def run() -> Measured:
        async with running(plan, folder, mode, **options) as this:
            results = await this.all()
            return Measured(results, this.engine, this.notes)

    return asyncio.run(run())


def story(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs what a test does in a loop."""

    async def run() -> None:
        await asyncio.wait_for(act(), 15)

    asyncio.run(run())
