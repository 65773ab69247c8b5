"""What must hold whichever library carries requests: httpx, or aiohttp where it is installed."""

from __future__ import annotations

import gzip
import warnings

import openai
import pytest

from pytest_mtbench.domain.errors import FatalError, UnscoredError
from pytest_mtbench.engine import connection

from ...asking import always, ask, request
from ...conftest import AIOHTTP
from ...server import Reply, Server, error


@pytest.fixture(params=["httpx", "aiohttp"], autouse=True)
def carrier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    carrier: str = request.param
    if carrier == "aiohttp":
        pytest.importorskip("aiohttp")
        monkeypatch.setattr(openai, "DefaultAioHttpClient", AIOHTTP)
    return carrier


def test_it_is_the_one_that_is_meant(carrier: str) -> None:
    client = connection._bounded_client(trust_env=False)
    assert isinstance(client, AIOHTTP) == (carrier == "aiohttp")


def test_a_dropped_connection_is_asked_for_again(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: Reply(drop=True) if number == 0 else None
    told = ask(endpoint)
    assert told.reply.text.startswith("an answer")
    assert told.count.retried == 1


def test_one_that_drops_every_connection_is_there_all_the_same(endpoint: Server) -> None:
    endpoint.before = always(Reply(drop=True))
    told = ask(endpoint, retries=0)
    assert isinstance(told.error, UnscoredError)
    assert "connection failed" in str(told.error)


def test_one_that_breaks_off_in_a_reply(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: Reply("half of it", cut_off=True) if number == 0 else None
    assert ask(endpoint).count.retried == 1


def test_one_that_nothing_answers_at(endpoint: Server) -> None:
    endpoint.close()
    told = ask(endpoint, retries=0)
    assert isinstance(told.error, FatalError)
    assert "nothing answers at" in str(told.error)


def test_no_reply_in_time(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: Reply(hang=1.0) if number == 0 else None
    said: list[str] = []
    assert ask(endpoint, timeout=0.2, announce=said.append).count.retried == 1
    assert "--mtbench-timeout" in said[0]


def test_errors_with_their_bodies_and_headers(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: error(429, "slow", retry_after_ms="1") if number == 0 else None
    assert ask(endpoint).count.retried == 1
    endpoint.before = always(error(401, "Incorrect API key provided", "invalid_api_key"))
    assert "Incorrect API key provided" in str(ask(endpoint).error)


def test_more_than_any_reply_has_is_not_read(endpoint: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LARGEST_REPLY", 2**20)
    packed = gzip.compress(b" " * 2**22)
    for body, headers in ((b" " * 2**21, {}), (packed, {"Content-Encoding": "gzip"})):
        endpoint.before = always(Reply(body=body, headers=headers))
        assert "no answer is so long" in str(ask(endpoint, retries=0).error)


def test_a_large_request_goes_through_without_a_warning(endpoint: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = ask(endpoint, [request("word " * 500_000)])
    assert told.reply.text
    assert len(endpoint.asked[0].prompt) == 2_500_000
