"""The examples run as they stand, against the scripted endpoint."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
    lost.stdout.fnmatch_lines(["FAILED mtbench.yaml::gate[[]math[]] - math: win rate 0.03 is below the*"])
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
    result.stdout.fnmatch_lines(["*gate[[]agreement[]] passed: agrees with people in 83 % of votes*"])


def test_the_users_own_test(bench: Bench) -> None:
    shutil.copy(EXAMPLES / "own_test" / "test_answers.py", bench.path)
    bench.plain("test_answers.py").assert_outcomes(skipped=3)
    code = {"question_id": 6, "category": "coding", "turns": ["Write a loop."]}
    riddle = {"question_id": 7, "category": "reasoning", "turns": ["Who is it?"]}
    write_set(bench.questions, [*QUESTIONS, code, riddle])
    bench.endpoint.answer = lambda asked: "```\nfor x in y: ...\n```"
    bench.run("test_answers.py").assert_outcomes(passed=1 + 5 + 11)
    assert len(bench.endpoint.asked) == 2 * 11


def test_the_workflow_is_one(bench: Bench) -> None:
    workflow = yaml.safe_load((EXAMPLES / "github" / "deploy.yml").read_text())
    (gate,) = [step for step in workflow["jobs"]["mt-bench"]["steps"] if step.get("name") == "Gate on MT-Bench"]
    command = gate["run"].replace("${{ github.sha }}", "abc").split()
    assert command[:2] == ["pytest", "mtbench.yaml"]
    bench.suite()
    bench.plain(*command[1:]).assert_outcomes(passed=9)
    assert workflow["jobs"]["deploy"]["needs"] == "mt-bench"


FAKE_GH = """
import json, pathlib, subprocess, sys
arguments = sys.argv[1:]
assert arguments.pop(0) == "api"
store = pathlib.Path("comments.json")
comments = json.loads(store.read_text())
fields = {"--jq": None, "--method": "GET", "--field": None}
paths = []
while arguments:
    one = arguments.pop(0)
    if one in fields:
        fields[one] = arguments.pop(0)
    elif not one.startswith("--"):
        paths.append(one)
(path,) = paths
if fields["--method"] == "GET":
    assert path == "repos/o/r/issues/7/comments"
    subprocess.run(["jq", "-r", fields["--jq"]], input=json.dumps(comments), text=True, check=True)
    sys.exit()
name, _, file = fields["--field"].partition("=@")
body = pathlib.Path(file).read_text()
if fields["--method"] == "POST":
    assert path == "repos/o/r/issues/7/comments"
    comments.append({"id": len(comments) + 1, "user": {"login": "github-actions[bot]"}, name: body})
else:
    number = int(path.removeprefix("repos/o/r/issues/comments/"))
    (comment,) = [comment for comment in comments if comment["id"] == number]
    comment[name] = body
store.write_text(json.dumps(comments))
"""


@pytest.mark.skipif(shutil.which("jq") is None or shutil.which("bash") is None, reason="needs bash and jq")
def test_a_pull_request_has_one_comment_that_is_updated(bench: Bench) -> None:
    workflow = yaml.safe_load((EXAMPLES / "github" / "pull-request.yml").read_text())
    steps = {step["name"]: step for step in workflow["jobs"]["mt-bench"]["steps"] if "name" in step}
    command = steps["MT-Bench"]["run"].replace("${{ github.event.pull_request.head.sha }}", "abc").split()
    assert command[:2] == ["pytest", "mtbench.yaml"]
    comment = steps["One comment, updated"]
    fill = {
        "${{ github.repository }}": "o/r",
        "${{ github.event.pull_request.number }}": "7",
        "${{ github.token }}": "t",
    }
    own = {
        name: re.sub(r"\$\{\{.*?\}\}", lambda found: fill[found[0]], value) for name, value in comment["env"].items()
    }
    gh = bench.path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!{sys.executable}\n{FAKE_GH}")
    gh.chmod(0o755)
    store = bench.path / "comments.json"
    others = [
        {"id": 1, "user": {"login": "someone"}, "body": "<!-- mt-bench --> mine"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "of another workflow"},
    ]
    store.write_text(json.dumps(others))
    bench.suite("thresholds: {overall: 5}\n")
    for score in (9, 3):
        bench.endpoint.judge = lambda asked, score=score: f"Rating: [[{score}]]"  # type: ignore[misc]
        bench.endpoint.answer = lambda asked, score=score: f"answer {score}"  # type: ignore[misc]
        assert bench.plain(*command[1:]).ret == (score < 5)
        environment = os.environ | own | {"PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}"}
        # As GitHub runs it.
        subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", comment["run"]], cwd=bench.path, env=environment, check=True
        )
        *before, ours = json.loads(store.read_text())
        assert before == others
        assert ours["body"] == f"<!-- mt-bench -->\n{(bench.path / 'mtbench.md').read_text(encoding='utf-8')}"
        assert f"m scores {score}.00 of 10" in ours["body"]
