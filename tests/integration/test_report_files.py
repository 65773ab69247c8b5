"""The files that a run writes for people and for their tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .conftest import Bench


def lines(bench: Bench, name: str = "turns.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bench.path / name).read_text(encoding="utf-8").splitlines()]


def test_a_line_a_turn_of_every_suite(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("runs: 2\n", "a/one.mtbench.yaml")
    bench.suite("categories: [trivia]\n", "a/two.mtbench.yaml")
    bench.plain("a/one.mtbench.yaml", "a/two.mtbench.yaml", "--mtbench-report=turns.jsonl", *xdist).assert_outcomes(
        passed=9 + 1
    )
    found = [(row["suite"], row["question_id"], row["turn"], row["run"]) for row in lines(bench)]
    assert found == [
        *(("a/one.mtbench.yaml", n, turn, run) for n in (1, 2, 3, 4) for turn in (1, 2) for run in (1, 2)),
        *(("a/one.mtbench.yaml", "five", 1, run) for run in (1, 2)),
        ("a/two.mtbench.yaml", "five", 1, 1),
    ]
    assert {row["score"] for row in lines(bench)} == {8.0}


def test_a_change_against_the_baseline_a_line(bench: Bench) -> None:
    bench.run("--mtbench-report=baseline.json")
    bench.endpoint.judge = lambda asked: "Rating: [[5]]"
    bench.endpoint.answer = lambda asked: "another answer"
    bench.run("--mtbench-baseline=baseline.json", "--mtbench-report=turns.jsonl")
    assert {(row["baseline_score"], row["score"], row["change"]) for row in lines(bench)} == {(8.0, 5.0, -3.0)}


def test_a_run_that_measured_nothing_replaces_no_lines(bench: Bench) -> None:
    bench.run("--mtbench-report=turns.jsonl")
    before = lines(bench)
    bench.run("--mtbench-report=turns.jsonl", "--mtbench-cache=only", "--mtbench-revision=other")
    assert lines(bench) == before
