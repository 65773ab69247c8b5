from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Iterator, Mapping

import openai
import pytest

from pytest_mtbench.engine.faults import LONGEST_WAIT, Fault, MalformedReplyError, classify, retry_after

from ...server import Reply, Server, error

SENT = {"max_tokens": 1024, "temperature": 0.0}


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    http = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9", max_retries=0, http_client=http) as client:
        yield client


@pytest.fixture
def ask(client: openai.OpenAI, endpoint: Server) -> Asks:
    return Asks(client.with_options(base_url=endpoint.url, timeout=5), endpoint)


class Asks:
    """Lets the real client meet a reply."""

    def __init__(self, client: openai.OpenAI, endpoint: Server) -> None:
        self._client = client
        self._endpoint = endpoint

    def exception(self, reply: Reply, **options: float) -> Exception:
        self._endpoint.before = lambda asked, number: reply
        client = self._client.with_options(**options) if options else self._client  # type: ignore[arg-type]
        with pytest.raises(Exception) as caught:
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
        return caught.value

    def fault(self, reply: Reply, sent: Mapping[str, object] = SENT) -> Fault:
        return classify(self.exception(reply), sent)


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, "unscored"),
        (401, "fatal"),
        (402, "fatal"),
        (403, "fatal"),
        (404, "fatal"),
        (408, "retry"),
        (409, "retry"),
        (413, "unscored"),
        (422, "unscored"),
        (429, "rate-limit"),
        (500, "retry"),
        (502, "retry"),
        (503, "retry"),
        (504, "retry"),
        (529, "retry"),
    ],
)
def test_a_status_decides_what_follows(ask: Asks, status: int, kind: str) -> None:
    fault = ask.fault(error(status, "the reason it gives"))
    assert fault.kind == kind
    assert f"HTTP {status}" in fault.message
    assert "the reason it gives" in fault.message


@pytest.mark.parametrize(
    "code, kind",
    [
        ("insufficient_quota", "fatal"),
        ("billing_hard_limit_reached", "fatal"),
        ("billing_not_active", "fatal"),
        ("rate_limit_exceeded", "rate-limit"),
        (None, "rate-limit"),
    ],
)
def test_a_used_up_quota_is_no_busy_moment(ask: Asks, code: str | None, kind: str) -> None:
    fault = ask.fault(error(429, "You exceeded your current quota", code, retry_after="1"))
    assert fault.kind == kind
    assert ("quota is used up" in fault.message) == (kind == "fatal")


def test_a_quota_named_by_type_alone_is_used_up_too(ask: Asks) -> None:
    body = {"error": {"message": "Over quota.", "type": "insufficient_quota", "code": None}}
    assert ask.fault(Reply(status=429, body=body)).kind == "fatal"


@pytest.mark.parametrize("wait, kind", [(LONGEST_WAIT, "rate-limit"), (LONGEST_WAIT + 1, "fatal"), (86400, "fatal")])
def test_an_endpoint_that_wants_hours_has_no_quota_left(ask: Asks, wait: float, kind: str) -> None:
    assert ask.fault(error(429, "Slow down", retry_after=str(wait))).kind == kind


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_the_time_to_keep_away_is_taken_from_the_reply(ask: Asks, status: int) -> None:
    assert ask.fault(error(status, "busy", retry_after="7")).wait == 7.0
    assert ask.fault(error(status, "busy", retry_after_ms="1500", retry_after="9")).wait == 1.5
    assert ask.fault(error(status, "busy")).wait is None


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("0", 0.0),
        ("2", 2.0),
        ("0.25", 0.25),
        (" 3 ", 3.0),
        ("-5", 0.0),
        ("1e3", 1000.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e999", None),
        ("Mon, 99 Foo 9999999 99:99:99 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("a, b c d e f", None),
    ],
)
def test_retry_after_is_read_in_every_spelling(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}) == seconds


def test_retry_after_as_a_date_is_the_time_until_then() -> None:
    date = email.utils.formatdate(time.time() + 90, usegmt=True)
    assert retry_after({"retry-after": date}) == pytest.approx(90, abs=2)


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "-1"}, 0.0),
    ],
)
def test_milliseconds_win_over_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


MAX_TOKENS = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
TEMPERATURE = "'temperature' does not support 0 with this model. Only the default (1) is supported."


@pytest.mark.parametrize(
    "reply, parameter",
    [
        (error(400, MAX_TOKENS, "unsupported_parameter", "max_tokens"), "max_tokens"),
        (error(400, MAX_TOKENS), "max_tokens"),
        (error(400, TEMPERATURE, "unsupported_value", "temperature"), "temperature"),
        (error(400, TEMPERATURE), "temperature"),
        (error(422, "`temperature` is deprecated for this model."), "temperature"),
        (error(400, "temperature is not supported by this model"), "temperature"),
        (error(400, "max_tokens: Extra inputs are not allowed"), "max_tokens"),
    ],
)
def test_a_refused_parameter_is_found(ask: Asks, reply: Reply, parameter: str) -> None:
    fault = ask.fault(reply)
    assert (fault.kind, fault.parameter) == ("adapt", parameter)


