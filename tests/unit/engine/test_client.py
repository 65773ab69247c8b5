from __future__ import annotations

import asyncio
import base64
import email.utils
import json
import logging
import math
import threading
import time
import tracemalloc
import zlib
from typing import Any

import openai
import pytest

from pytest_mtbench.domain.chat import ChatReply, Usage
from pytest_mtbench.domain.endpoint import Endpoint as Address
from pytest_mtbench.domain.errors import FatalError, UnscoredError
from pytest_mtbench.domain.tally import CallCount
from pytest_mtbench.engine import client as client_module
from pytest_mtbench.engine import connection
from pytest_mtbench.engine.client import OpenAIClient
from pytest_mtbench.engine.limits import Limiter
from pytest_mtbench.engine.terms import Terms
from pytest_mtbench.untrusted.urls import is_loopback, public_url

from ...asking import always, ask, first, header, request
from ...server import Asked, Reply, Server, error

KEY = "sk-0123456789abcdefghijklmnopqrstuvwxyz"
AT_ONCE = {"retry_after_ms": "1"}
MAX_TOKENS = error(400, "'max_tokens' is not supported with this model.", "unsupported_parameter", "max_tokens")
TEMPERATURE = error(400, "'temperature' does not support 0 with this model.", "unsupported_value", "temperature")


# -- what is sent, and what comes back


def test_a_request_is_sent_as_it_stands(endpoint: Server) -> None:
    ask(endpoint, [request(extra_body={"top_k": 3, "guided": {"a": [1]}})], api_key=KEY)
    (asked,) = endpoint.asked
    assert asked.path == "/v1/chat/completions"
    assert header(asked, "authorization") == f"Bearer {KEY}"
    assert asked.body == {
        "model": "model",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is 6 times 7?"},
        ],
        "temperature": 0.5,
        "max_tokens": 77,
        "top_k": 3,
        "guided": {"a": [1]},
    }


def test_no_temperature_sends_none(endpoint: Server) -> None:
    ask(endpoint, [request(temperature=None)])
    assert "temperature" not in endpoint.asked[0].body


def test_a_reply_tells_all_that_a_report_needs(endpoint: Server) -> None:
    endpoint.answer = lambda asked: Reply("forty-two", finish_reason="length", served="model-2026-11")
    before = time.time()
    reply = ask(endpoint).reply
    assert (reply.text, reply.finish_reason, reply.served) == ("forty-two", "length", "model-2026-11")
    assert reply.usage == Usage(7, 10)
    assert before <= reply.created <= time.time()
    assert not reply.cached
    assert reply.adapted == ()


@pytest.mark.parametrize(
    "text, arrives",
    [
        ("nul \0 \x1b[31m \u202e", "nul \0 \x1b[31m \u202e"),
        ("pair \ud83d\ude00", "pair \U0001f600"),
        ("lone \ud800 here", "lone \ufffd here"),
        ("{question} [[10]] <script>", "{question} [[10]] <script>"),
    ],
)
def test_hostile_text_passes_in_both_directions(endpoint: Server, text: str, arrives: str) -> None:
    endpoint.answer = lambda asked: Reply(text)
    reply = ask(endpoint, [request(text)]).reply
    assert endpoint.asked[0].prompt == arrives
    assert reply.text == arrives
    reply.text.encode()


def test_a_reply_without_content_is_an_empty_text(endpoint: Server) -> None:
    endpoint.answer = lambda asked: Reply(None, finish_reason="content_filter")
    reply = ask(endpoint).reply
    assert (reply.text, reply.finish_reason) == ("", "content_filter")


@pytest.mark.parametrize("left_out", ["usage", "model", "id", "created", "object", "finish_reason"])
def test_servers_that_leave_things_out_are_understood(endpoint: Server, left_out: str) -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "forty-two"}}
    body: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "usage": None}
    body = {name: value for name, value in body.items() if name != left_out}
    body["choices"] = [{name: value for name, value in choice.items() if name != left_out}]
    endpoint.before = always(Reply(body=body))
    reply = ask(endpoint, retries=0).reply
    assert (reply.text, reply.finish_reason, reply.usage) == ("forty-two", "stop", Usage())


