"""What GitHub Actions gets by itself: annotations, and the Markdown report in the step's summary."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..markdown import check_stays_text
from ..server import error
from .conftest import Bench, flowing


@pytest.fixture
def summary(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The step's summary of a job that runs in the bench's folder."""
    path = bench.path / "runner" / "step_summary.md"
    path.parent.mkdir()
    path.write_text("# An earlier step of mine\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(bench.path))
    return path


def commands(result: pytest.RunResult) -> list[str]:
    return [line for line in (*result.outlines, *result.errlines) if line.lstrip().startswith("::")]


def test_the_summary_is_appended_once(bench: Bench, summary: Path, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {overall: 9, categories: {math: 5}}\n", "a/one.mtbench.yaml")
    bench.suite("categories: [trivia]\n", "a/two.mtbench.yaml")
    bench.plain("a/one.mtbench.yaml", "a/two.mtbench.yaml", "--mtbench-report=x.md", *xdist)
    text = summary.read_text(encoding="utf-8")
    assert text == "# An earlier step of mine\n\n" + (bench.path / "x.md").read_text(encoding="utf-8")
    assert (text.count("## ❌ MT-Bench: m, judged by"), text.count("## ✅ MT-Bench: m, judged by")) == (1, 1)


def test_a_summary_says_how_a_run_ended_that_a_hook_broke(bench: Bench, summary: Path) -> None:
    bench.pytester.makeconftest("def pytest_mtbench_report(report):\n    1 / 0\n")
    assert bench.run("--mtbench-report=x.json").ret == 1
    text = summary.read_text(encoding="utf-8")
    assert text.count("## ❌ MT-Bench") == 1
    assert "ZeroDivisionError" in text


@pytest.mark.parametrize("how", ["unset", "empty", "option", "dry run", "inactive", "collect only"])
def test_where_no_summary_is_written(bench: Bench, summary: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    before = summary.read_text(encoding="utf-8")
    if how == "unset":
        monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    elif how == "empty":
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", "")
    bench.suite()
    options = {"option": ["--mtbench-no-github"], "dry run": ["--mtbench-dry-run"], "collect only": ["--co"]}.get(
        how, []
    )
    result = bench.plain(*([] if how == "inactive" else ["mtbench.yaml"]), *options)
    assert result.ret == (5 if how == "inactive" else 0)
    assert summary.read_text(encoding="utf-8") == before
    assert [path.name for path in summary.parent.iterdir()] == [summary.name]


@pytest.mark.parametrize("kind", ["folder", "fifo", "no folder", "too large"])
def test_a_summary_that_cannot_be_written_fails_nothing_and_is_said(bench: Bench, summary: Path, kind: str) -> None:
    summary.unlink()
    if kind == "folder":
        summary.mkdir()
    elif kind == "fifo":
        os.mkfifo(summary)
    elif kind == "no folder":
        summary.parent.rmdir()
    else:
        summary.write_bytes(b"x" * (2**20 - 100))
    result = bench.run()
    assert result.ret == 0
    assert "GITHUB_STEP_SUMMARY: " in flowing(result).partition("requests: ")[2]
    assert kind != "too large" or summary.stat().st_size == 2**20 - 100


def test_an_annotation_for_each_failed_gate_before_our_table(bench: Bench, summary: Path, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {overall: 9, categories: {math: 9, trivia: 5}}\n", "a/mtbench.yaml")
    result = bench.plain("a/mtbench.yaml", "--rootdir=a", *xdist)
    assert [line.partition("::math: ")[0].partition("::overall: ")[0] for line in commands(result)] == [
        "::error file=a/mtbench.yaml,title=mtbench.yaml%3A%3Agate[math]",
        "::error file=a/mtbench.yaml,title=mtbench.yaml%3A%3Agate[overall]",
    ]
    lines = result.outlines
    last = max(number for number, line in enumerate(lines) if line.startswith("::error"))
    assert last < next(number for number, line in enumerate(lines) if "MT-Bench: m" in line)
    assert last < next(number for number, line in enumerate(lines) if "= FAILURES =" in line)


@pytest.mark.parametrize("options", [["-q"], ["-p", "no:terminal"], ["--no-summary"], ["-s"]], ids=" ".join)
def test_annotations_come_whatever_is_printed(bench: Bench, summary: Path, options: list[str]) -> None:
    assert len(commands(bench.run("--mtbench-min=9", *options))) == 1


@pytest.mark.parametrize("how", ["elsewhere", "option", "passed"])
def test_where_there_are_no_annotations(bench: Bench, summary: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "elsewhere":
        monkeypatch.delenv("GITHUB_ACTIONS")
    options = ["--mtbench-no-github"] if how == "option" else []
    assert commands(bench.run(f"--mtbench-min={5 if how == 'passed' else 9}", *options)) == []


def test_a_run_that_cannot_go_on_is_annotated(bench: Bench, summary: Path) -> None:
    bench.endpoint.before = lambda asked, number: error(401, "wrong key")
    result = bench.run("--mtbench-min=9")
    assert result.ret == 4
    (line,) = commands(result)
    assert line.startswith("::error title=MT-Bench::")
    assert "refuses the key" in line
    assert "The run was aborted: " in summary.read_text(encoding="utf-8")


def test_hostile_texts_make_no_command_and_no_tag(bench: Bench, summary: Path) -> None:
    hostile = "::error::x\n##[error]x\n</details><script>alert(1)</script>\n```\n::add-mask::y"
    bench.endpoint.answer = lambda asked: hostile
    bench.endpoint.judge = lambda asked: f"{hostile}\nRating: [[2]]" if "rain" in asked.prompt else hostile
    bench.suite("thresholds: {floor: 5, overall: 5}\n")
    result = bench.plain("mtbench.yaml", "-rA", "-vv")
    assert all(line.startswith("::error file=mtbench.yaml,title=mtbench.yaml%3A%3A") for line in commands(result))
    assert len(commands(result)) == 10
    assert not any("##[" in line for line in result.outlines)
    check_stays_text(summary.read_text(encoding="utf-8").removeprefix("# An earlier step of mine\n"))
