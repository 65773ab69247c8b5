"""What an error of one request means for a run: of this request, of a moment, or of every request.  Pure.

The status alone does not tell: gateways and providers say 400 for a refused key, 403 for a flagged prompt, 429 for the
quota of a day and 200 for an error.  So the machine-readable code counts first, where it is known; then whether the
endpoint ever answered; and what refuses different requests alike is found by `Standing`.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import openai

from ..untrusted.redaction import redacted
from ..untrusted.text import join_surrogates
from .adapting import refused_parameter
from .stream import BrokenStreamError
from .waits import LONGEST_WAIT, wait_told

Kind = Literal["retry", "rate-limit", "connect", "adapt", "refused", "fatal"]
Check = Literal["", "key", "model", "url", "certificate", "later", "stream", "no stream"]

_LONGEST_MESSAGE = 300
_NO_CONNECTION = ("ConnectError", "ClientConnector")
"""How errors of httpx and of aiohttp begin that say so."""

# Words of machines, in small letters: `code`, `type`, `status`, `reason` and the like of a body.
_ACCOUNT = frozenset({
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "budget_exceeded", "payment_required",
    "exceeded_current_quota_error", "insufficient_balance", "insufficient_user_quota", "insufficient_credits",
    "account_deactivated", "account_suspended", "access_terminated", "arrearage", "billing_error",
    "budgetexceedederror",
})  # fmt: skip
_KEY = frozenset({
    "invalid_api_key", "api_key_invalid", "api_key_expired", "api_key_service_blocked", "invalid_authentication",
    "invalid_authentication_error", "authentication_error", "unauthenticated", "invalid_token", "expired_token",
    "token_not_found_in_db", "no_db_connection", "auth_error", "key_not_found",
})  # fmt: skip
_PERMISSION = frozenset({"permission_denied", "permission_error", "access_denied", "accessdenied", "unauthorized"})
_MODEL = frozenset({
    "model_not_found", "model_not_exist", "modelnotfound", "invalid_model", "invalid_model_name", "model_not_available",
    "deployment_not_found", "deploymentnotfound", "no_such_model", "unknown_model",
})  # fmt: skip
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_STREAMS_ALONE = re.compile(
    r"only (?:be )?(?:support|allow|used? )\w*(?: in| with)? (?:the )?stream|stream(?:ing)? (?:is |mode is )?required"
    r"|must be streamed|requires? stream|non-stream\w* (?:is |are )?not (?:support|allow)",
    re.IGNORECASE,
)
_OF_THE_DAY = re.compile(r"per[-_ ]?(?:day|week|month)|\bdaily\b|monthly|\b[rt]pd\b", re.IGNORECASE)
_OF_A_PROMPT = re.compile(
    r"moderation|flagged|content.{0,20}(?:polic|violat|filter|safety)|usage (?:guidelines|polic)"
    r"|safety (?:check|system)|inappropriate|prohibited content",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fault:
    """What went wrong and what follows.

    Args:
        kind: what to do; `refused` gives this request up.
        message: one line for a person.
        wait: seconds that the endpoint asks to wait, or None.
        parameter: for `adapt`, what was refused.
        check: what a user should look at.
        transport: no reply came at all.
        timed_out: no reply came within the time allowed.
        alike: what tells it from other faults, where different requests that all meet it are refused for one reason.
    """

    kind: Kind
    message: str
    wait: float | None = None
    parameter: str = ""
    check: Check = ""
    transport: bool = False
    timed_out: bool = False
    alike: str = ""


class MalformedReplyError(Exception):
    """A reply with status 200 that is not a chat completion, as a proxy's error page.

    Args:
        error: what it holds as an error, where it does.
    """

    def __init__(self, message: str, error: object = None) -> None:
        super().__init__(message)
        self.error = error


class ReplyTooLargeError(Exception):
    """A reply of more bytes than any answer has."""


def classify(
    error: Exception, parameters: Mapping[str, object], secrets: Sequence[str] = (), *, known: bool = False
) -> Fault:
    """Sorts an exception of one request.

    Args:
        parameters: what was sent and may be refused, by name: see `adapting`.
        secrets: texts that the message must not hold, as the key.
        known: whether this model has answered already.
    """
    fault = _sort(error, parameters, known)
    return replace(fault, message=_first_line(redacted(join_surrogates(fault.message), secrets)))


def _sort(error: Exception, parameters: Mapping[str, object], known: bool) -> Fault:
    if isinstance(error, openai.APIStatusError):
        said = _said(error.body) or error.response.text or error.message
        return _by_status(error.status_code, error.body, said, error.response.headers, parameters, known)
    if isinstance(error, asyncio.TimeoutError | openai.APITimeoutError):
        return _of_a_timeout(error)
    too_large = next((one for one in _causes(error) if isinstance(one, ReplyTooLargeError)), None)
    if too_large is not None:
        return Fault("refused", str(too_large), alike="too large")
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error, error.__cause__ or error)
    if isinstance(error, MalformedReplyError):
        return _of_an_error_with_200(error, parameters, known)
    if isinstance(error, BrokenStreamError):
        # One that sends no piece at all may not know of streams.
        return Fault("retry", str(error), alike="" if error.began else "200", check="" if error.began else "no stream")
    if isinstance(error, openai.APIError) and error.body:  # between two pieces of a stream
        return _of_an_error_with_200(MalformedReplyError(error.message, error.body), parameters, known)
    if isinstance(error, ValueError | RecursionError | openai.APIError):
        return Fault("retry", f"the reply is not a chat completion ({error})", alike="200", check="url")
    raise error


def _of_a_timeout(error: Exception) -> Fault:
    # aiohttp's transport says of every connection that failed that it was not made in time.
    aiohttps = next((one for one in _causes(error) if type(one).__module__.startswith("aiohttp.")), None)
    if aiohttps is not None and not isinstance(aiohttps, asyncio.TimeoutError):
        return _of_connection(error, aiohttps)
    if type(error.__cause__).__name__ == "ConnectTimeout":
        return Fault("connect", "no connection within the time allowed")
    return Fault("retry", "no reply within the time allowed", timed_out=True)


def _of_connection(error: Exception, cause: BaseException) -> Fault:
    causes = list(_causes(error))
    if any(isinstance(one, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(one) for one in causes):
        return Fault("fatal", f"its certificate cannot be verified ({cause})", check="certificate")
    if type(cause).__name__ == "TooManyRedirects":
        return Fault("fatal", "the endpoint only redirects", check="model")
    kind: Kind = "connect" if type(cause).__name__.startswith(_NO_CONNECTION) else "retry"
    return Fault(kind, f"connection failed ({cause or type(cause).__name__})", transport=True)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):  # a chain may be a circle
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _of_an_error_with_200(error: MalformedReplyError, parameters: Mapping[str, object], known: bool) -> Fault:
    """OpenRouter and others say 200 and put the status into the body."""
    code = error.error.get("code") if isinstance(error.error, dict) else None
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else 0
    if 400 <= status < 600:
        return _by_status(status, error.error, _said(error.error) or str(error), {}, parameters, known)
    return Fault("retry", f"the reply is not a chat completion ({error})", alike="200", check="url")


def _by_status(
    status: int, body: object, said: str, headers: Mapping[str, str], parameters: Mapping[str, object], known: bool
) -> Fault:
    message, codes = f"HTTP {status}: {said}", {code.lower() for code in _codes(body)}
    wait = wait_told(headers, body, said)
    parameter = refused_parameter(status, codes, said, parameters)
    if parameter:
        return Fault("adapt", message, parameter=parameter)
    if status == 429:
        used_up = codes & _ACCOUNT or any(map(_OF_THE_DAY.search, (*codes, said))) or (wait or 0) > LONGEST_WAIT
        if used_up:
            return Fault("fatal", f"the quota is used up ({message})", check="key")
        return Fault("rate-limit", message, wait)
    of_a_prompt = bool(_OF_A_PROMPT.search(said) or any(map(_OF_A_PROMPT.search, codes)))
    of_the_key = status in (401, 402) or bool(codes & (_ACCOUNT | _KEY))
    if of_the_key or (status == 403 and codes & _PERMISSION and not known and not of_a_prompt):
        return Fault("fatal", f"the endpoint refuses the key or the account ({message})", check="key")
    if not known and (status == 404 or codes & _MODEL):
        return Fault("fatal", f"the endpoint knows no such model or path ({message})", check="model")
    if codes & _TOO_LONG:  # with whatever status: it would be too long again
        return Fault("refused", f"the endpoint refused the request ({message})", alike=str(status))
    if "stream_options" not in parameters and not known and _STREAMS_ALONE.search(said):
        return Fault("fatal", f"the endpoint only streams ({message})", check="stream")
    if status in (408, 409, 425) or status >= 500:
        if (wait or 0) > LONGEST_WAIT:  # it is away for longer than any run waits
            return Fault("retry", message, alike=str(status), check="later")
        return Fault("retry", message, wait)
    return Fault("refused", f"the endpoint refused the request ({message})", alike=str(status))


def _codes(body: object, depth: int = 0) -> Iterator[str]:
    """The words that a body says to machines."""
    if depth > 6:
        return
    if isinstance(body, list):
        for part in body[:20]:
            yield from _codes(part, depth + 1)
    if isinstance(body, dict):
        for name, value in list(body.items())[:50]:
            if isinstance(value, dict | list):
                yield from _codes(value, depth + 1)
            elif str(name).lower() in _CODE_FIELDS and isinstance(value, str | int):
                yield str(value)[:200]


_CODE_FIELDS = frozenset({
    "code", "type", "status", "reason", "error_code", "errorcode", "quotaid", "quotametric", "quota_id", "error_type",
    "param",
})  # fmt: skip


def _said(body: object, depth: int = 0) -> str:
    """What the endpoint said of it: OpenAI's `message`, others' `error` or `detail`."""
    if isinstance(body, str):
        return body
    if depth > 6:
        return ""
    if isinstance(body, list):
        return next(filter(None, (_said(part, depth + 1) for part in body[:20])), "")
    if isinstance(body, dict) and isinstance(body.get("loc"), list) and isinstance(body.get("msg"), str):
        return f"{'.'.join(map(str, body['loc']))}: {body['msg']}"  # FastAPI's, which names the field apart
    if isinstance(body, dict):
        fields = (body.get(name) for name in ("message", "error", "detail", "msg", "error_msg"))
        return next(filter(None, (_said(value, depth + 1) for value in fields)), "")
    return ""


def _first_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 3] + "..."