# -- limits


def test_requests_in_flight_keep_the_limit(endpoint: Server) -> None:
    endpoint.latency = 0.01
    told = ask(endpoint, [request(str(n)) for n in range(30)], limiter=lambda: Limiter(3))
    assert all(isinstance(outcome, ChatReply) for outcome in told.outcomes)
    assert endpoint.most_in_flight[False] == 3


# -- trying again


@pytest.mark.parametrize("status", [408, 429, 500, 529])
def test_a_passing_fault_is_tried_again(endpoint: Server, status: int) -> None:
    endpoint.before = first(*[error(status, "busy", **AT_ONCE)] * 3)
    told = ask(endpoint)
    assert told.reply.text.startswith("an answer to")
    assert len(endpoint.asked) == 4
    assert told.count.retried == 3


@pytest.mark.parametrize("status, retries", [(429, 0), (429, 2), (500, 2), (529, 0)])
def test_a_fault_that_does_not_pass_is_given_up_with_its_reason(endpoint: Server, status: int, retries: int) -> None:
    endpoint.before = always(error(status, "busy all day", **AT_ONCE))
    told = ask(endpoint, retries=retries)
    assert isinstance(told.error, UnscoredError)
    for part in (f"HTTP {status}", "busy all day", endpoint.url, f"{retries + 1} tries"):
        assert part in str(told.error)
    assert len(endpoint.asked) == retries + 1
    assert told.count.retried == retries


@pytest.mark.parametrize(
    "reply, reason",
    [
        (Reply(drop=True), "connection failed"),
        (Reply("a long answer " * 50, cut_off=True), ""),
        (Reply(body=b"<html><h1>Bad gateway</h1></html>"), "Bad gateway"),
        (Reply(body=b"{", headers={"Content-Type": "application/json"}), "not a chat completion"),
        (Reply(body={"choices": []}), "not a chat completion"),
        (Reply(body={"choices": None}), "not a chat completion"),
        (Reply(body={"choices": [{"message": None}]}), "not a chat completion"),
        (Reply(body={"error": {"message": "upstream is down"}}), "upstream is down"),
        (Reply(body=[]), "not a chat completion"),
        (Reply(body=b""), "not a chat completion"),
    ],
    ids=["drop", "cut-off", "html", "json", "no-choices", "null-choices", "null-message", "error-200", "list", "empty"],
)
def test_a_reply_that_is_none_is_given_up_with_its_reason(endpoint: Server, reply: Reply, reason: str) -> None:
    endpoint.before = always(reply)
    given_up = ask(endpoint, retries=0).error
    assert isinstance(given_up, UnscoredError)
    assert reason in str(given_up)
    assert endpoint.url in str(given_up)


@pytest.mark.parametrize(
    "reply",
    [Reply(drop=True), Reply("a long answer " * 50, cut_off=True), Reply(body=b"<html>"), Reply(body={"choices": []})],
    ids=["drop", "cut-off", "html", "no-choices"],
)
def test_a_reply_that_is_none_is_tried_again(endpoint: Server, reply: Reply) -> None:
    endpoint.before = first(reply)
    told = ask(endpoint, retries=1)
    assert told.reply.text.startswith("an answer to")
    assert told.count.retried == 1


def test_a_reply_that_takes_too_long_is_tried_again(endpoint: Server) -> None:
    endpoint.before = first(Reply(hang=30))
    told = ask(endpoint, timeout=0.2, retries=1)
    assert told.reply.text.startswith("an answer to")
    assert told.count.retried == 1


def test_a_reply_that_takes_too_long_every_time_is_given_up(endpoint: Server) -> None:
    endpoint.before = always(Reply(hang=30))
    told = ask(endpoint, timeout=0.2, retries=0)
    assert isinstance(told.error, UnscoredError)
    assert "no reply within 0.2 s" in str(told.error)


CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "forty-two"}}
BODY = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [CHOICE], "usage": None}


@pytest.mark.parametrize(
    "body",
    [
        BODY | {"choices": {"a": 1}},
        BODY | {"choices": 5},
        BODY | {"choices": "text"},
        BODY | {"choices": [None]},
        BODY | {"choices": ["text"]},
        BODY | {"choices": [CHOICE | {"message": "text"}]},
        BODY | {"choices": [CHOICE | {"message": {"content": [{"type": "text", "text": "forty-two"}]}}]},
        BODY | {"choices": [CHOICE | {"message": {"content": 5}}]},
        BODY | {"choices": [CHOICE | {"message": {"content": {"text": "x"}}}]},
        b"[" * 100_000,
        5,
        "text",
    ],
    ids=[
        "choices-object", "choices-number", "choices-text", "choice-null", "choice-text", "message-text",
        "content-parts", "content-number", "content-object", "deep", "number", "text",
    ],
)  # fmt: skip
def test_a_reply_of_a_strange_shape_is_this_turns_fault_and_not_ours(endpoint: Server, body: object) -> None:
    endpoint.before = always(Reply(body=body, headers={"Content-Type": "application/json"}))
    (outcome,) = ask(endpoint, retries=0).outcomes
    if isinstance(outcome, ChatReply):
        assert isinstance(outcome.text, str)
    else:
        assert isinstance(outcome, UnscoredError)
        assert endpoint.url in str(outcome)


BESIDE: dict[str, dict[str, object]] = {
    "no-tokens": {"usage": {}},
    "null-tokens": {"usage": {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}},
    "words-as-tokens": {"usage": {"prompt_tokens": "many", "completion_tokens": 2, "total_tokens": 2}},
    "usage-list": {"usage": [1]},
    "usage-text": {"usage": "none"},
    "negative-tokens": {"usage": {"prompt_tokens": -5, "completion_tokens": 2, "total_tokens": 0}},
    "model-number": {"model": 5},
    "model-null": {"model": None},
    "finish-number": {"choices": [CHOICE | {"finish_reason": 5}]},
    "finish-null": {"choices": [CHOICE | {"finish_reason": None}]},
}


@pytest.mark.parametrize("changes", BESIDE.values(), ids=BESIDE)
def test_an_answer_counts_whatever_stands_beside_it(endpoint: Server, changes: dict[str, object]) -> None:
    endpoint.before = always(Reply(body=BODY | changes))
    reply = ask(endpoint, retries=0).reply
    assert reply.text == "forty-two"
    assert isinstance(reply.served, str)
    assert isinstance(reply.finish_reason, str)
    tokens = reply.usage.input_tokens + reply.usage.output_tokens
    assert isinstance(tokens, int)
    assert tokens >= 0


# -- 429


@pytest.mark.parametrize("header, value", [("retry_after", "0.3"), ("retry_after_ms", "300"), ("Retry_After", "0.3")])
def test_nothing_is_sent_before_the_endpoint_said_so(endpoint: Server, header: str, value: str) -> None:
    endpoint.before = first(error(429, "slow down", "rate_limit_exceeded", **{header: value}))
    told = ask(endpoint, [request(str(n)) for n in range(4)], limiter=lambda: Limiter(1))
    assert all(isinstance(outcome, ChatReply) for outcome in told.outcomes)
    times = [asked.at for asked in endpoint.asked]
    assert len(times) == 5
    assert min(times[1:]) - times[0] >= 0.29, "neither the request itself nor any other"


def test_a_date_that_has_passed_means_now(endpoint: Server) -> None:
    date = email.utils.formatdate(time.time() - 60, usegmt=True)
    endpoint.before = first(error(429, "slow down", retry_after=date))
    ask(endpoint)
    assert endpoint.asked[1].at - endpoint.asked[0].at < 0.3, "without a header it would be 0.375 s at least"


