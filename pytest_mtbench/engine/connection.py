"""The openai client of one endpoint: its URL, key, proxies and certificates, and how much of a reply it takes."""

from __future__ import annotations

import logging
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from ..domain.endpoint import Endpoint
from ..untrusted.redaction import userinfo
from ..untrusted.urls import is_loopback

if TYPE_CHECKING:
    import openai

CONNECT_SECONDS = 8.0
LARGEST_REPLY = 64 * 2**20
"""Bytes of a body, unpacked; text of ten million characters fits, in whatever encoding."""

_HTTP_LOGGERS = ("httpcore", "httpcore2", "httpx", "httpx2", "openai")


def connect(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """A client of the endpoint.

    Raises:
        Exception: it cannot be made, as where a file of certificates is missing.
    """
    import openai  # here: a run whose replies are all cached never imports it

    # A proxy that the environment names cannot reach this machine's own loopback; without TLS there is no certificate
    # to load a bundle for.
    local: dict[str, Any] = {"trust_env": False, "verify": endpoint.connect_url.startswith("https:")}
    common: dict[str, Any] = {
        "api_key": endpoint.api_key or "none",
        "max_retries": 0,
        "timeout": timeout_of(endpoint.timeout),
        "http_client": _bounded_client()(**local if is_loopback(endpoint.url) else {}),
    }
    parts = urlsplit(endpoint.connect_url)
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    headers = {"Accept-Encoding": "gzip"}
    if parts.username is not None:  # in a header and not in the URL, which the HTTP client writes to its log
        headers["Authorization"] = "Basic " + b64encode(userinfo(endpoint.connect_url).encode()).decode()
    common["default_headers"] = headers
    for name in _HTTP_LOGGERS:  # a line a request would stand under every error, and headers may echo a key
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.WARNING, logger.level))
    if endpoint.azure:
        version, deployment = endpoint.azure
        return openai.AsyncAzureOpenAI(azure_endpoint=url, api_version=version, azure_deployment=deployment, **common)
    return openai.AsyncOpenAI(base_url=url, **common)


def timeout_of(seconds: float) -> openai.Timeout:
    """The time of one request, of which a connection takes a part."""
    import openai

    return openai.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


def _bounded_client() -> type[Any]:
    """The openai client's HTTP client, which reads no more of a body than `LARGEST_REPLY`."""
    import openai

    class BoundedClient(openai.DefaultAsyncHttpxClient):
        async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:
            """Sends a request; the body is counted while it comes, packed or not."""
            response = await super().send(request, stream=True, **options)
            packed = response.headers.pop("content-encoding", "identity")
            response.headers.pop("content-length", None)
            response.stream = _bounded(response.stream, packed)
            if not stream:
                try:
                    await response.aread()
                finally:
                    await response.aclose()
            return response

    return BoundedClient


def _bounded(stream: Any, packed: str) -> Any:
    """A stream of bytes that ends in an error where it is too long.

    Args:
        packed: its content encoding; only gzip is asked for.
    """
    # Of the HTTP library that openai brings, whichever that is: httpx, or httpx2 from openai 3 on.
    base: Any = next(cls for cls in type(stream).__mro__ if cls.__name__ == "AsyncByteStream")

    class Bounded(base):  # type: ignore[misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            unpack = _unpacker(packed)
            count = 0
            async for chunk in stream:
                try:
                    part = unpack(chunk, LARGEST_REPLY - count + 1)
                except zlib.error as error:
                    raise ValueError(f"the reply is not packed as {packed[:40]!r}, as it says") from error
                count += len(part)
                if count > LARGEST_REPLY:
                    from .faults import ReplyTooLargeError

                    most = LARGEST_REPLY // 2**20
                    raise ReplyTooLargeError(f"the reply has more than {most} MiB; no answer is so long")
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()


def _unpacker(packed: str) -> Any:
    if packed in ("identity", ""):
        return lambda chunk, most: chunk
    if packed not in ("gzip", "x-gzip", "deflate"):
        raise ValueError(f"the reply is packed as {packed[:40]!r}, which was not asked for")
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
