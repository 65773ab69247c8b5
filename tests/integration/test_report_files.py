"""The files that a run writes for people and for their tools."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..markdown import check_stays_text
from .conftest import Bench

EXAMPLES = Path(__file__).parents[2] / "examples"


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


def test_a_page_of_markdown(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {overall: 5, categories: {math: 9}}\n", "a/one.mtbench.yaml")
    bench.suite("categories: [trivia]\nthresholds: {overall: 5}\n", "a/two.mtbench.yaml")
    bench.endpoint.answer = lambda asked: "</details><script>alert(1)</script>\n```\n@me"
    result = bench.plain("a/one.mtbench.yaml", "a/two.mtbench.yaml", "--mtbench-report=out/x.md", *xdist)
    result.assert_outcomes(passed=9 + 1 + 2, failed=1)
    text = (bench.path / "out" / "x.md").read_text(encoding="utf-8")
    check_stays_text(text)
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## ❌ MT-Bench: m, judged by the-judge, on small",
        "## ✅ MT-Bench: m, judged by the-judge, on small",
    ]
    assert (
        text.index("- ❌ `a/one.mtbench.yaml::gate[math]`: 8.00 is below the threshold 9")
        < text.index("- ✅ `a/one.mtbench.yaml::gate[overall]`")
        < text.index("- ✅ `a/two.mtbench.yaml::gate[overall]`")
    )


def test_what_people_and_judge_say_is_folded_and_their_gate_is_told_once(bench: Bench) -> None:
    shutil.copytree(EXAMPLES / "people", bench.path / "people")
    bench.plain("people/mtbench.yaml", "--mtbench-answers=people/release-2.jsonl", "--mtbench-report=x.md")
    text = (bench.path / "x.md").read_text(encoding="utf-8")
    check_stays_text(text)
    assert len(re.findall(r"agrees with people in \d+ % of votes", text)) == 1
    assert "- people: 480 votes of 12 on 40 comparisons" in text.partition("<summary>Judge and people</summary>")[2]
