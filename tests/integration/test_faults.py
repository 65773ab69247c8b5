"""Endpoints that fail: what ends the run, what costs a turn, what is tried again."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from ..server import JUDGE, Asked, Reply, error
from .conftest import Bench, flowing


@pytest.mark.parametrize(
    "reply, message, mode",
    [
        (error(401, "Incorrect API key provided: sk-my-key-1"), "refuses the key or the account (HTTP 401", ()),
        (error(401, "Incorrect API key provided: sk-my-key-1"), "refuses the key or the account (HTTP 401", ("-n2",)),
        (error(403, "No access to this model", "permission_denied"), "refuses the key or the account (HTTP 403", ()),
        (error(404, "The model `m` does not exist", "model_not_found"), "knows no such model or path (HTTP 404", ()),
        (error(429, "You exceeded your current quota", "insufficient_quota"), "the quota is used up (HTTP 429", ()),
    ],
    ids=["401", "401-n2", "403", "404", "429"],
)
def test_where_nothing_can_work_the_run_ends_with_one_message(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, reply: Reply, message: str, mode: Sequence[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-my-key-1")
    bench.endpoint.before = lambda asked, number: reply
    result = bench.run("--mtbench-concurrency=2", *mode)
    assert result.ret == 4
    output = result.stdout.str() + result.stderr.str()
    assert output.count(message) == 1
    assert "sk-my-key-1" not in output
    assert "Traceback" not in output
    assert len(bench.endpoint.asked) <= 2, "no request after the refusal"


def test_a_judge_that_does_not_exist_ends_the_run_but_keeps_the_answers(bench: Bench) -> None:
    refusal = error(404, "no such model")
    bench.endpoint.before = lambda asked, number: refusal if asked.is_judge else None
    assert bench.run().ret == 4
    bench.endpoint.before = lambda asked, number: None
    known = len(bench.endpoint.answers)
    bench.run().assert_outcomes(passed=9)
    assert len(bench.endpoint.answers) <= 9 + 4
    assert known >= 1


def test_an_endpoint_that_refuses_connections(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        result = bench.run(f"--mtbench-base-url={url}", "--mtbench-retries=1")
    assert result.ret == 4
    assert f"nothing answers at {url}" in result.stdout.str() + result.stderr.str()
    assert "--mtbench-base-url right?" in result.stdout.str() + result.stderr.str()


def test_a_refused_request_costs_its_turn_alone(bench: Bench) -> None:
    refusal = error(400, "maximum context length is 8 tokens", "context_length_exceeded", "messages")
    bench.endpoint.before = lambda asked, number: refusal if "Name a colour" in asked.prompt else None
    result = bench.run("--mtbench-report=report.json")
    assert result.ret == 1
    result.assert_outcomes(passed=7, errors=2)
    result.stdout.fnmatch_lines(["unscored: *the endpoint refused the request (HTTP 400: maximum context length*"])
    assert bench.report()["scores"]["overall"]["unscored"] == 2


def test_passing_faults_are_tried_again_and_counted(bench: Bench) -> None:
    faults = [
        error(429, "slow down", Retry_After="0.05"), error(500, "oops"), error(529, "overloaded"), Reply(drop=True),
        Reply(cut_off=True), Reply(body=b"<html>proxy</html>"), Reply(body={"choices": []}), Reply(text=""),
    ]  # fmt: skip
    bench.endpoint.before = lambda asked, number: faults[number] if number < len(faults) else None
    result = bench.run("--mtbench-report=report.json")
    result.assert_outcomes(passed=9)
    calls = bench.report()["calls"]
    assert calls["answers"]["made"] + calls["judgments"]["made"] == 18
    assert calls["answers"]["retried"] + calls["judgments"]["retried"] == len(faults)
    assert len(bench.endpoint.asked) == 18 + len(faults)


def test_a_hanging_request_is_given_up_and_asked_again(bench: Bench) -> None:
    bench.endpoint.before = lambda asked, number: Reply(hang=60) if number == 0 else None
    bench.run("--mtbench-timeout=0.5").assert_outcomes(passed=9)


def test_retries_can_be_switched_off(bench: Bench) -> None:
    bench.endpoint.before = lambda asked, number: error(500, "oops") if "rain" in asked.prompt else None
    result = bench.run("--mtbench-retries=0")
    result.assert_outcomes(passed=7, errors=2)
    assert "given up after 1 tries" in result.stdout.str()
    assert len([asked for asked in bench.endpoint.asked if "rain" in asked.prompt]) == 1


def test_parameters_that_an_endpoint_refuses(bench: Bench) -> None:
    def picky(asked: Asked, number: int) -> Reply | None:
        if "max_tokens" in asked.body:
            message = "Unsupported parameter: 'max_tokens' is not supported with this model."
            return error(400, message, "unsupported_parameter", "max_tokens")
        if asked.is_judge and "temperature" in asked.body:
            return error(
                400, "Unsupported value: 'temperature' does not support 0.", "unsupported_value", "temperature"
            )
        return None

    bench.endpoint.before = picky
    result = bench.run("--mtbench-concurrency=1", "--mtbench-judge-concurrency=1")
    result.assert_outcomes(passed=9)
    for note in (
        "note: the model's endpoint refuses max_tokens; max_completion_tokens is sent instead",
        "note: the judge's endpoint refuses max_tokens; max_completion_tokens is sent instead",
        "note: the judge's endpoint refuses temperature; it is left out",
    ):
        assert note in flowing(result)
    assert len(bench.endpoint.asked) == 18 + 3, "remembered for the endpoint"
    accepted = [asked.body for asked in bench.endpoint.asked if "max_completion_tokens" in asked.body]
    assert {body["max_completion_tokens"] for body in accepted} == {1024, 2048}


def test_a_budget_is_not_passed(bench: Bench) -> None:
    prices = "prices: {model: {input: 0, output: 1000}, judge: {input: 0, output: 1000}}\n"
    bench.suite(prices + "budget: 3\n")  # a reply costs 0.01 and may cost 1.024 or 2.048
    result = bench.plain("mtbench.yaml")
    assert result.ret == 0
    assert bench.endpoint.most_in_flight[False] <= 2
    bench.endpoint.clear()
    bench.suite(prices + "budget: 2.1\n")
    result = bench.plain("mtbench.yaml", "--mtbench-cache=off")
    assert result.ret == 4
    assert "budget: " in result.stdout.str()
    assert 0 < len(bench.endpoint.asked) < 18


def test_the_cost_is_shown_where_prices_are_known(bench: Bench) -> None:
    bench.suite("prices: {model: {input: 0, output: 1000}, judge: {input: 0, output: 2000}}\n")
    result = bench.plain("mtbench.yaml", "--mtbench-report=report.json")
    assert bench.report()["cost_usd"] == pytest.approx(9 * 10 * 0.003)
    assert "cost: 0.27 USD" in result.stdout.str()


def test_a_judge_that_another_name_serves_is_in_the_report(bench: Bench) -> None:
    bench.endpoint.judge = lambda asked: Reply("Rating: [[8]]", served="the-judge-2026-01-01")
    bench.run("--mtbench-report=report.json")
    fingerprint = bench.report()["fingerprint"]
    assert (fingerprint["judge_requested"], fingerprint["judge_served"]) == (JUDGE, "the-judge-2026-01-01")
