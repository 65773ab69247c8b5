"""With workers: the same items, scores, table, exit status and number of requests as without."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence

import pytest

from ..server import Asked, Reply
from .conftest import Bench, table

THRESHOLDS = "thresholds: {overall: 5, categories: {math: 8}, floor: 3}\n"


def varied(asked: Asked) -> str:
    """Scores that differ between turns."""
    return f"Rating: [[{1 + len(asked.prompt) % 9}]]"


@pytest.mark.parametrize("workers", ["1", "2", "4"])
def test_the_same_table_exit_status_and_requests(bench: Bench, workers: str) -> None:
    bench.suite(THRESHOLDS)
    bench.endpoint.judge = varied
    without = bench.plain("mtbench.yaml", "--mtbench-cache-dir=a", "--mtbench-report=a.json")
    asked = sorted(request.prompt for request in bench.endpoint.asked)
    bench.endpoint.clear()
    within = bench.plain("mtbench.yaml", "--mtbench-cache-dir=b", "--mtbench-report=b.json", "-n", workers)
    assert within.ret == without.ret == 1
    assert within.parseoutcomes() == without.parseoutcomes()
    assert table(within) == table(without)
    assert sorted(request.prompt for request in bench.endpoint.asked) == asked
    one, other = bench.report("a.json"), bench.report("b.json")
    for key in ("scores", "gates", "calls", "usage", "fingerprint"):
        assert one[key] == other[key]


@pytest.mark.parametrize("dist", ["loadscope", "loadfile", "worksteal", "loadgroup", "each"])
def test_every_way_of_distributing(bench: Bench, dist: str) -> None:
    options = ["--tx=2*popen"] if dist == "each" else ["-n2"]
    result = bench.run(*options, f"--dist={dist}", "--mtbench-min=math=5")
    result.assert_outcomes(passed=20 if dist == "each" else 10)
    assert len(bench.endpoint.asked) == 18


def test_the_limits_hold_for_the_whole_run(bench: Bench, xdist: Sequence[str]) -> None:
    bench.endpoint.latency = 0.05
    bench.run("--mtbench-concurrency=2", "--mtbench-judge-concurrency=3", *xdist).assert_outcomes(passed=9)
    assert bench.endpoint.most_in_flight[False] == 2
    assert bench.endpoint.most_in_flight[True] <= 3


def test_several_requests_are_in_flight_at_once(bench: Bench, xdist: Sequence[str]) -> None:
    together = threading.Barrier(5, timeout=20)

    def answer(asked: Asked) -> str:
        if len(asked.messages) == 2:  # a first turn: none is answered before all five have arrived
            together.wait()
        return "together"

    bench.endpoint.answer = answer
    bench.run(*xdist).assert_outcomes(passed=9)


def test_a_user_test_and_a_suite_share_requests(bench: Bench, xdist: Sequence[str]) -> None:
    bench.pytester.makepyfile(test_own="def test_long_enough(mtbench_turn): assert len(mtbench_turn.answer) > 3")
    bench.run(*xdist).assert_outcomes(passed=18)
    assert len(bench.endpoint.asked) == 18


def test_first_failure_ends_the_run_and_waits_for_nothing(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {floor: 9}\n")

    def slow_but_for_rain(asked: Asked) -> Reply:
        return Reply("words", hang=0 if "rain" in asked.prompt else 30)

    bench.endpoint.answer = slow_but_for_rain
    result = bench.plain("mtbench.yaml", "-x", *xdist)
    assert result.ret == (2 if "-n2" in xdist else 1)
    assert result.parseoutcomes()["failed"] == 1
    assert result.duration < 20
    result.stdout.fnmatch_lines(["*MT-Bench: m*", "writing (*/4)*8.00*"])
    assert len(bench.endpoint.asked) < 18


def test_a_worker_that_dies_is_replaced_and_nothing_is_asked_twice(bench: Bench) -> None:
    bench.pytester.makepyfile(test_own="import os\ndef test_dies(): os._exit(1)")
    result = bench.run("-n2")
    assert result.ret == 1
    result.assert_outcomes(passed=9, failed=1)
    assert len(bench.endpoint.asked) == 18


@pytest.mark.parametrize("mode", [[], ["-n2"]], ids=["no-xdist", "n2"])
def test_control_c_prints_the_table_of_what_was_measured(bench: Bench, mode: list[str]) -> None:
    measured = threading.Event()

    def judge(asked: Asked) -> Reply | str:
        if "rain" in asked.prompt:
            return "Rating: [[7]]"
        measured.set()
        return Reply("Rating: [[7]]", hang=60)

    bench.endpoint.judge = judge
    process = bench.start(*mode)
    assert measured.wait(30)
    # The first turn's result has to reach the run; its item says so by having run.
    assert process.stdout is not None
    seen = b""
    while b"." not in seen.partition(b"items")[2].partition(b"mtbench ")[2] and b"items]" not in seen:
        seen += os.read(process.stdout.fileno(), 1000)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    text = (seen + output).decode()
    assert process.returncode == 2
    assert "MT-Bench: m, judged by the-judge" in text
    assert "KeyboardInterrupt" in text
