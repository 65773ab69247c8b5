"""The openai client of one endpoint: its URL, key, proxies and certificates, and how much of a reply it takes."""

from __future__ import annotations

import contextlib
import logging
import ssl
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies

from ..domain.endpoint import Endpoint
from ..untrusted.redaction import userinfo
from ..untrusted.secrets import resolved_env
from ..untrusted.urls import is_loopback

if TYPE_CHECKING:
    import openai

CONNECT_SECONDS = 8.0
LARGEST_REPLY = 64 * 2**20
"""Bytes of a body, unpacked; text of ten million characters fits, in whatever encoding."""

_AIOHTTPS_LARGEST = 2**20
"""Bytes of a body that aiohttp sends in one without a warning."""

_HTTP_LOGGERS = ("httpcore", "httpcore2", "httpx", "httpx2", "openai")


def connect(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """A client of the endpoint; who asks is told by `headers_of`, with each request.

    Raises:
        Exception: it cannot be made, as where a file of certificates is missing.
    """
    import openai  # here: a run whose replies are all cached never imports it

    url = _without_userinfo(endpoint.connect_url)
    common: dict[str, Any] = {
        "api_key": "none",
        "max_retries": 0,
        "timeout": timeout_of(endpoint.timeout),
        "default_headers": {"Accept-Encoding": "gzip"},
        "http_client": _bounded_client(
            event_hooks={"request": [_keeper_of(headers_of(endpoint), url)]},
            **(_of_this_machine(url) if is_loopback(endpoint.url) else {}),
        ),
    }
    for name in _HTTP_LOGGERS:  # a line a request would stand under every error, and headers may echo a key
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.WARNING, logger.level))
    if endpoint.azure:
        version, deployment = endpoint.azure
        return openai.AsyncAzureOpenAI(azure_endpoint=url, api_version=version, azure_deployment=deployment, **common)
    return openai.AsyncOpenAI(base_url=url, **common)


def headers_of(endpoint: Endpoint) -> dict[str, Any]:
    """The headers of each request beside those of any chat completion: who asks, and what the suite file adds.

    They count before what the openai client would send of its own, also of the environment; with `Omit` nothing is
    sent.

    Raises:
        FatalError: a variable that one needs is not set.
    """
    import openai

    added: dict[str, str] = resolved_env(dict((*endpoint.headers, *endpoint.secret_headers)), dict(endpoint.variables))
    names = {name.lower(): name for name in added}
    sent: dict[str, Any] = {"Authorization": openai.Omit(), **({"api-key": openai.Omit()} if endpoint.azure else {})}
    if "@" in urlsplit(endpoint.connect_url).netloc:  # in a header and not in the URL, which stands in logs
        sent["Authorization"] = "Basic " + b64encode(userinfo(endpoint.connect_url).encode()).decode()
    elif "authorization" in names:
        sent["Authorization"] = added.pop(names["authorization"]) or openai.Omit()
    elif endpoint.api_key and endpoint.azure and not endpoint.is_token:
        sent["api-key"] = endpoint.api_key
    elif endpoint.api_key:
        sent["Authorization"] = f"Bearer {endpoint.api_key}"
    return {**sent, **added}


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _of_this_machine(url: str) -> dict[str, Any]:
    """How its own loopback is reached, where a proxy that the environment names cannot reach.

    Without TLS there is no certificate to load a bundle for; with it SSL_CERT_FILE counts, as everywhere.
    """
    return {"trust_env": False, "verify": ssl.create_default_context() if url.startswith("https:") else False}


def _keeper_of(headers: Mapping[str, Any], url: str) -> Any:
    """Sees to it that what tells who asks goes nowhere else, also where the endpoint redirects to another host."""
    home = _origin(urlsplit(url).scheme, urlsplit(url).hostname, urlsplit(url).port)

    async def keep(request: Any) -> None:
        if _origin(request.url.scheme, request.url.host, request.url.port) != home:
            for name in headers:
                request.headers.pop(name, None)

    return keep


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int]:
    return scheme, (host or "").lower(), port or (443 if scheme == "https" else 80)


def timeout_of(seconds: float) -> openai.Timeout:
    """The time of one request, of which a connection takes a part."""
    import openai

    return openai.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


def _bounded_client(**options: Any) -> Any:
    """The openai client's HTTP client, which reads no more of a body than `LARGEST_REPLY`.

    aiohttp carries requests where it is installed: it takes half of httpx's time, and no more of many connections.
    Behind a proxy httpx does, which knows more kinds of them and says what is wrong with one.
    """
    import openai

    if not (options.get("trust_env", True) and getproxies()):
        with contextlib.suppress(RuntimeError):  # what openai raises where it is not installed
            return _bounding(openai.DefaultAioHttpClient, largest_body=_AIOHTTPS_LARGEST)(**options)
    return _bounding(openai.DefaultAsyncHttpxClient)(**options)


def _bounding(base: Any, largest_body: float = inf) -> Any:
    class BoundedClient(base):  # type: ignore[misc]
        async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:
            """Sends a request; the body is counted while it comes, packed or not."""
            if len(request.content) > largest_body:
                request = self.build_request(
                    request.method,
                    request.url,
                    headers=request.headers,
                    content=_pieces(request.content),
                    extensions=request.extensions,
                )
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


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _AIOHTTPS_LARGEST):
        yield body[start : start + _AIOHTTPS_LARGEST]


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
