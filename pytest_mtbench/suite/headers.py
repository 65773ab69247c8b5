"""The headers that a suite file adds to the requests of an endpoint: what may stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ..untrusted.secrets import references, secret_places
from .section import NOT_ABOUT_THE_VALUE

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # a token of RFC 9110
_OF_A_SHELL = re.compile(r"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|\$\{\{.*\}\}")
_THE_CLIENTS = frozenset({
    "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "accept", "accept-encoding",
    "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
})  # fmt: skip
_LONGEST = 4000


def no_secrets(value: dict[str, Any]) -> dict[str, Any]:
    """The same values, none of which is likely to be a secret.

    Raises:
        PydanticCustomError: one is; only its place is said.
    """
    places = list(secret_places(value))
    if places:
        verb = "look like secrets" if len(places) > 1 else "looks like a secret"
        raise _refused(
            f"{', '.join(places)} {verb}, which must not stand in a file; write env:NAME and set that variable"
        )
    return value


def _can_be_sent(headers: dict[str, str]) -> dict[str, str]:
    problems = list(_problems(headers))
    if problems:
        raise _refused("; ".join(problems))
    return headers


def _problems(headers: Mapping[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    for name, value in headers.items():
        shown = ascii(name[:50])
        if not _NAME.fullmatch(name):
            yield f"{shown} is no name of a header"
        elif name.lower() in _THE_CLIENTS:
            yield f"{name} is the HTTP client's own"
        elif name.lower() in seen:
            yield f"{name} stands there twice"
        elif not (value.isascii() and value.isprintable() and len(value) <= _LONGEST):
            yield f"{name} holds what no header can (only printable ASCII can be sent)"
        elif _OF_A_SHELL.search(value):
            yield f"{name} is not replaced by a shell; write env:NAME"
        elif "env:" in value and not any(references(value)):
            yield f"{name} holds env: where it is not replaced; write env:NAME, or `Bearer env:NAME`, and nothing else"
        seen.add(name.lower())


def _refused(message: str) -> PydanticCustomError:
    return PydanticCustomError(NOT_ABOUT_THE_VALUE, message.replace("{", "(").replace("}", ")"))


Headers = Annotated[dict[str, str], AfterValidator(_can_be_sent), AfterValidator(no_secrets)]
"""Names and values as they are sent, but for `env:NAME`; never a secret itself."""


def sends_authorization(headers: Mapping[str, str] | None) -> bool:
    """Whether these headers say who asks, so that no key does."""
    return any(name.lower() == "authorization" for name in headers or {})
