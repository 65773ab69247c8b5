"""What one process builds to ask questions: limits, clients, the demo's server, estimates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import demo
from ..domain.chat import ChatRequest, Kind
from ..domain.endpoint import Role
from ..domain.result import TurnKey
from ..engine.cache import ReplyCache
from ..engine.client import OpenAIClient
from ..engine.estimate import Estimate, estimate
from ..engine.limits import Limiter
from ..engine.plan import Plan, user_text
from ..files.fastchat import answer_file_in
from ..files.recorded import Recorded, read_answers, read_judgments
from ..suite.resolve import SuiteRun
from ..suite.settings import Options
from ..untrusted.paths import is_file

if TYPE_CHECKING:
    from ..demo.server import DemoServer


@dataclass
class Machinery:
    """What one process builds to ask questions; see `SessionPlugin`."""

    notes: list[str] = field(default_factory=list)
    limiters: dict[tuple[Any, ...], Limiter] = field(default_factory=dict)
    clients: dict[tuple[Any, ...], OpenAIClient] = field(default_factory=dict)
    demo: DemoServer | None = None

    def note(self, text: str) -> None:
        """Keeps a line for the summary, once."""
        if text not in self.notes:
            self.notes.append(text)

    def limiter(self, role: Role, kind: Kind) -> Limiter:
        """The one limit on requests to an endpoint in a role, whichever suite asks."""
        return self.limiters.setdefault((kind, role.endpoint.url), Limiter(role.limit))

    def client(self, role: Role, kind: Kind) -> OpenAIClient:
        """The one client of an endpoint in a role."""
        key = (kind, role.endpoint)
        if key not in self.clients:
            endpoint = role.endpoint
            if endpoint.url == demo.URL:
                endpoint = replace(endpoint, connect_url=self.demo_url())
            self.clients[key] = OpenAIClient(endpoint, self.limiter(role, kind))
        return self.clients[key]

    def demo_url(self) -> str:
        """Where the stand-ins are served; starts their server."""
        if self.demo is None:
            from ..demo.server import DemoServer

            self.demo = DemoServer()
        return self.demo.url

    def estimate(self, options: Options, run: SuiteRun, keys: list[TurnKey]) -> Estimate:
        """What these turns would ask for, with a look at what is there already; asks nothing."""
        recorded = read_recorded(options.answers, run) if options.answers else Recorded()
        plan = with_answers(run.plan, recorded)
        by_mode: dict[str, tuple[Kind, ...]] = {"judgments": ("judgment",), "refresh": (), "off": ()}
        readable = by_mode.get(options.cache, ("answer", "judgment"))
        there = readable and is_file(options.cache_folder / "cache.db")
        cache = ReplyCache(options.cache_folder, self.note) if there else None

        def lookup(kind: Kind, request: ChatRequest) -> str | None:
            if kind == "judgment":
                text = recorded.judgment(request.model, user_text(request.messages), request.sample)
                if text is not None:
                    return text
            reply = cache.get(request) if cache is not None and kind in readable else None
            return None if reply is None else reply.text

        try:
            return estimate(plan, keys, lookup)
        finally:
            if cache is not None:
                cache.close()

    async def close(self) -> None:
        """Closes every client, and the demo's server."""
        for client in self.clients.values():
            await client.close()
        if self.demo is not None:
            self.demo.close()


def read_recorded(source: Path, run: SuiteRun) -> Recorded:
    """What `--mtbench-answers` holds for a suite; of a folder with the other side's answers alone the judgments."""
    others_there = any(other.source == str(source) for other in run.opponents)
    if others_there and answer_file_in(source, run.plan.model.name) is None:
        return read_judgments(source, run.plan)
    return read_answers(source, run.plan)


def with_answers(plan: Plan, recorded: Recorded) -> Plan:
    """The plan with the model's answers that exist already."""
    return replace(plan, model=replace(plan.model, answers=recorded.answers or None))
