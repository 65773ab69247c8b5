"""The examples run as they stand, against the scripted endpoint."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..sets import QUESTIONS, write_set
from .conftest import Bench

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_suite_with_thresholds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "x")
    shutil.copy(EXAMPLES / "gate" / "mtbench.yaml", bench.path)
    bench.endpoint.answer = lambda asked: "Rating: [[8]]"
    result = bench.plain(
        "mtbench.yaml", f"--mtbench-base-url={bench.endpoint.url}", f"--mtbench-judge-base-url={bench.endpoint.url}",
        "--mtbench-questions=data/small",
    )  # fmt: skip
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*thresholds.categories.coding: no category 'coding' among those of data/small*"])
    text = (bench.path / "mtbench.yaml").read_text().replace("    coding: 6.5\n", "")
    (bench.path / "mtbench.yaml").write_text(text)
    result = bench.plain(
        "mtbench.yaml", f"--mtbench-base-url={bench.endpoint.url}", f"--mtbench-judge-base-url={bench.endpoint.url}",
        "--mtbench-questions=data/small",
    )  # fmt: skip
    result.assert_outcomes(passed=9 + 3)


def test_the_pairwise_suite(bench: Bench) -> None:
    shutil.copy(EXAMPLES / "pairwise" / "mtbench.yaml", bench.path)
    lost = bench.plain("mtbench.yaml")
    lost.assert_outcomes(passed=160, failed=4)
    lost.stdout.fnmatch_lines(["FAILED mtbench.yaml::gate[[]math[]] - math: win rate 0.00 is below the*"])
    other_way = ["--mtbench-model=demo", "--mtbench-against=demo-regressed"]
    assert " ".join(other_way) in (bench.path / "mtbench.yaml").read_text()
    bench.plain("mtbench.yaml", *other_way).assert_outcomes(passed=164)


def test_a_judge_beside_people(bench: Bench) -> None:
    shutil.copytree(EXAMPLES / "people", bench.path / "people")
    folder = bench.path / "people"
    command = "pytest mtbench.yaml --mtbench-answers=release-2.jsonl"
    assert command in (folder / "mtbench.yaml").read_text()
    votes = {file.name: file.read_bytes() for file in (folder / "votes").iterdir()}
    answers = (folder / "release-1.jsonl").read_bytes()
    for release in (1, 2):
        (folder / f"release-{release}.jsonl").unlink()
    for arguments in (["answers"], ["votes", "sheet.csv"]):
        if arguments[0] == "votes":
            text = (folder / "mtbench.yaml").read_text()
            (folder / "sheet.mtbench.yaml").write_text(text.partition("people:")[0])
            bench.plain(
                "people/sheet.mtbench.yaml", "--mtbench-answers=people/release-2.jsonl",
                "--mtbench-rate-sheet=people/sheet.csv",
            ).assert_outcomes(passed=40)  # fmt: skip
            shutil.rmtree(folder / "votes")
        subprocess.run([sys.executable, "make.py", *arguments], cwd=folder, check=True)
    # What lies there is what the script makes.
    assert (folder / "release-1.jsonl").read_bytes() == answers
    assert {file.name: file.read_bytes() for file in (folder / "votes").iterdir()} == votes
    result = bench.plain("people/mtbench.yaml", "--mtbench-answers=people/release-2.jsonl")
    result.assert_outcomes(passed=42)
    result.stdout.fnmatch_lines(["*gate[[]agreement[]] passed: agrees with people in 84 % of votes*"])


def test_a_chatbot_of_ones_own(bench: Bench, xdist: Sequence[str]) -> None:
    shutil.copytree(EXAMPLES / "chatbot", bench.path / "chatbot", ignore=shutil.ignore_patterns("__pycache__"))
    files = ["chatbot/mtbench.yaml", "chatbot/test_sources.py"]
    result = bench.plain(*files, "--mtbench-report=report.json", *xdist)
    result.assert_outcomes(passed=8 + 1 + 8 + 4 + 8)
    report = bench.report()
    assert report["answered_by"] == "manual-bot, by bot:ManualBot (model.generate)"
    assert [turn["extra"]["asked"] for turn in report["turns"]] == [1, 2] * 4
    assert report["turns"][1]["extra"]["sources"] == ["Battery"]
    assert bench.endpoint.asked == []


def test_the_users_own_test(bench: Bench) -> None:
    shutil.copy(EXAMPLES / "own_test" / "test_answers.py", bench.path)
    bench.plain("test_answers.py").assert_outcomes(skipped=4)
    code = {"question_id": 6, "category": "coding", "turns": ["Write a loop."]}
    write_set(bench.questions, [*QUESTIONS, code])
    bench.endpoint.answer = lambda asked: "```\nfor x in y: ...\n```"
    bench.run("test_answers.py").assert_outcomes(passed=10 + 1 + 4 + 2)
    assert (len(bench.endpoint.answers), len(bench.endpoint.judgments)) == (10, 4)
