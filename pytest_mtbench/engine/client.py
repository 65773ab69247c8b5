"""Asking an OpenAI-compatible endpoint: limits, retries and what it refuses of a request."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..domain.chat import ChatReply, ChatRequest
from ..domain.endpoint import Endpoint
from ..domain.errors import FatalError, UnscoredError
from ..untrusted.urls import is_loopback
from .adapting import Form
from .exchange import Exchange
from .limits import Limiter
from .patience import Announce, Pace, Patience
from .standing import ALIKE, Standing
from .terms import Terms

if TYPE_CHECKING:
    from .faults import Fault

REFUSED_SECONDS = 20.0
"""An endpoint that no connection reached for so long is given up."""
_LONGEST_BACKOFF = 8.0


class OpenAIClient:
    """One endpoint behind the openai client.

    The client's own retries are off: they neither shrink a limit that all requests share nor tell a used-up quota
    from a busy moment.

    Args:
        announce: says a line to the user at once, from any thread.
    """

    def __init__(self, endpoint: Endpoint, limiter: Limiter, announce: Announce = lambda line: None) -> None:
        self._announce = announce
        self._endpoint = endpoint
        self._limiter = limiter
        self._exchange = Exchange(endpoint)
        self._pace = Pace(endpoint.timeout, streams=endpoint.stream)
        self._forms: dict[str, Form] = {}
        self._standing = Standing()
        self._unreached_since: float | None = None
        self._replied = False

    async def complete(self, request: ChatRequest, terms: Terms) -> ChatReply:
        """One reply; see `ChatClient`."""
        where = self._endpoint
        if not (where.api_key or where.keyless or is_loopback(where.url)):
            raise FatalError(f"no key for {request.model} at {where.url}: set {where.key_variable}")
        tries, patience = 0, Patience(self._pace)
        while True:
            async with self._limiter.slot(terms.priority) as started:
                outcome = (
                    await self._pay_and_try(request, terms, started, patience) if await terms.right.take() else None
                )
                if isinstance(outcome, ChatReply):
                    await terms.keep(outcome)
                    return outcome
            if outcome is None:
                found = await terms.right.others()
                if found is not None:
                    return replace(found, cached=True)
                continue
            if outcome.kind != "adapt":
                tries += 1
                last = tries > where.retries or patience.is_over
                await self._wait_or_give_up(request, outcome, tries, started, last=last)
            terms.count.retried += 1

    async def close(self) -> None:
        """Closes the connections."""
        await self._exchange.close()

    async def _pay_and_try(
        self, request: ChatRequest, terms: Terms, started: float, patience: Patience
    ) -> ChatReply | Fault:
        # Within the place in flight, so that a budget is held by what is asked next and not by what waits.
        async with terms.paying(request) as spend:
            outcome = await self._try(request, started, patience)
            if isinstance(outcome, ChatReply):
                spend(outcome.usage)
        return outcome

    async def _try(self, request: ChatRequest, started: float, patience: Patience) -> ChatReply | Fault:
        """Asks once, and learns from what comes before the place in flight is handed on."""
        from .faults import classify

        # Now: what was refused, and what took too long, while this one waited is known.
        form, seconds = self._form(request.model), patience.seconds
        try:
            reply = await self._exchange.ask(request, form, seconds)
        except Exception as error:  # noqa: BLE001 - sorted by classify, which raises what it does not know
            known = self._standing.knows(request.model)
            fault = classify(error, form.can_do_without(request), self._exchange.secrets, known=known)
            if fault.timed_out:
                fault = replace(fault, message=patience.timed_out(seconds, self._endpoint.url, self._announce))
            if fault.kind == "adapt":
                self._forms[request.model] = self._form(request.model).without(fault.parameter, form)
            elif fault.kind == "fatal":
                self._limiter.close()
            elif fault.kind == "rate-limit":
                self._limiter.rate_limited(started, fault.wait or None)
            return fault
        patience.replied(seconds)
        self._unreached_since = None
        self._replied = True
        self._standing.answered(request.model)
        self._limiter.replied()
        return reply

    async def _wait_or_give_up(
        self, request: ChatRequest, fault: Fault, tries: int, started: float, *, last: bool
    ) -> None:
        message = f"{self._endpoint.url}: {fault.message}"
        if fault.kind == "fatal":
            raise FatalError(f"{request.model} at {message}{self._advice(fault)}")
        # An error that may pass counts once it has come again, or once all tries are used up.
        counts = fault.kind == "refused" or tries > 1 or last
        alike = fault.alike or (f"given up: {fault.kind}" if last and fault.kind != "refused" else "")
        if counts and self._standing.is_hopeless(request.model, alike, str(request.messages)):
            self._limiter.close()
            advice = self._advice(fault) or {
                "refused": f"; check {self._endpoint.key_variable} and {self._what_to_check}",
                "rate-limit": "; its quota may be used up",
            }.get(fault.kind, "; look at the server itself")
            raise FatalError(f"{request.model} at {message}; so it says to each of {ALIKE} different requests{advice}")
        if fault.kind == "refused":
            raise UnscoredError(message)
        if fault.kind == "rate-limit" and self._standing.is_limited_for_good(time.monotonic()):
            self._limiter.close()
            raise FatalError(
                f"{request.model} at {message}; nothing else came for ten minutes, so its quota may be used up"
            )
        self._watch_connection(fault, started, last)
        if last:
            raise UnscoredError(f"{message}; given up after {tries} tries")
        backoff = min(0.5 * 2 ** (tries - 1), _LONGEST_BACKOFF) * random.uniform(0.75, 1)  # noqa: S311
        # "Now" is taken at its word once; said again and again it would use up every try in a moment.
        now = fault.wait is not None and tries == 1
        await asyncio.sleep(fault.wait or (0.0 if now else backoff))

    def _advice(self, fault: Fault) -> str:
        """What a user should look at."""
        return {
            "key": f"; check {self._endpoint.key_variable}{self._age_of_a_token}",
            "model": f"; check {self._what_to_check}",
            "url": f"; is {self._endpoint.option} right?",
            "later": "; it asks to wait for longer than any run does: try again later",
            "stream": "; `stream: true` for it in the suite file asks so",
            "no stream": "; leave `stream` out of the suite file where it sends whole replies alone",
            "certificate": "; SSL_CERT_FILE names the certificates of a private authority",
            "": "",
        }[fault.check]

    @property
    def _age_of_a_token(self) -> str:
        lasts = ", whose token lasts about an hour: the next run goes on where this one was"
        return lasts if self._endpoint.is_token and self._replied else ""

    @property
    def _what_to_check(self) -> str:
        if self._endpoint.inherited:
            return (
                "the judge's name; it was asked at the model's endpoint, and --mtbench-judge-base-url names another one"
            )
        return f"the model's name and {self._endpoint.option}"

    def _watch_connection(self, fault: Fault, started: float, last: bool) -> None:
        if fault.kind != "connect" and not (fault.transport and not self._replied):
            self._unreached_since = None
            return
        if self._unreached_since is None:
            self._unreached_since = started
        if (last and fault.kind == "connect") or time.monotonic() - self._unreached_since > REFUSED_SECONDS:
            raise FatalError(
                f"nothing answers at {self._endpoint.url}: {fault.message}; is the server up, and "
                f"{self._endpoint.option} right?"
            )

    def _form(self, model: str) -> Form:
        return self._forms.get(model, Form(streams=self._endpoint.stream))
