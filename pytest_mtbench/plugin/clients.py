"""What one process builds to ask questions: limits, clients, the demo's server, the cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import demo
from ..domain.chat import Kind
from ..domain.endpoint import Endpoint, Role
from ..domain.errors import ConfigError
from ..engine.cache import ReplyCache
from ..engine.client import OpenAIClient
from ..engine.limits import Limiter
from ..engine.patience import Announce
from ..engine.plan import Plan
from ..files.recorded import Recorded
from ..suite.settings import Settings
from ..untrusted.paths import is_file
from ..untrusted.redaction import redacted, secrets_of

if TYPE_CHECKING:
    from ..demo.server import DemoServer


class Clients:
    """What one process builds to ask questions; see `SessionPlugin`.

    Args:
        plans: every plan that may ask.
        announce: says a line at once, from any thread.
    """

    def __init__(self, plans: Iterable[Plan], announce: Announce = lambda line: None) -> None:
        self.notes: list[str] = []
        self.announce = announce
        plans = list(plans)
        self._secrets = secrets_of_all(role for plan in plans for role in (plan.model, *plan.judges, *plan.opponents))
        self._limiters = {where: Limiter(limit) for where, limit in least_limits(plans).items()}
        self._clients: dict[tuple[Kind, Endpoint], OpenAIClient] = {}
        self._demo: DemoServer | None = None

    def note(self, text: str) -> None:
        """Keeps a line for the summary, once."""
        if text not in self.notes:
            self.notes.append(text)

    def hide(self, secrets: Iterable[str]) -> None:
        """Has further texts cut from what is said."""
        found = {form for secret in secrets for form in secrets_of(secret, "")}
        self._secrets = sorted({*self._secrets, *found}, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """A text without the keys of all endpoints of the run."""
        return redacted(text, self._secrets)

    def limiter(self, role: Role, kind: Kind) -> Limiter:
        """The one limit on requests to an endpoint in a role, whichever suite asks."""
        return self._limiters[kind, role.endpoint.url]

    @property
    def in_flight(self) -> int:
        """Requests that are under way to all endpoints."""
        return sum(limiter.in_flight for limiter in self._limiters.values())

    @property
    def pause(self) -> float:
        """Seconds for which an endpoint's rate limit lets no request start; 0 where none does."""
        until = max((limiter.paused_until for limiter in self._limiters.values()), default=0.0)
        return max(0.0, until - time.monotonic())

    def client(self, role: Role, kind: Kind) -> OpenAIClient:
        """The one client of an endpoint in a role."""
        key = (kind, role.endpoint)
        if key not in self._clients:
            endpoint = role.endpoint
            if endpoint.url == demo.URL:
                endpoint = replace(endpoint, connect_url=self._demo_url())
            self._clients[key] = OpenAIClient(endpoint, self.limiter(role, kind), self.announce)
        return self._clients[key]

    def _demo_url(self) -> str:
        """Where the stand-ins are served; starts their server."""
        if self._demo is None:
            from ..demo.server import DemoServer

            self._demo = DemoServer()
        return self._demo.url

    async def close(self) -> None:
        """Closes every client, and the demo's server."""
        for client in self._clients.values():
            await client.close()
        if self._demo is not None:
            self._demo.close()


def secrets_of_all(roles: Iterable[Role]) -> list[str]:
    """What no output may hold of these endpoints, the longest first."""
    endpoints = {role.endpoint for role in roles}
    found = {
        secret
        for endpoint in endpoints
        for secret in secrets_of(endpoint.api_key, endpoint.connect_url, [value for _, value in endpoint.variables])
    }
    return sorted(found, key=len, reverse=True)


def least_limits(plans: Iterable[Plan]) -> dict[tuple[Kind, str], int]:
    """The most requests in flight to each endpoint in each role: the least of what the suites that share it say."""
    least: dict[tuple[Kind, str], int] = {}
    for plan in plans:
        asked: list[tuple[Kind, Role]] = [("answer", who) for who in (plan.model, *plan.opponents)]
        asked += [("judgment", judge) for judge in plan.judges]
        for kind, role in asked:
            where: tuple[Kind, str] = (kind, role.endpoint.url)
            least[where] = min(role.limit, least.get(where, role.limit))
    return least


def with_answers(plan: Plan, recorded: Recorded) -> Plan:
    """The plan with the model's answers that exist already."""
    return replace(plan, model=replace(plan.model, answers=recorded.answers or None))


def opened_cache(settings: Settings, note: Callable[[str], None]) -> ReplyCache | None:
    """The run's cache, where it has one.

    Raises:
        ConfigError: nothing may be asked, and there is nothing in it.
    """
    if settings.cache == "off":
        return None
    folder, only = settings.cache_folder, settings.cache == "only"
    if only and not is_file(folder / "cache.db"):
        raise ConfigError(f"--mtbench-cache=only: there is no cache at {folder}; run once with --mtbench-cache=all")
    cache = ReplyCache(folder, note)
    if only and cache.is_empty():
        raise ConfigError(f"--mtbench-cache=only: the cache at {folder} is empty; run once with --mtbench-cache=all")
    return cache
