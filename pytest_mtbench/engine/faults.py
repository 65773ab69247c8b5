"""What an error of the openai client means for a run.  Pure.

Four kinds: try again, try again with other parameters, give this turn up, give the run up.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import openai

from ..domain.chat import ADAPTABLE
from ..untrusted.redaction import redacted
from ..untrusted.text import join_surrogates

Kind = Literal["retry", "rate-limit", "connect", "adapt", "unscored", "fatal"]

LONGEST_WAIT = 600.0
"""Seconds; an endpoint that asks for more has a used-up quota, not a busy moment."""

_LONGEST_MESSAGE = 300
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


@dataclass(frozen=True)
class Fault:
    """What went wrong and what follows.

    Args:
        kind: what to do.
        message: one line for a person.
        wait: seconds that the endpoint asks to wait, or None.
        parameter: for `adapt`, the parameter that was refused.
        check: what a user should look at.
        transport: no reply came at all.
    """

    kind: Kind
    message: str
    wait: float | None = None
    parameter: str = ""
    check: Literal["", "key", "model"] = ""
    transport: bool = False


class MalformedReplyError(Exception):
    """A reply with status 200 that is not a chat completion, as a proxy's error page."""


def classify(error: Exception, parameters: Mapping[str, object], secrets: Sequence[str] = ()) -> Fault:
    """Sorts an exception of one request.

    Args:
        parameters: the sampling parameters that were sent, by name.
        secrets: texts that the message must not hold, as the key.
    """
    fault = _sort(error, parameters)
    return replace(fault, message=_first_line(redacted(join_surrogates(fault.message), secrets)))


def _sort(error: Exception, parameters: Mapping[str, object]) -> Fault:
    if isinstance(error, openai.APIStatusError):
        return _status(error, parameters)
    if isinstance(error, asyncio.TimeoutError | openai.APITimeoutError):
        if type(error.__cause__).__name__ == "ConnectTimeout":
            return Fault("connect", "no connection within the time allowed")
        return Fault("retry", "no reply within the time allowed")
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__ or error
        if type(cause).__name__ == "TooManyRedirects":
            return Fault("fatal", "the endpoint only redirects", check="model")
        kind: Kind = "connect" if type(cause).__name__ == "ConnectError" else "retry"
        return Fault(kind, f"connection failed ({cause or type(cause).__name__})", transport=True)
    if isinstance(error, MalformedReplyError | ValueError | RecursionError | openai.APIError):
        return Fault("retry", f"the reply is not a chat completion ({error})")
    raise error


def _status(error: openai.APIStatusError, parameters: Mapping[str, object]) -> Fault:
    message = f"HTTP {error.status_code}: {_said(error)}"
    wait = retry_after(error.response.headers)
    if error.status_code == 429:
        if {str(error.code), str(error.type)} & _QUOTA_CODES or (wait or 0) > LONGEST_WAIT:
            return Fault("fatal", f"the quota is used up ({message})", check="key")
        return Fault("rate-limit", message, wait)
    if error.status_code in (401, 402, 403):
        return Fault("fatal", f"the endpoint refuses the key or the account ({message})", check="key")
    if error.status_code == 404:
        return Fault("fatal", f"the endpoint knows no such model or path ({message})", check="model")
    if error.status_code in (408, 409, 425) or error.status_code >= 500:
        return Fault("retry", message, wait)
    refused = _refused_parameter(error, parameters)
    if refused:
        return Fault("adapt", message, parameter=refused)
    return Fault("unscored", f"the endpoint refused the request ({message})")


def _refused_parameter(error: openai.APIStatusError, parameters: Mapping[str, object]) -> str:
    said = _said(error)
    if error.status_code not in (400, 422):
        return ""
    if error.param in ADAPTABLE and error.param in parameters:
        return str(error.param)
    if any(word in said.lower() for word in ("context", "too large", "at most")):  # its value, not its name
        return ""
    for name in ADAPTABLE:
        if name in parameters and (f"'{name}'" in said or f"`{name}`" in said):
            return name
    refusing = any(word in said.lower() for word in ("unsupported", "not support", "deprecated", "not allowed"))
    return next((name for name in ADAPTABLE if refusing and name in parameters and name in said), "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that `retry-after-ms` or `Retry-After` (seconds or an HTTP date) ask for, or None."""
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / divisor
        except (KeyError, ValueError):
            continue
        return max(0.0, seconds) if math.isfinite(seconds) else None
    moment = email.utils.parsedate_tz(headers.get("retry-after", ""))
    try:
        return max(0.0, email.utils.mktime_tz(moment) - time.time()) if moment else None
    except (ValueError, OverflowError):
        return None


def _said(error: openai.APIStatusError) -> str:
    """What the endpoint said of it: OpenAI's `message`, others' `error` or `detail`, or the text itself."""
    said: object = error.body
    if isinstance(said, dict):
        said = next((said[name] for name in ("message", "error", "detail", "msg") if said.get(name)), None)
    return str(said or error.response.text or error.message)


def _first_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."
