"""What one process builds to ask questions: limits, clients, the demo's server, estimates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import demo
from ..domain.chat import ChatRequest, Kind
from ..domain.result import TurnKey
from ..engine.cache import ReplyCache
from ..engine.client import OpenAIClient
from ..engine.estimate import Estimate, estimate
from ..engine.limits import Limiter
from ..engine.plan import Plan, user_text
from ..files.fastchat import Recorded, answer_file_in, read_answers
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

    def limiter(self, plan: Plan, kind: Kind) -> Limiter:
        """The one limit on requests to an endpoint in a role, whichever suite asks."""
        role = plan.role(kind)
        return self.limiters.setdefault((kind, role.endpoint.url), Limiter(role.limit))

    def client(self, plan: Plan, kind: Kind) -> OpenAIClient:
        """The one client of an endpoint in a role."""
        role = plan.role(kind)
        key = (kind, role.endpoint)
        if key not in self.clients:
            endpoint = role.endpoint
            if endpoint.url == demo.URL:
                endpoint = replace(endpoint, connect_url=self.demo_url())
            self.clients[key] = OpenAIClient(endpoint, self.limiter(plan, kind))
        return self.clients[key]

    def demo_url(self) -> str:
        """Where the stand-ins are served; starts their server."""
        if self.demo is None:
            from ..demo.server import DemoServer

            self.demo = DemoServer()
        return self.demo.url

    def estimate(self, options: Options, run: SuiteRun, keys: list[TurnKey]) -> Estimate:
        """What these turns would ask for, with a look at what is there already; asks nothing."""
        plan = run.plan
        source = options.answers
        others_alone = source is not None and only_others_there(source, run)
        recorded = read_answers(source, plan, judgments_alone=others_alone) if source else Recorded()
        stored = {other.plan.key: other.stored or {} for other in run.opponents} | {plan.key: recorded.answers}
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
            return estimate(plan, keys, lookup, lambda who, q, turn, run: stored[who.key].get((q.id, turn, run)))
        finally:
            if cache is not None:
                cache.close()

    async def close(self) -> None:
        """Closes every client, and the demo's server."""
        for client in self.clients.values():
            await client.close()
        if self.demo is not None:
            self.demo.close()


def only_others_there(source: Path, run: SuiteRun) -> bool:
    """Whether a folder of answers holds those of the other side alone, so that the model's own are asked for."""
    there = any(other.source == str(source) for other in run.opponents)
    return there and answer_file_in(source, run.plan.model.name) is None
