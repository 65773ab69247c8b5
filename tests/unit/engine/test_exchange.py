"""Streams and headers, over real HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.errors import FatalError, UnscoredError
from pytest_mtbench.engine import client

from ...asking import always, ask, first, header, request
from ...server import Asked, Reply, Server, error, piece

KEY = "sk-0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for again is not waited for."""
    monkeypatch.setattr(client, "_LONGEST_BACKOFF", 0.01)


@pytest.fixture
def other() -> Iterator[Server]:
    """A second endpoint, at another origin."""
    server = Server()
    yield server
    server.close()


def sent(endpoint: Server, **address: Any) -> Asked:
    """The one request that arrived."""
    told = ask(endpoint, **address)
    assert told.reply.text
    (asked,) = endpoint.asked
    return asked


# -- streams


def test_a_stream_is_asked_for_and_put_together(endpoint: Server) -> None:
    endpoint.answer = lambda asked: Reply("It is forty two.", finish_reason="length", served="m-2")
    told = ask(endpoint, stream=True)
    (asked,) = endpoint.asked
    assert (asked.body["stream"], asked.body["stream_options"]) == (True, {"include_usage": True})
    reply = told.reply
    assert (reply.text, reply.finish_reason, reply.served, reply.adapted) == ("It is forty two.", "length", "m-2", ())
    assert (reply.usage.output_tokens, told.count.retried) == (10, 0)


def test_where_nothing_is_said_of_streams_nothing_of_them_is_sent(endpoint: Server) -> None:
    assert not {"stream", "stream_options"} & sent(endpoint).body.keys()


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "Unknown parameter: 'stream_options'.", "unknown_parameter", "stream_options"),
        error(400, "Unrecognized request argument supplied: stream_options"),
        error(400, 'Stream option "include_usage" not supported'),
        Reply(status=422, body={"object": "error", "message": {"detail": [{
            "type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"],
            "msg": "Extra inputs are not permitted", "input": True,
        }]}}),
        Reply(status=400, body={"object": "error", "code": 400, "message":
            "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]"
        }),
    ],
    ids=["azure", "old azure", "bedrock", "mistral", "old vllm"],
)  # fmt: skip
def test_an_endpoint_that_does_not_count_tokens_in_streams(endpoint: Server, refusal: Reply) -> None:
    endpoint.before = lambda asked, number: refusal if "stream_options" in asked.body else None
    told = ask(endpoint, [request("a"), request("b")], in_order=True, stream=True)
    assert [asked.body.get("stream_options") is None for asked in endpoint.asked] == [False, True, True]
    assert [outcome.adapted for outcome in told.outcomes] == [("stream_options",)] * 2  # type: ignore[union-attr]
    assert [outcome.usage for outcome in told.outcomes] == [Usage()] * 2  # type: ignore[union-attr]


