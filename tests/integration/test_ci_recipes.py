"""The recipes of `examples/ci`: each is linted, and run as it stands there by stand-ins for GitHub and GitLab."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..github_runner import GitHub
from ..gitlab_runner import GitLab
from ..server import JUDGE, Server
from ..sets import CALLS, TURNS, write_set

RECIPES = Path(__file__).parents[2] / "examples" / "ci"
GITHUB = sorted((RECIPES / "github").iterdir())
GITLAB = sorted((RECIPES / "gitlab").iterdir())
needs_tools = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bash", "jq", "curl")), reason="needs bash, jq and curl"
)


def lint(*command: str | Path) -> None:
    ran = subprocess.run(
        [str(Path(sys.executable).parent / str(command[0])), *map(str, command[1:])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_workflows_are_valid_and_safe() -> None:
    lint("check-jsonschema", "--builtin-schema=vendor.github-workflows", *GITHUB)
    # No secrets for others' code, no word of others in a shell, no right that is not needed.
    lint("zizmor", "--offline", "--no-progress", f"--config={Path(__file__).parents[1] / 'zizmor.yml'}", *GITHUB)


def test_pipelines_are_valid() -> None:
    lint("check-jsonschema", "--builtin-schema=vendor.gitlab-ci", "--data-transform=gitlab-ci", *GITLAB)


@pytest.mark.parametrize("recipe", GITHUB, ids=lambda path: path.name)
def test_every_job_is_bounded_and_keeps_what_it_paid_for(recipe: Path) -> None:
    workflow = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 takes `on` for a truth
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        uses = {step["uses"].split("@")[0]: step for step in job["steps"] if "uses" in step}
        assert [step["uses"] for step in uses.values() if not re.search(r"@v\d+$", step["uses"])] == []
        writes = [name for name, right in job.get("permissions", {}).items() if right != "read"]
        runs_tests = any("pytest" in step.get("run", "") for step in job["steps"])
        assert not (writes and runs_tests)
        if any("secrets." in str(step) for step in job["steps"]):
            restored, saved = uses["actions/cache/restore"], uses["actions/cache/save"]
            assert saved["if"] == "always()"
            assert (saved["with"]["key"], saved["with"]["path"]) == (restored["with"]["key"], restored["with"]["path"])
            assert saved["with"]["key"].endswith("-${{ github.run_id }}-${{ github.run_attempt }}")


class Repository:
    """A repository with a suite file, and the model and judge that it names."""

    def __init__(self, folder: Path, endpoint: Server) -> None:
        self.folder = folder / "repository"
        self.endpoint = endpoint
        write_set(self.folder / "questions")
        self.suite("thresholds: {overall: 5}\n")
        self.score(8)

    def suite(self, text: str) -> None:
        head = f"model: {{name: m, base_url: '{self.endpoint.url}'}}\njudge: {JUDGE}\nquestions: questions\n"
        (self.folder / "mtbench.yaml").write_text(head + text, encoding="utf-8")

    def score(self, score: int) -> None:
        """What the judge says from now on, of a model that answers otherwise than before."""
        self.endpoint.answer = lambda asked: f"Worth {score}: {asked.prompt}"
        self.endpoint.judge = lambda asked: f"Rating: [[{score}]]"

    def asked(self) -> int:
        """How many requests were made since the last look."""
        asked = len(self.endpoint.asked)
        self.endpoint.clear()
        return asked


@pytest.fixture
def repository(tmp_path: Path, endpoint: Server) -> Repository:
    return Repository(tmp_path, endpoint)


@pytest.fixture
def github(tmp_path: Path, repository: Repository) -> GitHub:
    return GitHub(tmp_path / "github", repository.folder)


def pull_request(**changes: Any) -> dict[str, Any]:
    head = {"sha": "abc", "repo": {"full_name": "o/r"}}
    asked = {"number": 7, "user": {"login": "anna"}, "head": head} | changes
    return {"pull_request": asked, "repository": {"default_branch": "main"}}


FILES = {"mtbench.json", "mtbench.html", "mtbench.xml"}


@needs_tools
@pytest.mark.slow
def test_a_pull_request_without_and_with_a_baseline(repository: Repository, github: GitHub) -> None:
    recipe = RECIPES / "github" / "pull-request.yml"
    # Before there is a baseline, thresholds decide, and that is said in the log, the summary and the comment.
    jobs = github.run(recipe, 1, event=pull_request())
    assert {name: job.result for name, job in jobs.items()} == {
        "mt-bench": "success", "comment": "success", "not-measured": "skipped",
    }  # fmt: skip
    assert repository.asked() == CALLS
    words = "Not compared: there is no baseline yet"
    assert f"::warning title=MT-Bench::{words}" in jobs["mt-bench"].output
    assert words in jobs["mt-bench"].summary
    assert "m scores 8.00 of 10" in jobs["mt-bench"].summary
    assert {file.name for file in github.artifact(1, "mtbench").iterdir()} == {*FILES, "mtbench.md", "note.md"}
    (comment,) = github.comments
    assert comment.startswith(f"<!-- mt-bench -->\n{words}")
    assert "m scores 8.00 of 10" in comment
    assert comment.endswith("[This run](https://github.example.com/o/r/actions/runs/1) is of commit abc.\n")

    # The night makes one; its rerun pays nothing.
    nightly = RECIPES / "github" / "nightly.yml"
    assert github.run(nightly, 2)["mt-bench"].result == "success"
    assert repository.asked() == 3 * CALLS
    assert {file.name for file in github.artifact(2, "mtbench-baseline").iterdir()} == {"mtbench.json"}
    for run in (1, 2):  # the newest counts
        github.list_baseline(run)
    # A night that fails keeps its reports and its cache, and makes no baseline.
    repository.score(3)
    assert github.run(nightly, 3)["mt-bench"].result == "failure"
    assert not github.artifact(3, "mtbench-baseline").exists()
    assert {file.name for file in github.artifact(3, "mtbench").iterdir()} == FILES
    assert github.caches[-1] == "mtbench-cache-3-1"
    repository.asked()

    # Others' artifacts of that name are no baseline, newer though they are.
    github.list_baseline(8, branch="mine")
    github.list_baseline(9, fork=True)
    github.list_baseline(10, expired=True)
    repository.suite("thresholds: {overall: 2}\n")
    jobs = github.run(recipe, 4, event=pull_request())
    assert jobs["mt-bench"].result == "failure"
    assert "gate[regression]" in jobs["mt-bench"].output
    assert "Not compared" not in jobs["mt-bench"].output
    # Answers anew; the night's judgments of answers that are the same to the letter are there.
    assert repository.asked() == TURNS
    (comment,) = github.comments
    assert "regressed" in comment
    # What failed was kept: a rerun says the same and asks nothing.
    assert github.caches[-1] == "mtbench-cache-4-1"
    again = github.run(recipe, 4, 2, event=pull_request())["mt-bench"]
    assert (again.result, repository.asked()) == ("failure", 0)
    assert github.caches[-1] == "mtbench-cache-4-2"

    # A run without a result leaves no comment that says another.
    repository.suite("threshold: {overall: 5}\n")
    jobs = github.run(recipe, 5, event=pull_request())
    assert (jobs["mt-bench"].result, jobs["comment"].result) == ("failure", "success")
    (comment,) = github.comments
    assert "was **not measured**" in comment
    assert "of 10" not in comment


def test_a_pull_request_of_a_fork_gets_words_and_no_key(repository: Repository, github: GitHub) -> None:
    fork = pull_request(head={"sha": "abc", "repo": {"full_name": "fork/r"}})
    robot = pull_request(user={"login": "dependabot[bot]"})
    for run, event in enumerate((fork, robot)):
        jobs = github.run(RECIPES / "github" / "pull-request.yml", run, event=event)
        assert {name: job.result for name, job in jobs.items()} == {
            "mt-bench": "skipped", "comment": "skipped", "not-measured": "success",
        }  # fmt: skip
        assert "::notice title=MT-Bench::MT-Bench was not measured: " in jobs["not-measured"].output
        assert "MT-Bench was not measured: " in jobs["not-measured"].summary
    assert repository.asked() == 0


@needs_tools
@pytest.mark.slow
def test_a_deploy_waits_for_the_gate(repository: Repository, github: GitHub) -> None:
    recipe = RECIPES / "github" / "deploy.yml"
    repository.score(3)
    jobs = github.run(recipe, 1)
    assert {name: job.result for name, job in jobs.items()} == {"mt-bench": "failure", "deploy": "skipped"}
    assert "::error file=mtbench.yaml,title=mtbench.yaml%3A%3Agate[overall]::" in jobs["mt-bench"].output
    assert {file.name for file in github.artifact(1, "mtbench").iterdir()} == FILES
    assert repository.asked() == CALLS
    repository.suite("thresholds: {overall: 2}\n")
    jobs = github.run(recipe, 2)
    assert {name: job.result for name, job in jobs.items()} == {"mt-bench": "success", "deploy": "success"}
    # Another run of the same commit: what the first one paid for is there, though its gate failed.
    assert repository.asked() == 0
    assert not [job.output for job in jobs.values() if "sk-" in job.output]


@needs_tools
@pytest.mark.slow
def test_shares_are_joined_and_gated(repository: Repository, github: GitHub) -> None:
    recipe = RECIPES / "github" / "shards.yml"
    jobs = github.run(recipe, 1)
    assert {name: job.result for name, job in jobs.items()} == {
        **{f"share ({share})": "success" for share in (1, 2, 3, 4)}, "mt-bench": "success",
    }  # fmt: skip
    assert repository.asked() == CALLS
    assert "joined from 4 reports" in jobs["mt-bench"].output
    report = json.loads((github.artifact(1, "mtbench") / "mtbench.json").read_text(encoding="utf-8"))
    assert (report["scores"]["overall"]["n"], report["status"], report.get("shard")) == (9, "passed", None)


@pytest.fixture
def gitlab(tmp_path: Path, repository: Repository) -> Iterator[GitLab]:
    service = GitLab(tmp_path / "gitlab", repository.folder)
    yield service
    service.packages.close()


def merge_request(source: str = "g/p") -> dict[str, str]:
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_REF_SLUG": "mine",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source, "CI_MERGE_REQUEST_PROJECT_PATH": "g/p",
    }  # fmt: skip


def of_main(source: str) -> dict[str, str]:
    return {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_SLUG": "main"}


@needs_tools
@pytest.mark.slow
def test_a_gitlab_pipeline(repository: Repository, gitlab: GitLab) -> None:
    recipe = RECIPES / "gitlab" / ".gitlab-ci.yml"
    jobs = gitlab.run(recipe, 1, merge_request())
    assert {name: job.result for name, job in jobs.items()} == {"mt-bench": "success"}
    assert "Not compared: there is no baseline yet" in jobs["mt-bench"].output
    reports = jobs["mt-bench"].artifacts / "reports"
    assert {file.name for file in reports.iterdir()} == {*FILES, "metrics.txt", "note.md"}
    assert (reports / "metrics.txt").read_text(encoding="utf-8").splitlines() == [
        *(f'mtbench_score{{of="{name}"}} 8.00' for name in ("overall", "turn1", "turn2", "writing", "math", "trivia")),
        "# EOF",
    ]
    # The night's report is what later pipelines are held against.
    jobs = gitlab.run(recipe, 2, of_main("schedule"))
    assert {name: job.result for name, job in jobs.items()} == {"mt-bench nightly": "success"}
    assert list(gitlab.packages.files) == ["/api/v4/projects/1/packages/generic/mtbench-baseline/1.0.0/mtbench.json"]
    repository.score(3)
    repository.suite("thresholds: {overall: 2}\n")
    repository.asked()
    jobs = gitlab.run(recipe, 3, of_main("push"))
    assert {name: job.result for name, job in jobs.items()} == {"mt-bench": "failed"}  # and no deploy
    assert "gate[regression]" in jobs["mt-bench"].output
    assert {file.name for file in (jobs["mt-bench"].artifacts / "reports").iterdir()} == {*FILES, "metrics.txt"}
    assert repository.asked() > 0
    # The cache was kept: tried again, the job asks nothing.
    gitlab.run(recipe, 3, of_main("push"))
    assert repository.asked() == 0
    # A registry that fails is no missing baseline.
    gitlab.packages.status = 500
    jobs = gitlab.run(recipe, 4, of_main("push"))
    assert jobs["mt-bench"].result == "failed"
    assert "The baseline cannot be fetched: HTTP 500" in jobs["mt-bench"].output


@needs_tools
def test_a_merge_request_of_a_fork_gets_words_and_no_key(repository: Repository, gitlab: GitLab) -> None:
    jobs = gitlab.run(RECIPES / "gitlab" / ".gitlab-ci.yml", 1, merge_request("fork/p"))
    assert {name: job.result for name, job in jobs.items()} == {"mt-bench is not measured": "warning"}
    assert "MT-Bench was not measured" in jobs["mt-bench is not measured"].output


@needs_tools
@pytest.mark.slow
def test_gitlab_shares_are_joined_and_gated(repository: Repository, gitlab: GitLab) -> None:
    repository.suite("thresholds: {floor: 9}\n")
    jobs = gitlab.run(RECIPES / "gitlab" / "shares.gitlab-ci.yml", 1, of_main("push"))
    # Turns below the floor fail in their share and again in the whole, which is joined all the same.
    assert {job.result for job in jobs.values()} == {"failed"}
    assert len(jobs) == 5
    assert repository.asked() == CALLS
    assert "joined from 4 reports" in jobs["mt-bench"].output
    assert {file.name for file in (jobs["mt-bench"].artifacts / "reports").iterdir()} == FILES
