"""Real answers of three models and real GPT-4 judgments of them, replayed over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from .conftest import DATA, RECORDED, Replay, numbers

Start = Callable[..., Replay]


@pytest.mark.parametrize(
    "model, mode",
    [
        ("ultrachat_baseline", []),
        ("ultrachat_cai", ["-n0"]),
        ("ultrachat_cai", ["-n2"]),
        ("vicuna-7b", []),
        ("vicuna-7b", ["-n4"]),
    ],
)
def test_the_recorded_scores_exactly(pytester: pytest.Pytester, replay: Start, model: str, mode: Sequence[str]) -> None:
    server = replay(model)
    tables = []
    for number in range(2):
        result = pytester.runpytest_subprocess(*server.options, f"--mtbench-report={number}.json", *mode)
        result.assert_outcomes(passed=160)
        report = json.loads((pytester.path / f"{number}.json").read_text())
        assert numbers(report) == RECORDED[model]
        assert report["scores"]["overall"]["n"] == 160
        tables.append([line for line in result.outlines if line[:4] in ("writ", "math", "turn", "over", "tier")])
    assert tables[0] == tables[1]
    stats = server.stats
    assert (stats["requests"], stats["answer_ok"], stats["judge_ok"]) == (320, 160, 160)
    assert stats["repeated_ok"] == 0
    assert report["calls"]["answers"] == {"made": 0, "cached": 160, "retried": 0}


def test_one_category_costs_forty_requests(pytester: pytest.Pytester, replay: Start) -> None:
    server = replay("vicuna-7b")
    result = pytester.runpytest_subprocess(*server.options, "-m", "math")
    result.assert_outcomes(passed=20, deselected=140)
    assert server.stats["requests"] == 40


def test_one_missed_threshold_blocks(pytester: pytest.Pytester, replay: Start) -> None:
    server = replay("ultrachat_cai")
    (pytester.path / "mtbench.yaml").write_text("thresholds: {overall: 6.5, turns: {2: 5.9}, categories: {math: 6}}\n")
    result = pytester.runpytest_subprocess(*server.options, "-n2")
    assert result.ret == 1
    result.assert_outcomes(passed=162, failed=1)
    result.stdout.fnmatch_lines([
        "math: 3.55 is below the threshold 6 (mean of 20 turns, 95 % interval 1.45-5.65, turn 1 4.30, turn 2 2.80)",
        "FAILED mtbench.yaml::gate?math? - Failed: math: 3.55 is below the threshold 6*",
    ])  # fmt: skip


@pytest.mark.parametrize("mode", [["-n2"]], ids=["n2"])
def test_a_bad_network_changes_no_score(pytester: pytest.Pytester, replay: Start, mode: Sequence[str]) -> None:
    faults = "429=0.1,500=0.05,hang=0.01,drop=0.02,html=0.02,empty=0.02"
    server = replay("vicuna-7b", "--faults", faults, "--latency", "lognormal:0.02,0.6,7")
    result = pytester.runpytest_subprocess(*server.options, "--mtbench-timeout=2", "--mtbench-report=r.json", *mode)
    result.assert_outcomes(passed=160)
    assert numbers(json.loads((pytester.path / "r.json").read_text())) == RECORDED["vicuna-7b"]
    stats = server.stats
    assert stats["answer_ok"] + stats["judge_ok"] - stats.get("fault_empty", 0) - stats.get("fault_html", 0) == 320


def test_an_endpoint_that_bears_few_requests_at_once(pytester: pytest.Pytester, replay: Start) -> None:
    server = replay("vicuna-7b", "--max-inflight", "6", "--latency", "0.02")
    result = pytester.runpytest_subprocess(*server.options, "--mtbench-report=r.json")
    result.assert_outcomes(passed=160)
    assert numbers(json.loads((pytester.path / "r.json").read_text())) == RECORDED["vicuna-7b"]


def test_killed_and_run_again_at_most_what_was_in_flight_is_repeated(pytester: pytest.Pytester, replay: Start) -> None:
    server = replay("vicuna-7b", "--latency", "0.1")
    command = [sys.executable, "-m", "pytest", *server.options]
    process = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.DEVNULL)
    while server.stats.get("judge_ok", 0) < 20:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    pytester.runpytest_subprocess(*server.options).assert_outcomes(passed=160)
    stats = server.stats
    assert stats["distinct_requests"] == 320
    assert stats["requests"] <= 320 + 32


def test_recorded_answers_and_judgments_are_graded_without_a_request(pytester: pytest.Pytester, tmp_path: Path) -> None:
    for model, expected in RECORDED.items():
        result = pytester.runpytest_subprocess(
            f"--mtbench-model={model}", "--mtbench-judge=gpt-4", f"--mtbench-questions={DATA}", "--mtbench-cache=off",
            f"--mtbench-answers={DATA}", f"--mtbench-report={model}.json", "--mtbench-base-url=http://127.0.0.1:9/v1",
        )  # fmt: skip
        result.assert_outcomes(passed=160)
        assert numbers(json.loads((pytester.path / f"{model}.json").read_text())) == expected


def test_the_original_is_known_as_such(
    pytester: pytest.Pytester, replay: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTBENCH_DATA", str(DATA))
    server = replay("vicuna-7b")
    options = [option for option in server.options if "questions" not in option]
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(passed=160)
    text = " ".join(result.stdout.str().split())
    assert "MT-Bench: vicuna-7b, judged by gpt-4, on mt_bench" in text
    assert "tier: Limited (5.47); nearest published scores, judged by GPT-4" in text
    assert text.count("13 of the 30 published reference answers are wrong in a turn") == 1
