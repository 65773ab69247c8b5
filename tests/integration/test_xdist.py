"""With workers: the same items, scores, table, exit status and number of requests as without."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

import pytest

from ..server import Asked, Reply
from .conftest import Bench, table

THRESHOLDS = "thresholds: {overall: 5, categories: {math: 8}, floor: 3}\n"


def varied(asked: Asked) -> str:
    """Scores that differ between turns."""
    return f"Rating: [[{1 + len(asked.prompt) % 9}]]"


OWN_TESTS = """
def test_long_enough(mtbench_turn):
    assert len(mtbench_turn.answer) > 3, mtbench_turn.question.id
    assert mtbench_turn.category != "trivia", mtbench_turn.judgment
"""
HOOK = """
import json, pathlib
def pytest_mtbench_report(report):
    with pathlib.Path("seen.jsonl").open("a") as file:
        file.write(json.dumps(report) + chr(10))
"""


def everything(bench: Bench, name: str, *options: str) -> dict[str, Any]:
    """What a run with a cache of its own says, writes and asks, without times and in the order of the set."""
    bench.endpoint.clear()
    (bench.path / "seen.jsonl").unlink(missing_ok=True)
    result = bench.plain(
        "mtbench.yaml", "test_own.py", f"--mtbench-cache-dir={name}", f"--mtbench-report={name}.json",
        f"--junitxml={name}.xml", f"--mtbench-export={name}-export", "-rA", *options,
    )  # fmt: skip
    cases = list(ET.parse(bench.path / f"{name}.xml").iter("testcase"))
    (seen,) = map(json.loads, (bench.path / "seen.jsonl").read_text().splitlines())
    report = bench.report(f"{name}.json")
    assert seen == report
    return {
        "status": result.ret,
        "outcomes": result.parseoutcomes(),
        "table": table(result),
        "short summary": sorted(line for line in result.outlines if line.startswith(("PASSED", "FAILED", "ERROR"))),
        "properties": {
            case.get("name"): [(each.get("name"), each.get("value")) for each in case.iter("property")]
            for case in cases
        },
        "failures": {case.get("name"): each.get("message") for case in cases for each in case.iter("failure")},
        "errors": {case.get("name"): each.get("message") for case in cases for each in case.iter("error")},
        "exported": {path.name for path in (bench.path / f"{name}-export").rglob("*.jsonl")},
        "asked": sorted(request.prompt for request in bench.endpoint.asked),
        **{key: report[key] for key in ("scores", "gates", "turns", "calls", "usage", "fingerprint")},
    }


def test_all_that_a_run_says_and_writes_is_the_same(bench: Bench) -> None:
    bench.suite(THRESHOLDS)
    bench.pytester.makeconftest(HOOK)
    bench.pytester.makepyfile(test_own=OWN_TESTS)
    bench.endpoint.judge = lambda asked: "no rating" if "Name a colour" in asked.prompt else varied(asked)
    without = everything(bench, "without", "-p", "no:xdist")
    assert without["status"] == 1
    assert set(without["outcomes"]) == {"passed", "failed", "errors"}
    assert all(without.values()), "there is something to compare everywhere"
    assert len(without["asked"]) == 18 + 2 * 2, "the user's own tests add none, two turns are judged three times"
    for workers in ("1", "3"):
        within = everything(bench, f"with{workers}", f"-n{workers}")
        for what, value in without.items():
            assert within[what] == value, f"{what}, with {workers} workers"


@pytest.mark.parametrize(
    "dist",
    [
        "loadscope",
        "each",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("loadfile", "worksteal", "loadgroup")),
    ],
)
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


def test_several_requests_are_in_flight_at_once(bench: Bench) -> None:
    together = threading.Barrier(5, timeout=20)

    def answer(asked: Asked) -> str:
        if len(asked.messages) == 2:  # a first turn: none is answered before all five have arrived
            together.wait()
        return "together"

    bench.endpoint.answer = answer
    bench.run("-n2").assert_outcomes(passed=9)  # which is more than there are workers


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


def test_a_worker_has_no_engine_and_no_reports(bench: Bench) -> None:
    """Each of many workers would load what the controller alone asks and tells with."""
    bench.pytester.makeconftest(
        "import pathlib, sys\n"
        "def pytest_sessionfinish(session):\n"
        "    if hasattr(session.config, 'workerinput'):\n"
        "        pathlib.Path('loaded.txt').write_text(chr(10).join(sys.modules))"
    )
    bench.run("-n1").assert_outcomes(passed=9)
    loaded = set((bench.path / "loaded.txt").read_text().split())
    assert {"pytest_mtbench.plugin.worker", "pytest_mtbench.engine.channel"} <= loaded
    unwanted = ("plugin.session", "plugin.results", "engine.measuring", "engine.client", "report.terminal")
    assert loaded.isdisjoint(f"pytest_mtbench.{name}" for name in unwanted)
