"""What an exception of a user's own chatbot means: of this turn, of a moment, or of too many calls.  Pure.

No HTTP client is imported: their errors are known by their form.
"""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import TimeoutError as ThreadTimeoutError
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from ..domain.own import Retry
from .waits import LONGEST_WAIT, wait_told

_LONGEST_MESSAGE = 500
_PASSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
# Base classes of errors of connections that are no OSError: of httpx and what follows it, openai and anthropic,
# aiohttp, urllib3, botocore.
_OF_CONNECTIONS = frozenset({
    "TransportError", "APIConnectionError", "ClientConnectionError", "ClientPayloadError", "NetworkError",
    "MaxRetryError", "NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProtocolError",
    "EndpointConnectionError", "ConnectionClosedError",
})  # fmt: skip
# Of the OSErrors those that no second try helps; a ValueError among them is a URL or a certificate that is none.
_LASTING = (ValueError, FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
_THEIRS = re.compile(r"[\\/](?:site|dist)-packages[\\/]|[\\/]lib[\\/]python[\d.]+[\\/]|<frozen ")
_PACKAGE = Path(__file__).parents[1]
_MOST_CAUSES = 10


@dataclass(frozen=True)
class BotFault:
    """What went wrong in one call of a user's own chatbot.

    Args:
        kind: `refused` gives the turn up.
        message: one line for a person.
        wait: seconds that were asked for, or None.
        alike: what tells it from other faults, where different conversations that all meet it fail for one reason.
    """

    kind: Literal["retry", "rate-limit", "refused"]
    message: str
    wait: float | None = None
    alike: str = ""


def fault_of(error: BaseException, redact: Callable[[str], str] = str) -> BotFault:
    """Sorts what a user's own chatbot raised.

    Args:
        redact: for what it says, which may hold a key.
    """
    said = f"raised {type(error).__name__}: {_first_line(redact(_text(error)))}{_place(error)}"
    for one in _causes(error):
        fault = _known(one, said)
        if fault is not None:
            if fault.wait is not None and fault.wait > LONGEST_WAIT:
                late = f"{said}; it asks to wait {fault.wait:.0f} s, and no run waits so long"
                return BotFault("refused", late, alike="later")
            return fault
    return BotFault("refused", said, alike=type(error).__name__)


def _known(error: BaseException, said: str) -> BotFault | None:
    """What an error of a known form means, or None."""
    if isinstance(error, Retry):
        return BotFault("retry" if error.after is None else "rate-limit", said, error.after)
    status = _status(error)
    if status is not None:
        wait = wait_told(_headers(error), None, _text(error))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return BotFault("rate-limit", said, wait)
        if status in _PASSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return BotFault("retry", said, wait)
        return BotFault("refused", said, alike=f"{type(error).__name__} {int(status)}")
    timed_out = isinstance(error, asyncio.TimeoutError | ThreadTimeoutError)  # OSErrors from Python 3.11 on
    of_a_connection = isinstance(error, OSError) and not isinstance(error, _LASTING)
    if timed_out or of_a_connection or any(base.__name__ in _OF_CONNECTIONS for base in type(error).__mro__):
        return BotFault("retry", said)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from on purpose, and what a group holds."""
    waiting, seen = [error], 0
    while waiting and seen < _MOST_CAUSES:
        one = waiting.pop(0)
        seen += 1
        yield one
        inner = getattr(one, "exceptions", None)  # an ExceptionGroup, as anyio and asyncio's TaskGroup raise it
        waiting += [part for part in inner if isinstance(part, BaseException)] if isinstance(inner, tuple) else []
        waiting += [one.__cause__] if one.__cause__ is not None else []


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error holds: itself, as openai's and aiohttp's; in its response, as httpx's."""
    if not isinstance(error, Exception):
        return None
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):  # botocore
        response = _Botocore.of(response)
    for holder, name in (
        (error, "status_code"), (error, "status"), (response, "status_code"), (response, "status"), (error, "code"),
    ):  # fmt: skip
        status = getattr(holder, name, None)
        if isinstance(status, int) and HTTPStatus.BAD_REQUEST <= status < 600:
            return status
    return None


def _headers(error: BaseException) -> Mapping[str, str]:
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        response = _Botocore.of(response)
    for holder in (response, error):
        headers = getattr(holder, "headers", None)
        if headers is not None and hasattr(headers, "items"):
            return {str(name).lower(): str(value) for name, value in headers.items()}
    return {}


@dataclass(frozen=True)
class _Botocore:
    status: Any
    headers: Any

    @classmethod
    def of(cls, response: Mapping[str, Any]) -> _Botocore:
        told = response.get("ResponseMetadata")
        told = told if isinstance(told, Mapping) else {}
        return cls(told.get("HTTPStatusCode"), told.get("HTTPHeaders"))


def own_place(error: BaseException) -> tuple[str, int] | None:
    """File and line of the user's own code where it was raised, or None where none of that ran."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _THEIRS.search(frame.filename)]
    own = [frame for frame in own if _PACKAGE not in Path(frame.filename).parents]
    return (own[-1].filename, own[-1].lineno or 0) if own else None


def _place(error: BaseException) -> str:
    place = own_place(error)
    return f" ({Path(place[0]).name}:{place[1]})" if place else ""


def _text(error: BaseException) -> str:
    """What an exception says."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's code, whatever it does
        return "(its text cannot be had)"


def _first_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."