@pytest.mark.parametrize("sent", [{}, {"max_completion_tokens": 10}])
def test_a_parameter_that_was_not_sent_cannot_be_left_out(ask: Asks, sent: dict[str, object]) -> None:
    assert ask.fault(error(400, MAX_TOKENS, param="max_tokens"), sent).kind == "unscored"
    assert ask.fault(error(400, TEMPERATURE, param="temperature"), sent).kind == "unscored"


@pytest.mark.parametrize(
    "message",
    [
        "The context length is 4096 tokens, but 4096 of input and 1024 of output were asked for. Reduce 'max_tokens'.",
        "Invalid prompt: it may violate the usage policy.",
        "Unknown field 'top_k'",
    ],
    ids=["context", "policy", "other"],
)
def test_a_refusal_for_another_reason_is_this_turns_alone(ask: Asks, message: str) -> None:
    fault = ask.fault(error(400, message, "invalid_request_error"))
    assert fault.kind == "unscored"
    assert message[:60] in fault.message


def test_a_parameter_that_the_endpoint_names_itself_is_adapted_whatever_else_it_says(ask: Asks) -> None:
    reply = error(400, "'temperature' is not supported in this context", "unsupported_parameter", "temperature")
    assert ask.fault(reply).kind == "adapt"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "the-reason"}},
        {"message": "the-reason", "object": "error"},
        {"error": "the-reason"},
        {"detail": "the-reason"},
        {"detail": [{"loc": ["body"], "msg": "the-reason"}]},
        b"the-reason",
    ],
    ids=["openai", "vllm", "error-text", "detail-text", "detail-list", "plain"],
)
def test_the_reason_is_found_in_every_usual_form_of_error(ask: Asks, body: object) -> None:
    assert "the-reason" in ask.fault(Reply(status=400, body=body)).message


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": 5, "code": 7, "param": ["x"], "type": None}},
        {"error": [1]},
        [1, 2],
        {},
        b"",
        b"\xff\xfe<html>",
        {"error": {"message": "line one\nline two\r\n" + "x" * 5000}},
    ],
    ids=["wrong-types", "list-inside", "list", "empty", "nothing", "bytes", "long"],
)
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_whatever_an_error_holds_the_message_is_one_short_line(ask: Asks, status: int, body: object) -> None:
    message = ask.fault(Reply(status=status, body=body)).message
    assert f"HTTP {status}" in message
    assert "\n" not in message
    assert len(message) < 400


def test_a_timeout_is_tried_again(ask: Asks) -> None:
    fault = classify(ask.exception(Reply(hang=30), timeout=0.1), SENT)
    assert fault.kind == "retry"
    assert "within the time allowed" in fault.message
    assert classify(asyncio.TimeoutError(), SENT) == fault


def test_a_dropped_connection_is_tried_again(ask: Asks) -> None:
    assert ask.fault(Reply(drop=True)).kind == "retry"


def test_a_body_that_ends_early_is_tried_again(ask: Asks) -> None:
    assert ask.fault(Reply("a long answer " * 50, cut_off=True)).kind == "retry"


def test_a_refused_connection_is_told_from_a_lost_one(ask: Asks, endpoint: Server) -> None:
    endpoint.close()
    assert ask.fault(Reply()).kind == "connect"


def test_json_that_does_not_parse_is_tried_again(ask: Asks) -> None:
    fault = ask.fault(Reply(body=b"{", headers={"Content-Type": "application/json"}))
    assert fault.kind == "retry"
    assert "not a chat completion" in fault.message


def test_an_error_page_with_status_200_is_tried_again_and_quoted() -> None:
    fault = classify(MalformedReplyError("<html>\n <h1>Bad gateway</h1>"), SENT)
    assert fault == Fault("retry", "the reply is not a chat completion (<html> <h1>Bad gateway</h1>)")


def test_a_secret_is_left_out_wherever_the_message_is_cut() -> None:
    secret = "sk-0123456789abcdefghijklmnopqrstuvwxyz"
    for before in range(400):
        fault = classify(MalformedReplyError("x" * before + secret + "y" * 400), SENT, [secret])
        assert not any(secret[n : n + 6] in fault.message for n in range(len(secret) - 6)), before


@pytest.mark.parametrize("secrets", [[""], ["a"], ["the"]])
def test_what_is_too_short_to_be_a_secret_garbles_no_message(secrets: list[str]) -> None:
    assert classify(MalformedReplyError("an apple"), SENT, secrets).message == (
        "the reply is not a chat completion (an apple)"
    )


@pytest.mark.parametrize("bug", [RuntimeError("ours"), KeyError("ours"), AssertionError("ours")], ids=repr)
def test_an_error_of_our_own_is_not_taken_for_the_endpoints(bug: Exception) -> None:
    with pytest.raises(type(bug)):
        classify(bug, SENT)