HALF = [piece("half of an ans")]
BROKEN = {
    "a connection that breaks": Reply(events=HALF, ends=False),
    "an end without a finish reason": Reply(events=[*HALF, "data: [DONE]"]),
    "an error between two pieces": Reply(events=[*HALF, {"error": {"message": "overloaded", "code": 502}}]),
    "an error without a code": Reply(events=[*HALF, {"error": {"message": "The server had an error", "code": None}}]),
    "what is no JSON": Reply(events=[*HALF, "data: {half"]),
    "another error": Reply(events=[*HALF, {"error": {"message": "slow down", "code": 429}}]),
    "a piece that hangs": Reply(events=HALF, stays_open=3),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_breaks_off_is_no_reply_and_is_asked_for_again(endpoint: Server, name: str) -> None:
    endpoint.before = first(BROKEN[name])
    told = ask(endpoint, stream=True, timeout=0.3)
    assert told.reply.text.startswith("an answer to")
    assert (len(endpoint.asked), told.count.retried) == (2, 1)


def test_one_that_breaks_off_again_and_again_is_unscored(endpoint: Server) -> None:
    endpoint.before = always(Reply(events=HALF, ends=True))
    told = ask(endpoint, stream=True, retries=1)
    assert isinstance(told.error, UnscoredError)
    assert "the stream broke off before the reply was whole; given up after 2 tries" in str(told.error)


def test_an_endpoint_that_does_not_stream_is_told_from_one_that_broke_off(endpoint: Server) -> None:
    endpoint.before = always(Reply(body={"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}))
    told = ask(endpoint, [request(str(n)) for n in range(8)], stream=True, retries=1, linger=2)
    fatal = [outcome for outcome in told.outcomes if isinstance(outcome, FatalError)]
    assert "no stream came" in str(fatal[0])
    assert "leave `stream` out of the suite file" in str(fatal[0])


def test_one_that_only_streams_is_said_at_once(endpoint: Server) -> None:
    endpoint.before = always(error(400, "This model only support stream mode, please enable the stream parameter"))
    told = ask(endpoint)
    assert isinstance(told.error, FatalError)
    assert "`stream: true` for it in the suite file" in str(told.error)
    assert len(endpoint.asked) == 1


def test_a_slow_stream_needs_no_second_request(endpoint: Server) -> None:
    words = " ".join("word" for _ in range(14))
    endpoint.answer = lambda asked: Reply(words, pause=0.1)
    said: list[str] = []
    told = ask(endpoint, stream=True, timeout=1.0, announce=said.append)
    assert told.reply.text == words
    assert (len(endpoint.asked), said) == (1, [])


def test_a_slow_model_that_does_not_stream_needs_two_and_the_next_request_one(endpoint: Server) -> None:
    endpoint.answer = lambda asked: Reply("slow", hang=0.5)
    said: list[str] = []
    told = ask(endpoint, [request("a"), request("b")], in_order=True, timeout=0.3, announce=said.append)
    assert [outcome.text for outcome in told.outcomes] == ["slow"] * 2  # type: ignore[union-attr]
    assert [asked.prompt for asked in endpoint.asked] == ["a", "a", "b"]
    assert len(said) == 1
    assert "`stream: true`" in said[0]


def test_a_connection_that_stays_open_after_the_end_does_not_hold_up_a_reply(endpoint: Server) -> None:
    endpoint.before = always(Reply(events=[piece("whole"), piece(finish="stop"), "data: [DONE]"], stays_open=2))
    told = ask(endpoint, stream=True, timeout=1.0)
    assert (told.reply.text, len(endpoint.asked)) == ("whole", 1)


def test_thoughts_of_a_stream_are_found_where_its_text_is_empty(endpoint: Server) -> None:
    events = [piece(reasoning_content="Hm"), piece(reasoning_content="m."), piece(finish="stop"), "data: [DONE]"]
    endpoint.before = always(Reply(events=events))
    assert ask(endpoint, stream=True).reply.elsewhere == ("reasoning_content", "Hmm.")


def test_no_secret_of_a_stream_that_echoes_it_is_kept(endpoint: Server) -> None:
    events = [piece("my key is sk-0123456789abc"), piece("defghijklmnopqrstuvwxyz"), piece(finish="stop")]
    endpoint.before = always(Reply(events=events))
    assert ask(endpoint, stream=True, api_key=KEY).reply.text == "my key is ***"


# -- who asks


def test_a_key_is_sent_as_a_bearer_and_none_where_there_is_none(endpoint: Server) -> None:
    assert header(sent(endpoint, api_key=KEY), "authorization") == f"Bearer {KEY}"
    endpoint.clear()
    assert "authorization" not in {name.lower() for name in sent(endpoint).headers}


def test_headers_of_a_suite_file_are_sent_with_what_their_variables_hold(endpoint: Server) -> None:
    asked = sent(
        endpoint,
        api_key=KEY,
        headers=(("x-team", "search"),),
        secret_headers=(("X-Gateway-Key", "env:GATEWAY"), ("X-Token", "Bearer env:GATEWAY")),
        variables=(("GATEWAY", "gw-123456789"),),
    )
    assert header(asked, "x-team") == "search"
    assert header(asked, "x-gateway-key") == "gw-123456789"
    assert header(asked, "x-token") == "Bearer gw-123456789"
    assert header(asked, "authorization") == f"Bearer {KEY}"


def test_an_authorization_of_ones_own_is_sent_instead_of_a_key(endpoint: Server) -> None:
    own: dict[str, Any] = {"secret_headers": (("authorization", "Bearer env:TOKEN"),), "variables": (("TOKEN", "t-1"),)}
    assert sent(endpoint, api_key=KEY, **own).headers.get_all("Authorization") == ["Bearer t-1"]
    endpoint.clear()
    assert sent(endpoint, headers=(("authorization", ""),), api_key=KEY).headers.get_all("Authorization") is None


def test_a_header_whose_variable_is_not_set_ends_the_run_before_it_asks(endpoint: Server) -> None:
    told = ask(endpoint, secret_headers=(("x-key", "env:NOWHERE"),), variables=(("NOWHERE", ""),))
    assert isinstance(told.error, FatalError)
    assert "NOWHERE" in str(told.error)
    assert endpoint.asked == []


AZURE: dict[str, Any] = {"azure": ("2024-10-21", "dep")}


def test_azure_takes_a_key_in_a_header_of_its_own_and_a_token_as_a_bearer(
    endpoint: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The openai client reads them itself, and older ones prefer the token to a key.
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "ambient-token")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "ambient-key")
    asked = sent(endpoint, api_key=KEY, **AZURE)
    assert asked.path == "/v1/openai/deployments/dep/chat/completions?api-version=2024-10-21"
    assert (header(asked, "api-key"), header(asked, "authorization")) == (KEY, "")
    endpoint.clear()
    asked = sent(endpoint, api_key=KEY, is_token=True, **AZURE)
    assert (header(asked, "api-key"), header(asked, "authorization")) == ("", f"Bearer {KEY}")
    endpoint.clear()
    asked = sent(endpoint, headers=(("authorization", ""),), **AZURE)
    assert (header(asked, "api-key"), header(asked, "authorization")) == ("", "")


def test_a_token_that_expires_during_a_run_is_said(endpoint: Server) -> None:
    expired = error(401, "Access token is missing, invalid, audience is incorrect, or have expired.", "Unauthorized")
    endpoint.before = lambda asked, number: expired if number else None
    told = ask(
        endpoint, [request("a"), request("b")], in_order=True, api_key=KEY, is_token=True, key_variable="T", **AZURE
    )
    assert "check T, whose token lasts about an hour: the next run goes on where this one was" in str(told.outcomes[1])


def test_what_tells_who_asks_goes_nowhere_else(endpoint: Server, other: Server) -> None:
    there = {"Location": f"{other.url}/chat/completions".replace("127.0.0.1", "localhost")}
    endpoint.before = always(Reply(status=307, headers=there, body={}))
    told = ask(
        endpoint, api_key=KEY, headers=(("x-team", "search"),), secret_headers=(("X-Key", "env:GATEWAY"),),
        variables=(("GATEWAY", "gw-123456789"),),
    )  # fmt: skip
    assert told.reply.text
    (asked,) = other.asked
    names = {name.lower() for name in asked.headers}
    assert not names & {"authorization", "x-key", "x-team", "api-key"}
    assert header(endpoint.asked[0], "x-key") == "gw-123456789"


def test_what_the_environment_says_to_the_openai_client_is_not_sent_as_a_key(
    endpoint: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ambient")
    asked = sent(endpoint)
    assert "sk-ambient" not in str(asked.headers)
    assert os.environ["OPENAI_API_KEY"] == "sk-ambient"
