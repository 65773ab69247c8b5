"""Real answers of three models and real GPT-4 judgments of them, replayed over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import MODES, RECORDED, Recorded, Replay, numbers, run_pytest

Start = Callable[..., Replay]
Play = Callable[[str], Recorded]


@pytest.mark.parametrize("model", MODES)
def test_the_recorded_scores_exactly(recorded: Play, model: str) -> None:
    played = recorded(model)
    for run in (played.first, played.second):
        assert run.status == 0
        assert "= 160 passed in " in run.output
        assert numbers(run.report) == RECORDED[model]
        assert run.report["scores"]["overall"]["n"] == 160
    assert played.first.table == played.second.table
    stats = played.server.stats
    assert (stats["requests"], stats["answer_ok"], stats["judge_ok"]) == (320, 160, 160)
    assert stats["repeated_ok"] == 0
    assert played.second.report["calls"]["answers"] == {"made": 0, "cached": 160, "retried": 0}


def test_the_original_is_known_as_such(recorded: Play) -> None:
    text = recorded("ultrachat_cai").first.text
    assert "MT-Bench: ultrachat_cai, judged by gpt-4, on mt_bench" in text
    assert "tier: Limited (6.51), fit for narrow, constrained uses; nearest published scores, judged by GPT-4" in text
    assert text.count("13 of the 30 published reference answers are wrong in a turn") == 1


def test_one_category_costs_forty_requests(pytester: pytest.Pytester, replay: Start) -> None:
    server = replay("vicuna-7b")
    result = pytester.runpytest_subprocess(*server.options, "-m", "math")
    result.assert_outcomes(passed=20, deselected=140)
    assert server.stats["requests"] == 40


def test_one_missed_threshold_blocks(recorded: Play) -> None:
    played = recorded("ultrachat_cai")
    suite = played.folder / "gated.yaml"
    suite.write_text("thresholds: {overall: 6.5, turns: {2: 5.9}, categories: {math: 6}}\n")
    options = [*played.server.options[:-1], "--mtbench-questions=mt_bench", "--mtbench-suite=gated.yaml"]
    run = run_pytest(played.folder, *options, "--mtbench-report=gated.json")
    assert run.status == 1
    assert "= 1 failed, 162 passed in " in run.output
    said = "math: 3.55 is below the threshold 6 (mean of 20 turns, 95 % interval 1.45-5.65, turn 1 4.30, turn 2 2.80)"
    shown = 2 if os.environ.get("CI") else 1  # pytest does not cut its short summary there
    assert " ".join(run.output.split()).count(said) == shown
    assert "FAILED gated.yaml::gate[math] - Failed: math: 3.55 is below the threshold 6" in run.output


@pytest.mark.slow
def test_a_bad_network_changes_no_score(pytester: pytest.Pytester, replay: Start) -> None:
    faults = "429=0.1,500=0.05,hang=0.01,drop=0.02,html=0.02,empty=0.02"
    server = replay("vicuna-7b", "--faults", faults, "--latency", "lognormal:0.02,0.6,7")
    result = pytester.runpytest_subprocess(*server.options, "--mtbench-timeout=2", "--mtbench-report=r.json", "-n2")
    result.assert_outcomes(passed=160)
    assert numbers(json.loads((pytester.path / "r.json").read_text())) == RECORDED["vicuna-7b"]
    stats = server.stats
    assert stats["answer_ok"] + stats["judge_ok"] - stats.get("fault_empty", 0) - stats.get("fault_html", 0) == 320


@pytest.mark.slow
def test_an_endpoint_that_bears_few_requests_at_once(pytester: pytest.Pytester, replay: Start) -> None:
    server = replay("vicuna-7b", "--max-inflight", "6", "--latency", "0.02")
    result = pytester.runpytest_subprocess(*server.options, "--mtbench-report=r.json")
    result.assert_outcomes(passed=160)
    assert numbers(json.loads((pytester.path / "r.json").read_text())) == RECORDED["vicuna-7b"]


@pytest.mark.slow
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


def test_recorded_answers_and_judgments_are_graded_without_a_request(graded: Path) -> None:
    for model, expected in RECORDED.items():
        report = json.loads((graded / f"{model}.json").read_text(encoding="utf-8"))
        assert numbers(report) == expected, model
        assert (report["calls"]["answers"]["made"], report["calls"]["judgments"]["made"]) == (0, 0), model
