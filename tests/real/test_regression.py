"""The regression gate on real answers and judgments of three models, in every direction."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Replay, offline

# Baseline, candidate: drop, standard error, one-sided p, verdict and the categories named; computed apart from this
# package's code from the recorded scores, by the formulas of a stratified paired cluster t with 72 degrees of freedom.
PAIRS = {
    ("ultrachat_baseline", "ultrachat_cai"): (-0.119, 0.188, 0.7353, "passed", []),
    ("ultrachat_cai", "ultrachat_baseline"): (0.119, 0.188, 0.2647, "passed", []),
    ("ultrachat_baseline", "vicuna-7b"): (0.925, 0.261, 0.0004, "regressed", []),
    ("vicuna-7b", "ultrachat_baseline"): (-0.925, 0.261, 0.9996, "passed", []),
    ("ultrachat_cai", "vicuna-7b"): (1.044, 0.212, 0.0000, "regressed", ["stem", "humanities"]),
    ("vicuna-7b", "vicuna-7b"): (0.0, 0.084, 0.5, "identical", []),
}


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_pair_both_ways(pytester: pytest.Pytester, graded: Path, pair: tuple[str, str]) -> None:
    baseline, candidate = pair
    drop, se, p, verdict, named = PAIRS[pair]
    options = [f"--mtbench-baseline={graded / baseline}.json", "--mtbench-report=report.json", "-q"]
    result = pytester.runpytest_inprocess(*offline(candidate), *options)
    (gate,) = json.loads((pytester.path / "report.json").read_text())["gates"]
    assert (gate["verdict"], gate["regressed_categories"], gate["df"]) == (verdict, named, 72)
    assert gate["drop"] == pytest.approx(drop, abs=0.0006)
    assert gate["se"] == pytest.approx(se, abs=0.0006)
    assert gate["p"] == pytest.approx(p, abs=0.00006)
    assert result.ret == (1 if verdict == "regressed" else 0)


@pytest.mark.slow
def test_against_the_replayed_model_with_a_second_look(
    pytester: pytest.Pytester, replay: Callable[..., Replay]
) -> None:
    server = replay("ultrachat_cai")
    pytester.runpytest_subprocess(*server.options, "--mtbench-report=baseline.json").assert_outcomes(passed=160)
    (pytester.path / "mtbench.yaml").write_text("baseline: {file: baseline.json, margin: 0.05, looks: [1, 2]}\n")
    other = replay("ultrachat_baseline")
    result = pytester.runpytest_subprocess(*other.options, "--mtbench-report=report.json", "-n2")
    assert result.ret == 0
    (gate,) = json.loads((pytester.path / "report.json").read_text())["gates"]
    assert [look["runs"] for look in gate["looks"]] == [1, 2]
    assert [look["verdict"] for look in gate["looks"]] == ["inconclusive", "inconclusive"]
    assert gate["status"] == "passed"
    assert "warning: inconclusive after 2 runs" in " ".join(result.stdout.str().split())
    assert other.stats["requests"] == 640