def test_a_date_to_come_is_waited_for(endpoint: Server) -> None:
    date = math.ceil(time.time() + 0.6)
    endpoint.before = first(error(429, "slow down", retry_after=email.utils.formatdate(date, usegmt=True)))
    ask(endpoint)
    assert len(endpoint.asked) == 2
    assert time.time() >= date


@pytest.mark.parametrize("status, shrinks", [(429, True), (500, False), (503, False)])
def test_a_rate_limit_shrinks_the_limit_and_a_server_error_does_not(
    endpoint: Server, status: int, shrinks: bool
) -> None:
    limiter = Limiter(4)
    endpoint.before = first(*[error(status, "busy", **AT_ONCE)] * 4)
    told = ask(endpoint, [request(str(n)) for n in range(4)], limiter=lambda: limiter)
    assert all(isinstance(outcome, ChatReply) for outcome in told.outcomes)
    assert (limiter.limit < 4) == shrinks


# -- nothing can work


@pytest.mark.parametrize(
    "reply",
    [
        error(401, "Incorrect API key provided", "invalid_api_key"),
        error(402, "Payment required"),
        error(403, "You have no access", "permission_denied"),
        error(404, "The model does not exist", "model_not_found"),
        error(429, "You exceeded your current quota", "insufficient_quota", **AT_ONCE),
        error(429, "Come back tomorrow", retry_after="86400"),
    ],
    ids=["401", "402", "403", "404", "quota", "tomorrow"],
)
def test_what_can_never_work_is_asked_once_and_stops_every_other_request(endpoint: Server, reply: Reply) -> None:
    endpoint.before = always(reply)
    started = time.monotonic()
    told = ask(endpoint, [request(str(n)) for n in range(20)], limiter=lambda: Limiter(1), linger=0.15)
    assert time.monotonic() - started < 3
    assert len(endpoint.asked) == 1
    fatal = [outcome for outcome in told.outcomes if not isinstance(outcome, asyncio.CancelledError)]
    (only,) = fatal
    assert isinstance(only, FatalError)
    assert f"HTTP {reply.status}" in str(only)
    assert endpoint.url in str(only)


def test_an_endpoint_that_refuses_connections_is_named_with_its_option(endpoint: Server) -> None:
    endpoint.close()
    for option in ("--mtbench-base-url", "--mtbench-judge-base-url"):
        told = ask(endpoint, retries=0, option=option)
        assert isinstance(told.error, FatalError)
        assert option in str(told.error)
        assert endpoint.url in str(told.error)


def test_an_endpoint_that_refuses_every_connection_is_given_up_before_its_tries_are(
    endpoint: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "REFUSED_SECONDS", 0.2)
    endpoint.close()
    told = ask(endpoint, retries=1000)
    assert isinstance(told.error, FatalError)
    assert told.count.retried < 3


def test_an_endpoint_that_can_be_reached_is_not_given_up_for_dropping_connections(endpoint: Server) -> None:
    endpoint.before = always(Reply(drop=True))
    assert isinstance(ask(endpoint, retries=0).error, UnscoredError)


def test_a_refusal_of_one_request_leaves_the_others_alone(endpoint: Server) -> None:
    endpoint.answer = lambda asked: error(400, "too long for the context") if asked.prompt == "1" else "fine"
    told = ask(endpoint, [request(str(n)) for n in range(3)], in_order=True)
    texts = [outcome.text if isinstance(outcome, ChatReply) else type(outcome) for outcome in told.outcomes]
    assert texts == ["fine", UnscoredError, "fine"]
    assert len(endpoint.asked) == 3, "it is not tried again"


# -- refused parameters


