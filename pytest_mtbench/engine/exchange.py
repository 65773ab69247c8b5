"""One request and its reply over the openai client, whole or in pieces; nothing is asked twice here."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..domain.chat import ChatReply, ChatRequest
from ..domain.endpoint import Endpoint
from ..domain.errors import FatalError
from ..untrusted.redaction import redacted, secrets_of
from ..untrusted.secrets import resolved_env
from ..untrusted.text import join_surrogates
from .adapting import Form
from .completion import read_completion
from .stream import BrokenStreamError, gather
from .tasks import within

if TYPE_CHECKING:
    import openai


_PATH = "/chat/completions"


class Exchange:
    """What goes to an endpoint and comes back."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client: openai.AsyncOpenAI | None = None

    @cached_property
    def secrets(self) -> list[str]:
        """What nothing that comes back may hold."""
        others = [value for _, value in self._endpoint.variables]
        return secrets_of(self._endpoint.api_key, self._endpoint.connect_url, others)

    async def ask(self, request: ChatRequest, form: Form, seconds: float) -> ChatReply:
        """One reply.

        Args:
            form: how the endpoint takes it.
            seconds: for the reply; for each of its pieces, where it comes in pieces.

        Raises:
            FatalError: there is no client to ask with.
            Exception: whatever went wrong; see `faults`.
        """
        from .connection import headers_of, timeout_of

        body = {
            "model": request.model,
            "messages": [dict(m) | {"content": join_surrogates(m["content"])} for m in form.messages(request)],
            **form.parameters(request),
        }
        options = {"headers": headers_of(self._endpoint), "timeout": timeout_of(seconds)}
        added = resolved_env(request.extra_body, dict(self._endpoint.variables))
        if added:
            options["extra_json"] = added
        asked = _Asked(self._connected(), body, options, seconds)
        began = time.monotonic()
        completion = await (asked.streamed() if self._endpoint.stream else asked.whole())
        reply = read_completion(completion, request.answer_from)
        return self._redacted(replace(reply, seconds=time.monotonic() - began), form)

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()

    def _redacted(self, reply: ChatReply, form: Form) -> ChatReply:
        """The reply without secrets: a proxy may echo what it was sent."""
        return replace(
            reply,
            text=redacted(reply.text, self.secrets),
            finish_reason=redacted(reply.finish_reason, self.secrets),
            served=redacted(reply.served, self.secrets),
            adapted=tuple(sorted(form.refused)),
            elsewhere=reply.elsewhere and (reply.elsewhere[0], redacted(reply.elsewhere[1], self.secrets)),
        )

    def _connected(self) -> openai.AsyncOpenAI:
        if self._client is None:
            from .connection import connect

            try:
                self._client = connect(self._endpoint)
            except Exception as error:  # noqa: BLE001 - as a proxy's module or a file of certificates that is not there
                why = redacted(" ".join(str(error).split()), self.secrets)
                why += "; does SSL_CERT_FILE name a file of certificates?" if isinstance(error, OSError) else ""
                # From None: the frames of a traceback hold the key.
                raise FatalError(
                    f"{self._endpoint.url}: no client can be made ({type(error).__name__}: {why})"
                ) from None
        return self._client


@dataclass(frozen=True)
class _Asked:
    """A chat completion that is asked for.

    By `post` and not by `create`, which takes a third of a request's time to bring into form what is plain already.
    """

    client: openai.AsyncOpenAI
    body: dict[str, Any]
    options: Any
    seconds: float

    async def whole(self) -> Any:
        """It came in one."""
        from openai.types.chat import ChatCompletion

        reply = self.client.post(_PATH, cast_to=ChatCompletion, body=self.body, options=self.options)
        return await within(self.seconds, reply)

    async def streamed(self) -> Any:
        """It came in pieces, and is given as one that came whole."""
        import openai
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        from .faults import ReplyTooLargeError

        since = time.monotonic()
        began: Any = self.client.post(
            _PATH,
            cast_to=ChatCompletion,
            body=self.body | {"stream": True},
            options=self.options,
            stream=True,
            stream_cls=openai.AsyncStream[ChatCompletionChunk],
        )
        stream = await within(self.seconds, began)
        try:
            return ChatCompletion.construct(**await gather(stream, self.seconds, since))
        except (openai.APIError, asyncio.TimeoutError, ValueError, BrokenStreamError, ReplyTooLargeError):
            raise
        except Exception as error:
            # Between two pieces older openai clients let through what the HTTP client raises.
            timed_out = "Timeout" in type(error).__name__
            kind = openai.APITimeoutError if timed_out else openai.APIConnectionError
            raise kind(request=stream.response.request) from error
        finally:
            await stream.close()
