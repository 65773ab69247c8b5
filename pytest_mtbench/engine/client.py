"""Asking an OpenAI-compatible endpoint: limits, retries and parameters that it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from ..domain.chat import ChatReply, ChatRequest, Usage, tokens
from ..domain.endpoint import Endpoint
from ..domain.errors import FatalError, UnscoredError
from ..domain.tally import CallCount
from ..protocol.whole import end_of
from ..untrusted.redaction import redacted, secrets_of, userinfo
from ..untrusted.text import join_surrogates
from ..untrusted.urls import is_loopback
from .limits import Limiter, Priority

if TYPE_CHECKING:
    import openai

    from .faults import Fault

Keep = Callable[[ChatReply], Awaitable[None]]


async def _keep_nothing(reply: ChatReply) -> None:
    """Stores nothing."""


CONNECT_SECONDS = 8.0
REFUSED_SECONDS = 20.0
"""An endpoint that no connection reached for so long is given up."""
_LONGEST_BACKOFF = 8.0


class ChatClient(Protocol):
    """Something that completes chats."""

    async def complete(
        self, request: ChatRequest, priority: Priority, count: CallCount, keep: Keep = _keep_nothing
    ) -> ChatReply:
        """One reply.

        Args:
            priority: lower ones are asked first.
            count: where tries after the first are counted.
            keep: stores the reply; the request counts as in flight until it has.

        Raises:
            UnscoredError: this request cannot be answered.
            FatalError: no request can be answered any more.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...


class OpenAIClient:
    """One endpoint behind the openai client.

    The client's own retries are off: they neither shrink a limit that all requests share nor tell a used-up quota
    from a busy moment.
    """

    def __init__(self, endpoint: Endpoint, limiter: Limiter) -> None:
        self._endpoint = endpoint
        self._limiter = limiter
        self._client: openai.AsyncOpenAI | None = None
        self._refused: dict[str, set[str]] = {}
        self._unreached_since: float | None = None
        self._replied = False

    async def complete(
        self, request: ChatRequest, priority: Priority, count: CallCount, keep: Keep = _keep_nothing
    ) -> ChatReply:
        """One reply; see `ChatClient`."""
        from .faults import classify

        if not (self._endpoint.api_key or is_loopback(self._endpoint.url)):
            raise FatalError(f"no key for {request.model} at {self._endpoint.url}: set {self._endpoint.key_variable}")
        tries = 0
        while True:
            async with self._limiter.slot(priority) as started:
                parameters = self._parameters(request)  # now: what was refused while this one waited is known
                try:
                    reply = await self._once(request, parameters)
                except Exception as error:  # noqa: BLE001 - sorted by classify, which raises what it does not know
                    fault = classify(error, parameters, self._secrets)
                    # Before the place in flight is handed on:
                    if fault.kind == "fatal":
                        self._limiter.close()
                    elif fault.kind == "rate-limit":
                        self._limiter.rate_limited(started, fault.wait or None)
                else:
                    self._unreached_since = None
                    self._replied = True
                    self._limiter.replied()
                    await keep(reply)
                    return reply
            if fault.kind == "adapt":
                self._refused.setdefault(request.model, set()).add(fault.parameter)
            else:
                tries += 1
                await self._wait_or_give_up(request.model, fault, tries, started)
            count.retried += 1

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()

    async def _wait_or_give_up(self, model: str, fault: Fault, tries: int, started: float) -> None:
        message = f"{self._endpoint.url}: {fault.message}"
        if fault.kind == "fatal":
            what = {"key": self._endpoint.key_variable, "model": f"the model's name and {self._endpoint.option}"}
            check = f"; check {what[fault.check]}" if fault.check else ""
            raise FatalError(f"{model} at {message}{check}")
        if fault.kind == "unscored":
            raise UnscoredError(message)
        last = tries > self._endpoint.retries
        self._watch_connection(fault, started, last)
        if last:
            raise UnscoredError(f"{message}; given up after {tries} tries")
        backoff = min(0.5 * 2 ** (tries - 1), _LONGEST_BACKOFF) * random.uniform(0.75, 1)  # noqa: S311
        # "Now" is taken at its word once; said again and again it would use up every try in a moment.
        now = fault.wait is not None and tries == 1
        await asyncio.sleep(fault.wait or (0.0 if now else backoff))

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

    async def _once(self, request: ChatRequest, parameters: dict[str, Any]) -> ChatReply:
        completion: Any = await asyncio.wait_for(
            self._openai().chat.completions.create(
                model=request.model,
                messages=[dict(m) | {"content": join_surrogates(m["content"])} for m in request.messages],  # type: ignore[misc]
                extra_body=dict(request.extra_body) or None,
                **parameters,
            ),
            self._endpoint.timeout,
        )
        adapted = tuple(sorted(self._refused.get(request.model, ())))
        reply = _read(completion, adapted, request.answer_from)
        # A proxy may echo what it was sent.
        return replace(
            reply,
            text=redacted(reply.text, self._secrets),
            finish_reason=redacted(reply.finish_reason, self._secrets),
            served=redacted(reply.served, self._secrets),
            elsewhere=reply.elsewhere and (reply.elsewhere[0], redacted(reply.elsewhere[1], self._secrets)),
        )

    def _parameters(self, request: ChatRequest) -> dict[str, Any]:
        refused = self._refused.get(request.model, ())
        parameters: dict[str, Any] = {}
        if request.temperature is not None and "temperature" not in refused:
            parameters["temperature"] = request.temperature
        parameters["max_completion_tokens" if "max_tokens" in refused else "max_tokens"] = request.max_tokens
        return parameters

    def _openai(self) -> openai.AsyncOpenAI:
        if self._client is None:
            try:
                self._client = _connect(self._endpoint)
            except Exception as error:  # noqa: BLE001 - as a proxy's module or a file of certificates that is not there
                why = redacted(" ".join(str(error).split()), self._secrets)
                # From None: the frames of a traceback hold the key.
                raise FatalError(
                    f"{self._endpoint.url}: no client can be made ({type(error).__name__}: {why})"
                ) from None
        return self._client

    @cached_property
    def _secrets(self) -> list[str]:
        return secrets_of(self._endpoint.api_key, self._endpoint.connect_url)


