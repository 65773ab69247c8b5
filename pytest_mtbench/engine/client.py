"""Asking an OpenAI-compatible endpoint: limits, retries and what it refuses of a request."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..domain.chat import ChatReply, ChatRequest
from ..domain.endpoint import Endpoint
from ..domain.errors import FatalError, UnscoredError
from ..untrusted.redaction import redacted, secrets_of
from ..untrusted.secrets import resolved_env
from ..untrusted.text import join_surrogates
from ..untrusted.urls import is_loopback
from .adapting import Form
from .completion import read_completion
from .limits import Limiter
from .patience import Announce, Patience
from .standing import ALIKE, Standing
from .terms import Terms

if TYPE_CHECKING:
    import openai

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
        self._client: openai.AsyncOpenAI | None = None
        self._forms: dict[str, Form] = {}
        self._standing = Standing()
        self._unreached_since: float | None = None
        self._replied = False

    async def complete(self, request: ChatRequest, terms: Terms) -> ChatReply:
        """One reply; see `ChatClient`."""
        if not (self._endpoint.api_key or is_loopback(self._endpoint.url)):
            raise FatalError(f"no key for {request.model} at {self._endpoint.url}: set {self._endpoint.key_variable}")
        tries, patience = 0, Patience(self._endpoint.timeout)
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
                await self._wait_or_give_up(request, outcome, tries, started)
            terms.count.retried += 1

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()

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

        form = self._form(request.model)  # now: what was refused while this one waited is known
        try:
            reply = await self._once(request, form, patience.seconds)
        except Exception as error:  # noqa: BLE001 - sorted by classify, which raises what it does not know
            known = self._standing.knows(request.model)
            fault = classify(error, form.can_do_without(request), self._secrets, known=known)
            if fault.timed_out:
                fault = replace(fault, message=patience.timed_out(self._endpoint.url, self._announce))
            if fault.kind == "adapt":
                self._forms[request.model] = self._form(request.model).without(fault.parameter, form)
            elif fault.kind == "fatal":
                self._limiter.close()
            elif fault.kind == "rate-limit":
                self._limiter.rate_limited(started, fault.wait or None)
            return fault
        self._unreached_since = None
        self._replied = True
        self._standing.answered(request.model)
        self._limiter.replied()
        return reply

    async def _wait_or_give_up(self, request: ChatRequest, fault: Fault, tries: int, started: float) -> None:
        message = f"{self._endpoint.url}: {fault.message}"
        if fault.kind == "fatal":
            raise FatalError(f"{request.model} at {message}{self._advice(fault)}")
        last = tries > self._endpoint.retries
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
            "key": f"; check {self._endpoint.key_variable}",
            "model": f"; check {self._what_to_check}",
            "url": f"; is {self._endpoint.option} right?",
            "later": "; it asks to wait for longer than any run does: try again later",
            "certificate": "; SSL_CERT_FILE names the certificates of a private authority",
            "": "",
        }[fault.check]

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

    async def _once(self, request: ChatRequest, form: Form, seconds: float) -> ChatReply:
        from .connection import timeout_of

        messages = form.messages(request)
        completion: Any = await asyncio.wait_for(
            self._openai().chat.completions.create(
                model=request.model,
                messages=[dict(m) | {"content": join_surrogates(m["content"])} for m in messages],  # type: ignore[misc]
                extra_body=resolved_env(request.extra_body, dict(self._endpoint.variables)) or None,
                timeout=timeout_of(seconds),
                **form.parameters(request),
            ),
            seconds,
        )
        reply = read_completion(completion, request.answer_from)
        # A proxy may echo what it was sent.
        return replace(
            reply,
            text=redacted(reply.text, self._secrets),
            finish_reason=redacted(reply.finish_reason, self._secrets),
            served=redacted(reply.served, self._secrets),
            adapted=tuple(sorted(form.refused)),
            elsewhere=reply.elsewhere and (reply.elsewhere[0], redacted(reply.elsewhere[1], self._secrets)),
        )

    def _form(self, model: str) -> Form:
        return self._forms.get(model, Form())

    def _openai(self) -> openai.AsyncOpenAI:
        if self._client is None:
            from .connection import connect

            try:
                self._client = connect(self._endpoint)
            except Exception as error:  # noqa: BLE001 - as a proxy's module or a file of certificates that is not there
                why = redacted(" ".join(str(error).split()), self._secrets)
                # From None: the frames of a traceback hold the key.
                raise FatalError(
                    f"{self._endpoint.url}: no client can be made ({type(error).__name__}: {why})"
                ) from None
        return self._client

    @cached_property
    def _secrets(self) -> list[str]:
        others = [value for _, value in self._endpoint.variables]
        return secrets_of(self._endpoint.api_key, self._endpoint.connect_url, others)
