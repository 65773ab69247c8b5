from __future__ import annotations

import asyncio
import email.message
import socket
import ssl
import urllib.error
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import openai
import pytest
import requests

from pytest_mtbench.domain.own import Retry
from pytest_mtbench.engine.bot_faults import BotFault, fault_of

httpx: Any = import_module("httpx" if find_spec("httpx") else "httpx2")  # what openai brings


class ByStatusError(Exception):
    """As openai's, anthropic's and aiohttp's: it has the status itself, under whichever name."""

    def __init__(self, **fields: Any) -> None:
        super().__init__("busy")
        vars(self).update(fields)


class ClientConnectionError(Exception):
    """As aiohttp's, which is no OSError."""


class ServerDisconnectedError(ClientConnectionError):
    pass


def of_httpx(status: int, **headers: str) -> Exception:
    request = httpx.Request("POST", "http://127.0.0.1:9/")
    response = httpx.Response(status, headers=headers, request=request)
    error: Exception = httpx.HTTPStatusError("no", request=request, response=response)
    return error


def of_openai(status: int) -> Exception:
    request = httpx.Request("POST", "http://127.0.0.1:9/")
    return openai.RateLimitError("no", response=httpx.Response(status, request=request), body=None)


def of_requests(status: int, **headers: str) -> Exception:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    return requests.HTTPError("no", response=response)


def of_urllib(status: int, **headers: str) -> Exception:
    message = email.message.Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return urllib.error.HTTPError("http://127.0.0.1:9/", status, "no", message, None)


def of_botocore(status: int) -> Exception:
    return ByStatusError(response={"ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": "4"}}})


def raised_from(cause: BaseException) -> BaseException:
    error = RuntimeError("the search failed")
    error.__cause__ = cause
    return error


def caught(act: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as found:
        act()
    return found.value


@pytest.mark.parametrize(
    "error, kind, wait",
    [
        (of_httpx(429, **{"Retry-After": "7"}), "rate-limit", 7),
        (of_httpx(429), "rate-limit", None),
        (of_httpx(503), "retry", None),
        (of_httpx(503, **{"retry-after-ms": "1500"}), "retry", 1.5),
        (of_httpx(408), "retry", None),
        (of_httpx(400), "refused", None),
        (of_openai(429), "rate-limit", None),
        (of_requests(429, **{"retry-after": "2"}), "rate-limit", 2),
        (of_requests(500), "retry", None),
        (of_requests(404), "refused", None),
        (of_urllib(429, Retry_After="3"), "rate-limit", 3),
        (of_urllib(502), "retry", None),
        (of_botocore(429), "rate-limit", 4),
        (ByStatusError(status=529), "retry", None),
        (ByStatusError(status_code=429, headers={"Retry-After": "9"}), "rate-limit", 9),
        (ByStatusError(code=503), "retry", None),
        (ByStatusError(code="rate_limit_exceeded"), "refused", None),
        (ByStatusError(status=200), "refused", None),
        (SystemExit(429), "refused", None),
        (Retry(), "retry", None),
        (Retry(after=20), "rate-limit", 20),
        (Retry(after=0), "rate-limit", 0),
        (httpx.ReadTimeout("slow"), "retry", None),
        (httpx.ConnectError("down"), "retry", None),
        (openai.APIConnectionError(request=httpx.Request("POST", "http://127.0.0.1:9/")), "retry", None),
        (requests.ConnectionError("down"), "retry", None),
        (requests.exceptions.MissingSchema("no URL"), "refused", None),
        (ServerDisconnectedError(), "retry", None),
        (ConnectionResetError(), "retry", None),
        (TimeoutError(), "retry", None),
        (asyncio.TimeoutError(), "retry", None),
        (socket.gaierror(-2, "no such host"), "retry", None),
        (ssl.SSLCertVerificationError("self-signed"), "refused", None),
        (FileNotFoundError("index.faiss"), "refused", None),
        (KeyError("q1"), "refused", None),
        (asyncio.CancelledError(), "refused", None),
        (raised_from(of_httpx(429)), "rate-limit", None),
        (raised_from(KeyError()), "refused", None),
        (SimpleNamespace, "refused", None),
    ],
    ids=lambda value: f"{type(value).__name__}-{value}"[:40],
)
def test_what_an_error_means(error: Any, kind: str, wait: float | None) -> None:
    if error is SimpleNamespace:  # a group, from Python 3.11 on; what has its form, before
        error = ByStatusError(exceptions=(KeyError(), of_httpx(503)))
        kind = "retry"
    fault = fault_of(error)
    assert (fault.kind, fault.wait) == (kind, wait)
    assert bool(fault.alike) == (kind == "refused")


def test_it_says_what_and_where() -> None:
    fault = fault_of(caught(lambda: [][0]))
    assert fault.message.startswith("raised IndexError: list index out of range (test_bot_faults.py:")


def test_where_is_in_the_users_own_code_and_not_in_a_library() -> None:
    def ask() -> None:
        httpx.Response(503, request=httpx.Request("GET", "http://127.0.0.1:9/")).raise_for_status()

    assert fault_of(caught(ask)).message.endswith(f"(test_bot_faults.py:{ask.__code__.co_firstlineno + 1})")


def test_a_longer_wait_than_any_run_waits_is_an_end() -> None:
    late = fault_of(Retry(after=3600))
    assert (late.kind, late.alike) == ("refused", "later")
    assert "it asks to wait 3600 s" in late.message


def test_what_it_says_is_one_line_without_keys() -> None:
    fault = fault_of(RuntimeError("sk-1 is\nwrong " + "x" * 900), lambda text: text.replace("sk-1", "***"))
    assert fault.message.startswith("raised RuntimeError: *** is wrong xxx")
    assert len(fault.message) < 600


def test_errors_that_differ_in_their_words_alone_are_alike() -> None:
    assert fault_of(KeyError("a")).alike == fault_of(KeyError("b")).alike
    assert fault_of(of_httpx(404)).alike != fault_of(of_httpx(400)).alike


def test_an_error_whose_text_cannot_be_had() -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert fault_of(BrokenError()) == BotFault(
        "refused", "raised BrokenError: (its text cannot be had)", alike="BrokenError"
    )