def _read(completion: Any, adapted: tuple[str, ...], answer_from: str = "") -> ChatReply:
    """A chat completion of whatever shape; the client checks none.

    Args:
        answer_from: the field of the message that holds the text, where it is not `content`.
    """
    from .faults import MalformedReplyError

    choices = getattr(completion, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(choice, "message", None)
    content, refusal = getattr(message, answer_from or "content", None), getattr(message, "refusal", None)
    if not hasattr(message, "content") or not isinstance(content, str | list | None):
        raise MalformedReplyError(str(getattr(completion, "error", None) or completion))
    if isinstance(content, list):  # some servers send the parts of a message
        content = "".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    finish = getattr(choice, "finish_reason", None)
    if getattr(choice, "error", None):  # OpenRouter's, beside half an answer
        finish = finish if isinstance(finish, str) and end_of(finish) != "whole" else "error"
    if not content and isinstance(refusal, str) and refusal:
        content, finish = refusal, "refusal"
    served = getattr(completion, "model", None)
    usage = getattr(completion, "usage", None)
    return ChatReply(
        text=join_surrogates(content or ""),
        finish_reason=finish if isinstance(finish, str) and finish else "stop" if finish is None else "unknown",
        served=served if isinstance(served, str) else "",
        usage=Usage(_tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens")),
        created=time.time(),
        adapted=adapted,
        elsewhere=None if content else _elsewhere(message, answer_from or "content"),
    )


def _elsewhere(message: Any, field: str) -> tuple[str, str] | None:
    """The first field with something in it, of a message whose text is empty: a thought, a call of a tool."""
    for name, value in message.model_dump(exclude_none=True, warnings=False).items():
        if name not in (field, "role", "refusal", "annotations") and value:
            return name, join_surrogates(value if isinstance(value, str) else json.dumps(value, default=str))
    return None


def _tokens(usage: Any, name: str) -> int:
    count = getattr(usage, name, 0)
    return tokens(count)


def _connect(endpoint: Endpoint) -> openai.AsyncOpenAI:
    import openai  # here: a run whose replies are all cached never imports it

    common: dict[str, Any] = {
        "api_key": endpoint.api_key or "none",
        "max_retries": 0,
        "timeout": openai.Timeout(endpoint.timeout, connect=min(CONNECT_SECONDS, endpoint.timeout)),
    }
    if is_loopback(endpoint.url):  # a proxy that the environment names cannot reach this machine's own loopback
        secure = endpoint.connect_url.startswith("https:")  # else there is no certificate to load a bundle for
        common["http_client"] = openai.DefaultAsyncHttpxClient(trust_env=False, verify=secure)
    parts = urlsplit(endpoint.connect_url)
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if parts.username is not None:  # in a header and not in the URL, which the HTTP client writes to its log
        common["default_headers"] = {
            "Authorization": "Basic " + b64encode(userinfo(endpoint.connect_url).encode()).decode()
        }
    for name in ("httpcore", "httpcore2", "httpx", "httpx2"):  # at DEBUG they write down headers, which may echo a key
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.INFO, logger.level))
    if endpoint.azure:
        version, deployment = endpoint.azure
        return openai.AsyncAzureOpenAI(azure_endpoint=url, api_version=version, azure_deployment=deployment, **common)
    return openai.AsyncOpenAI(base_url=url, **common)