def test_refused_max_tokens_is_sent_by_its_other_name_and_remembered(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: MAX_TOKENS if "max_tokens" in asked.body else None
    told = ask(endpoint, [request("a"), request("b", max_tokens=78)], in_order=True, retries=0)
    assert [outcome.adapted for outcome in told.outcomes if isinstance(outcome, ChatReply)] == [("max_tokens",)] * 2
    bodies = [asked.body for asked in endpoint.asked]
    assert [body.get("max_tokens") for body in bodies] == [77, None, None]
    assert [body.get("max_completion_tokens") for body in bodies] == [None, 77, 78]
    assert all(body["temperature"] == 0.5 for body in bodies)


def test_refused_temperature_is_left_out_and_remembered(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: TEMPERATURE if "temperature" in asked.body else None
    told = ask(endpoint, [request("a"), request("b")], in_order=True, retries=0)
    assert [outcome.adapted for outcome in told.outcomes if isinstance(outcome, ChatReply)] == [("temperature",)] * 2
    assert ["temperature" in asked.body for asked in endpoint.asked] == [True, False, False]
    assert all(asked.body["max_tokens"] == 77 for asked in endpoint.asked)


def test_both_may_be_refused(endpoint: Server) -> None:
    def picky(asked: Asked, number: int) -> Reply | None:
        return MAX_TOKENS if "max_tokens" in asked.body else TEMPERATURE if "temperature" in asked.body else None

    endpoint.before = picky
    told = ask(endpoint, retries=0)
    assert told.reply.adapted == ("max_tokens", "temperature")
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize("refusal", [MAX_TOKENS, TEMPERATURE], ids=["max_tokens", "temperature"])
def test_an_endpoint_that_refuses_whatever_is_sent_is_not_asked_for_ever(endpoint: Server, refusal: Reply) -> None:
    endpoint.before = always(refusal)
    told = ask(endpoint)
    assert isinstance(told.error, UnscoredError)
    assert len(endpoint.asked) == 2


def test_requests_that_are_refused_together_all_come_through(endpoint: Server) -> None:
    endpoint.latency = 0.02
    endpoint.answer = lambda asked: MAX_TOKENS if "max_tokens" in asked.body else "fine"
    told = ask(endpoint, [request(str(n)) for n in range(6)], retries=0)
    assert [outcome.text for outcome in told.outcomes if isinstance(outcome, ChatReply)] == ["fine"] * 6


# -- keys


@pytest.mark.parametrize(
    "reply",
    [
        error(401, f"Incorrect API key provided: {KEY}."),
        error(400, f"bad request with Authorization: Bearer {KEY}"),
        error(500, KEY * 3, **AT_ONCE),
        Reply(body=b"<html>" + KEY.encode() + b"</html>"),
        Reply(body={"error": {"message": f"no: {KEY}"}}),
        Reply(status=400, body={"error": KEY}),
        Reply(status=400, body=KEY.encode()),
        error(400, "x" * 280 + KEY),
        error(401, "x" * 265 + KEY),
        Reply(body=b"x" * 190 + KEY.encode()),
    ],
    ids=["401", "400", "500", "html", "error-200", "error-text", "plain", "cut-400", "cut-401", "cut-200"],
)
def test_no_message_holds_the_key_or_a_part_of_it(endpoint: Server, reply: Reply) -> None:
    endpoint.before = always(reply)
    message = str(ask(endpoint, retries=0, api_key=KEY).error)
    assert header(endpoint.asked[0], "authorization") == f"Bearer {KEY}"
    assert KEY[:8] not in message


def test_what_is_printed_of_an_endpoint_holds_no_key() -> None:
    address = Address("https://example.test/v1", KEY, connect_url="https://user:password@example.test/v1")
    assert KEY not in repr(address)
    assert "password" not in repr(address)
    assert "https://example.test/v1" in repr(address)


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_no_log_holds_the_key_whatever_happens(endpoint: Server, caplog: pytest.LogCaptureFixture, level: int) -> None:
    endpoint.before = first(error(500, "busy", **AT_ONCE), error(400, f"bad key {KEY}"))
    with caplog.at_level(level):
        ask(endpoint, api_key=KEY)
    assert len(endpoint.asked) == 2
    assert KEY not in caplog.text


def test_no_log_holds_a_password_that_stands_in_the_url(endpoint: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        told = ask(endpoint, connect_url=endpoint.url.replace("://", "://user:pa55word@"))
    assert told.reply.text
    assert "pa55word" not in caplog.text


def test_user_and_password_of_the_url_are_sent(endpoint: Server) -> None:
    ask(endpoint, connect_url=endpoint.url.replace("://", "://me%40home:pa%2Fss@"))
    scheme, _, pair = header(endpoint.asked[0], "authorization").partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(pair) == b"me@home:pa/ss"


def test_a_password_in_the_url_is_in_no_message(endpoint: Server) -> None:
    secret = endpoint.url.replace("://", "://user:pa55word@")
    endpoint.before = always(error(400, "no"))
    refused = ask(endpoint, connect_url=secret, retries=0).error
    endpoint.close()
    unreached = ask(endpoint, connect_url=secret, retries=0).error
    assert "pa55word" not in f"{refused} {unreached}"


# -- where requests go


@pytest.mark.parametrize("name", ["HTTP_PROXY", "all_proxy"])
def test_a_proxy_in_the_environment_is_not_asked_for_this_machine(
    endpoint: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    proxy = Server()
    try:
        monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert ask(endpoint, retries=0).reply.text.startswith("an answer to")
        assert proxy.asked == []
    finally:
        proxy.close()


def test_a_loopback_endpoint_needs_no_key(endpoint: Server) -> None:
    assert ask(endpoint, api_key="").reply.text


@pytest.mark.parametrize(
    "deployment, path",
    [
        ("my-deployment", "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"),
        (None, "/openai/deployments/model/chat/completions?api-version=2024-10-21"),
    ],
)
def test_azure_is_asked_by_its_path_and_its_header(endpoint: Server, deployment: str | None, path: str) -> None:
    root = endpoint.url.removesuffix("/v1")
    told = ask(endpoint, url=root, connect_url=root, azure=("2024-10-21", deployment), api_key=KEY)
    assert told.reply.text.startswith("an answer to")
    (asked,) = endpoint.asked
    assert asked.path == path
    assert header(asked, "api-key") == KEY
    # openai 2.0 sends the key as a bearer as well.
    assert openai.__version__.startswith("2.") or KEY not in header(asked, "authorization")


@pytest.mark.parametrize(
    "url, expected",
    [
        ("http://localhost:8000/v1", True),
        ("http://LOCALHOST/v1", True),
        ("http://model.localhost/v1", True),
        ("http://127.0.0.1:8000", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:8000/v1", True),
        ("http://user:password@127.0.0.1/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://localhost.example.com/v1", False),
        ("http://127.example.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://127.0.0.1@example.com/v1", False),
        ("not a url", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://example.test/v1", "https://example.test/v1"),
        ("https://example.test/v1/", "https://example.test/v1"),
        ("https://user:password@example.test:8443/v1?token=secret#secret", "https://example.test:8443/v1"),
        ("https://a:b@c:d@example.test/v1", "https://example.test/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert public_url(url) == shown


# -- ends


def test_a_client_that_was_never_used_closes() -> None:
    async def run() -> None:
        await OpenAIClient(Address("http://127.0.0.1:9/v1"), Limiter(1)).close()

    asyncio.run(run())


def test_a_cancelled_request_gives_its_place_back(endpoint: Server) -> None:
    arrived = threading.Event()

    def hang(asked: Asked, number: int) -> Reply | None:
        arrived.set()
        return Reply(hang=30) if number == 0 else None

    endpoint.before = hang

    async def run() -> None:
        limiter = Limiter(1)
        client = OpenAIClient(Address(endpoint.url, connect_url=endpoint.url), limiter)
        try:
            hanging = asyncio.create_task(client.complete(request("a"), Terms((0,), CallCount())))
            waiting = asyncio.create_task(client.complete(request("b"), Terms((0,), CallCount())))
            await asyncio.to_thread(arrived.wait, 5)
            hanging.cancel()
            assert (await asyncio.wait_for(waiting, 5)).text == "an answer to: b"
            assert limiter.in_flight == 0
        finally:
            await client.close()

    asyncio.run(run())


# -- what refuses every request, and what one alone


@pytest.mark.parametrize(
    "reply, advice",
    [
        (error(400, "Your credit balance is too low"), "the model's name"),
        (error(403, "You may not"), "the model's name"),
        (Reply(body={"error": "Unexpected endpoint. Returning 200 anyway"}), "is --mtbench-base-url right?"),
    ],
    ids=["400", "403", "200"],
)
def test_an_endpoint_that_refuses_its_first_requests_alike_is_given_up(
    endpoint: Server, reply: Reply, advice: str
) -> None:
    endpoint.before = always(reply)
    started = time.monotonic()
    told = ask(endpoint, [request(str(n)) for n in range(40)], linger=2)
    assert time.monotonic() - started < 5
    assert len(endpoint.asked) <= 64
    (fatal,) = {str(outcome) for outcome in told.outcomes if isinstance(outcome, FatalError)}
    assert advice in fatal
    assert "each of 8 different requests" in fatal


def test_a_prompt_that_is_flagged_costs_itself_alone(endpoint: Server) -> None:
    flagged = error(403, "your input was flagged by moderation")
    endpoint.before = lambda asked, number: flagged if asked.prompt == "3" else None
    told = ask(endpoint, [request(str(n)) for n in range(12)], in_order=True)
    assert [isinstance(outcome, UnscoredError) for outcome in told.outcomes] == [n == 3 for n in range(12)]


def test_a_judge_at_the_models_endpoint_is_told_of_its_own_option(endpoint: Server) -> None:
    endpoint.before = always(error(404, "no such model", "model_not_found"))
    told = ask(endpoint, inherited=True)
    assert "it was asked at the model's endpoint, and --mtbench-judge-base-url names another one" in str(told.error)


def test_instructions_that_have_no_message_of_their_own_move_into_the_users(endpoint: Server) -> None:
    endpoint.before = lambda asked, number: (
        error(400, "System role not supported") if asked.messages[0]["role"] == "system" else None
    )
    told = ask(endpoint, [request("a"), request("b")], in_order=True)
    assert [reply.adapted for reply in told.outcomes if isinstance(reply, ChatReply)] == [("system",)] * 2
    assert [len(asked.messages) for asked in endpoint.asked] == [2, 1, 1], "learnt once"
    assert endpoint.asked[1].messages == [{"role": "user", "content": "Be brief.\n\na"}]


@pytest.mark.parametrize("status, advice", [(500, "look at the server itself"), (429, "its quota may be used up")])
def test_an_endpoint_that_is_broken_for_every_request_is_given_up(endpoint: Server, status: int, advice: str) -> None:
    endpoint.before = always(error(status, "CUDA out of memory", **{"retry-after-ms": "1"}))
    told = ask(endpoint, [request(str(n)) for n in range(20)], retries=1, linger=2)
    (fatal,) = {str(outcome) for outcome in told.outcomes if isinstance(outcome, FatalError)}
    assert f"HTTP {status}: CUDA out of memory; so it says to each of 8 different requests; {advice}" in fatal
    endpoint.clear()
    endpoint.before = lambda asked, number: error(500, "oops", **{"retry-after-ms": "1"}) if number else None
    told = ask(endpoint, [request(str(n)) for n in range(20)], in_order=True, retries=1)
    assert [type(outcome) for outcome in told.outcomes] == [ChatReply] + [UnscoredError] * 19


def _refuses_what_it_cannot_do(asked: Asked, number: int) -> Reply | None:
    if asked.messages[0]["role"] == "system":
        return error(400, "System role not supported")
    if "temperature" in asked.body:
        return error(400, "invalid temperature: only 1 is allowed for this model")
    if "max_tokens" in asked.body:
        return error(400, "Unsupported parameter: 'max_tokens'", "unsupported_parameter")
    if asked.body["max_completion_tokens"] < 300:
        return error(400, "Could not finish the message because max_tokens was reached")
    return None


def test_requests_that_were_under_way_when_another_was_refused_learn_from_it_too(endpoint: Server) -> None:
    endpoint.latency = 0.05  # all of them are sent before the first refusal comes
    endpoint.before = _refuses_what_it_cannot_do
    told = ask(endpoint, [request(name) for name in "abcdef"])
    assert [type(outcome) for outcome in told.outcomes] == [ChatReply] * 6
    assert max(asked.body.get("max_completion_tokens", 0) for asked in endpoint.asked) == 308
    adapted = ("max_tokens", "room", "system", "temperature")
    assert {reply.adapted for reply in told.outcomes if isinstance(reply, ChatReply)} == {adapted}


def test_a_model_that_cannot_finish_gets_twice_the_room_until_it_can(endpoint: Server) -> None:
    said = "Could not finish the message because max_tokens or model output limit was reached."
    endpoint.before = lambda asked, number: error(400, said) if asked.body["max_tokens"] < 300 else None
    told = ask(endpoint, [request("a"), request("b")], in_order=True)
    assert [asked.body["max_tokens"] for asked in endpoint.asked] == [77, 154, 308, 308]
    assert [reply.adapted for reply in told.outcomes if isinstance(reply, ChatReply)] == [("room",)] * 2
    endpoint.clear()
    endpoint.before = always(error(400, said))
    assert isinstance(ask(endpoint).error, UnscoredError)
    assert [asked.body["max_tokens"] for asked in endpoint.asked] == [77, 154, 308, 616]


# -- how much is read


def test_ten_megabytes_of_text_are_read_and_more_than_any_answer_is_refused(
    endpoint: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.answer = lambda asked: "\u00e9" * 10_000_000
    (reply,) = ask(endpoint).outcomes
    assert isinstance(reply, ChatReply)
    assert len(reply.text) == 10_000_000
    monkeypatch.setattr(connection, "LARGEST_REPLY", 1000)
    endpoint.answer = lambda asked: "x" * 2000
    error_ = ask(endpoint).error
    assert isinstance(error_, UnscoredError)
    assert "no answer is so long" in str(error_)
    assert len(endpoint.asked) == 2, "it is not asked for again"


@pytest.mark.parametrize("size, good", [(100, True), (200 * 2**20, False)])
def test_a_packed_reply_is_unpacked_as_far_as_any_answer_goes(endpoint: Server, size: int, good: bool) -> None:
    body = json.dumps({"choices": [{"message": {"content": "SIZE"}, "finish_reason": "stop"}]}).encode()
    head, tail = body.split(b"SIZE")
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    parts = [packer.compress(head), *(packer.compress(b"x" * min(2**20, size)) for _ in range(max(1, size // 2**20)))]
    packed = b"".join([*parts, packer.compress(tail), packer.flush()])
    endpoint.before = always(Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    told = ask(endpoint, retries=0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(told.outcomes[0], ChatReply) == good
    assert most < 200 * 2**20


def test_a_request_that_timed_out_is_said_at_once_and_gets_twice_the_time(endpoint: Server) -> None:
    said: list[str] = []

    async def run(seconds: float = 0.3, retries: int = 2) -> ChatReply:
        where = Address(endpoint.url, connect_url=endpoint.url, timeout=seconds, retries=retries)
        client = OpenAIClient(where, Limiter(1), said.append)
        try:
            return await client.complete(request("a"), Terms((0,), CallCount()))
        finally:
            await client.close()

    endpoint.before = first(Reply("late", hang=0.45), Reply("slow", hang=0.45))
    assert asyncio.run(run()).text == "slow"
    (line,) = said
    assert line.startswith(f"mtbench: {endpoint.url}: no reply within 0.3 s; asked again with 0.6 s (--mtbench-timeout")
    endpoint.clear()
    endpoint.before = always(Reply(hang=2))
    with pytest.raises(UnscoredError, match=r"no reply within 0\.4 s; --mtbench-timeout allows more"):
        asyncio.run(run(0.1, 8))
    assert len(endpoint.asked) == 3, "however many retries are allowed"
