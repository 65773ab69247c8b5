from __future__ import annotations

import asyncio
import email.utils
import ssl
import time
from collections.abc import Iterator, Mapping

import openai
import pytest

from pytest_mtbench.engine.faults import Fault, MalformedReplyError, classify
from pytest_mtbench.engine.waits import LONGEST_WAIT, retry_after

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
        (400, "refused"),
        (401, "fatal"),
        (402, "fatal"),
        (403, "refused"),
        (404, "fatal"),
        (408, "retry"),
        (409, "retry"),
        (413, "refused"),
        (422, "refused"),
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
    assert ask.fault(error(400, MAX_TOKENS, param="max_tokens"), sent).kind == "refused"
    assert ask.fault(error(400, TEMPERATURE, param="temperature"), sent).kind == "refused"


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
    assert fault.kind == "refused"
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
    said = "the reply is not a chat completion (<html> <h1>Bad gateway</h1>)"
    assert fault == Fault("retry", said, alike="200", check="url")


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


def gemini(status: int, reason: str, message: str, *details: object) -> Reply:
    """Google's form of an error, in a list."""
    return Reply(
        status=status, body=[{"error": {"code": status, "message": message, "status": reason, "details": details}}]
    )


def violation(quota: str) -> object:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}


PLAN = "You exceeded your current quota, please check your plan and billing details."
NO_DB = {"error": {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"}}
ANSWERS = {
    # what an endpoint says, what follows, and what it says to check
    "quota of the day": (gemini(429, "EXHAUSTED", PLAN, violation("GenerateRequestsPerDayPerProject")), "fatal", "key"),
    "quota of the minute": (gemini(429, "EXHAUSTED", PLAN, violation("RequestsPerMinute")), "rate-limit", ""),
    "proxy budget": (error(429, "Budget has been exceeded! Current cost: 1.2", "budget_exceeded"), "fatal", "key"),
    "proxy budget as 400": (error(400, "Budget has been exceeded!", "budget_exceeded"), "fatal", "key"),
    "requests a day": (error(429, "Rate limit reached for m on requests per day (RPD): Limit 200"), "fatal", "key"),
    "tokens a day": (error(429, "Rate limit reached on tokens per day (TPD): Limit 500000"), "fatal", "key"),
    "free models a day": (error(429, "Rate limit exceeded: free-models-per-day"), "fatal", "key"),
    "requests a minute": (error(429, "Rate limit reached on requests per min (RPM): Limit 3"), "rate-limit", ""),
    "refused key as 400": (
        gemini(400, "INVALID_ARGUMENT", "API key not valid.", {"reason": "API_KEY_INVALID"}), "fatal", "key"),
    "proxy without a database": (Reply(status=400, body=NO_DB), "fatal", "key"),
    "empty account as 400": (error(400, "Your credit balance is too low", "invalid_request_error"), "refused", ""),
    "unknown model as 400": (error(400, "Invalid model name passed in model=m"), "refused", ""),
    "unknown model by its code": (error(400, "no", "model_not_found"), "fatal", "model"),
    "unknown model as 503": (error(503, "No available channel for model m", "model_not_found"), "fatal", "model"),
    "flagged prompt": (error(403, "m requires moderation and your input was flagged"), "refused", ""),
    "flagged prompt that speaks of permission": (
        Reply(status=403, body={"code": "permission_denied", "error": "It violates usage guidelines."}), "refused", ""),
    "no permission": (error(403, "You may not", "permission_denied"), "fatal", "key"),
    "no route": (error(405, "Method Not Allowed"), "refused", ""),
    "away for a day": (error(503, "maintenance", Retry_After="86400"), "retry", "later"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_more_than_the_status_decides(ask: Asks, name: str) -> None:
    reply, kind, check = ANSWERS[name]
    fault = ask.fault(reply)
    assert (fault.kind, fault.check) == (kind, check)
    assert fault.wait is None
    assert bool(fault.alike) == (kind == "refused" or name == "away for a day")


def test_what_a_model_that_has_answered_is_refused_is_of_that_request(ask: Asks) -> None:
    for reply in (error(404, "no such thing"), error(403, "You may not", "permission_denied")):
        assert classify(ask.exception(reply), SENT, known=True).kind == "refused"
    assert classify(ask.exception(error(401, "expired")), SENT, known=True).kind == "fatal"


@pytest.mark.parametrize(
    "body, wait",
    [
        ({"error": {"message": "x", "details": [{"@type": "RetryInfo", "retryDelay": "37s"}]}}, 37),
        ({"error": {"message": "x", "details": [{"retryDelay": "1.5s"}]}}, 1.5),
        ({"error": {"message": "x"}, "retry_after": 12}, None),  # openai hands on what stands under `error`
        ({"error": {"message": "x", "retry_after": 12}}, 12),
        ({"error": {"message": "x", "retryAfterMs": 250}}, 0.25),
        ({"error": {"message": "x", "metadata": {"retry_after_seconds": "7"}}}, 7),
        ({"error": {"message": "Please try again in 7m12s."}}, 432),
        ({"error": {"message": "Please try again in 20ms. Visit"}}, 0.02),
        ({"error": {"message": "Please retry after 20 seconds."}}, 20),
        ({"error": {"message": "Try again in 1m 5s"}}, 65),
        ({"error": {"message": "x", "retry_after": "soon"}}, None),
        ({"error": {"message": "x", "retry_after": -3}}, None),
        ({"error": {"message": "We tried it in 3 models"}}, None),
    ],
)
def test_a_wait_that_is_told_in_the_body_is_obeyed(ask: Asks, body: object, wait: float | None) -> None:
    for status in (429, 503):
        fault = ask.fault(Reply(status=status, body=body))
        assert fault.wait == (None if wait is None else pytest.approx(wait))


def test_no_wait_is_longer_than_ten_minutes(ask: Asks) -> None:
    assert ask.fault(error(503, "back soon", Retry_After="600")).wait == 600
    assert ask.fault(error(503, "back soon", Retry_After="601")).wait is None
    assert ask.fault(Reply(status=429, body={"error": {"message": "Try again in 11m"}})).kind == "fatal"


SYSTEM = {**SENT, "system": True, "room": True}


@pytest.mark.parametrize(
    "status, said, parameter",
    [
        (400, "invalid temperature: only 1 is allowed for this model", "temperature"),
        (400, "`temperature` does not support 0. Only the default (1) value is supported.", "temperature"),
        (400, "System role not supported", "system"),
        (500, "Jinja Exception: System role not supported", "system"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/...", "system"),
        (400, "Developer instruction is not enabled for models/gemma-3-27b-it", "system"),
        (400, "This model does not support system messages", "system"),
        (400, "Could not finish the message because max_tokens or model output limit was reached.", "room"),
        (400, "max_tokens is not supported, use max_completion_tokens", "max_tokens"),
        (400, "This model's maximum context length is 8 tokens", ""),
        (400, "max_tokens is too large: 4096", ""),
        (400, "The system is not available", ""),
        (429, "temperature is not supported", ""),
    ],
)  # fmt: skip
def test_what_an_endpoint_refuses_of_a_request_is_told_from_its_words(
    ask: Asks, status: int, said: str, parameter: str
) -> None:
    fault = ask.fault(error(status, said), SYSTEM)
    assert (fault.kind == "adapt", fault.parameter) == (bool(parameter), parameter)
    if parameter:  # and what is not sent cannot be refused once more
        left = {name: value for name, value in SYSTEM.items() if name != parameter}
        assert ask.fault(error(status, said), left).parameter != parameter


def test_an_error_with_status_200_counts_as_its_own_code() -> None:
    flagged = MalformedReplyError("no", {"code": 403, "message": "input was flagged"})
    assert classify(flagged, SENT).kind == "refused"
    assert classify(MalformedReplyError("no", {"code": "429", "message": "slow"}), SENT).kind == "rate-limit"
    assert classify(MalformedReplyError("no", {"code": 401, "message": "key"}), SENT).kind == "fatal"
    for error_ in ("Unexpected endpoint or method.", {"message": "no"}, {"code": "x"}, {"code": 7}, None):
        fault = classify(MalformedReplyError("no", error_), SENT)
        assert (fault.kind, fault.alike, fault.check) == ("retry", "200", "url")


def test_a_certificate_that_cannot_be_verified_ends_the_run_at_once() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    wrapped = OSError("connect failed")
    wrapped.__cause__ = cause
    broken = openai.APIConnectionError(request=None)  # type: ignore[arg-type]
    broken.__cause__ = wrapped
    fault = classify(broken, SENT)
    assert (fault.kind, fault.check) == ("fatal", "certificate")
