"""A stand-in for GitHub's runner: runs the jobs of a workflow as they stand in the file, without a network.

Steps that run something are run by bash as GitHub runs them; actions are known by name: checkout copies a repository,
caches and artifacts are folders.  What it does not know fails the test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .conftest import environment

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_NAME = re.compile(r"'[^']*'|(?<![\w.'])[A-Za-z_][\w-]*(?:\.[\w-]+)+")
_GH = Path(__file__).with_name("fake_gh.py")


@dataclass
class Job:
    """A job that ran.

    Args:
        result: `success`, `failure` or `skipped`.
        output: what its steps printed; `summary`: what they wrote for its page.
    """

    result: str
    output: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


class GitHub:
    """The service: a repository, and what stays of the runs of its workflows.

    Args:
        folder: an empty one.
        repository: the folder that is checked out.
    """

    def __init__(self, folder: Path, repository: Path) -> None:
        self._repository = repository
        self._jobs = 0
        self.store = folder / "store"
        self.bin = folder / "bin"
        for made in (self.store / "artifacts", self.store / "caches", self.bin):
            made.mkdir(parents=True)
        (self.store / "comments.json").write_text("[]")
        (self.store / "baselines.json").write_text('{"artifacts": []}')
        write_command(self.bin / "gh", f'#!/bin/sh\nexec {sys.executable} {_GH} {self.store} "$@"\n')
        write_commands(self.bin)

    @property
    def comments(self) -> list[str]:
        """The comments of the pull request."""
        return [comment["body"] for comment in json.loads((self.store / "comments.json").read_text())]

    @property
    def caches(self) -> list[str]:
        """The keys of what is cached, the oldest first."""
        places = sorted((self.store / "caches").iterdir(), key=lambda place: place.stat().st_mtime_ns)
        return [place.name for place in places]

    def artifact(self, run: int, name: str) -> Path:
        """Where an artifact of a run lies."""
        return self.store / "artifacts" / str(run) / name

    def list_baseline(self, run: int, *, branch: str = "main", fork: bool = False, expired: bool = False) -> None:
        """Has an artifact of a baseline's name in the list of them."""
        file = self.store / "baselines.json"
        who = {"id": run, "repository_id": 1, "head_repository_id": 2 if fork else 1, "head_branch": branch}
        listed = json.loads(file.read_text())["artifacts"]
        file.write_text(json.dumps({"artifacts": [*listed, {"expired": expired, "workflow_run": who}]}))

    def run(
        self, workflow: Path, run: int, attempt: int = 1, *, event: Mapping[str, Any] | None = None
    ) -> dict[str, Job]:
        """Runs a workflow's jobs, those that need others after them; a matrix's are called `share (1)`."""
        jobs: dict[str, Job] = {}
        results: dict[str, str] = {}
        for name, content in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].items():
            needs = [content["needs"]] if isinstance(content.get("needs"), str) else content.get("needs", [])
            matrix = content.get("strategy", {}).get("matrix", {"": [None]})
            ((key, values),) = matrix.items()
            for value in values:
                context = {
                    "github": {
                        "run_id": run, "run_attempt": attempt, "repository": "o/r", "token": "t",
                        "server_url": "https://github.example.com", "ref": "refs/heads/main",
                        "event": event or {},
                    },
                    "secrets": {"MODEL_API_KEY": "sk-model-0123456789", "JUDGE_API_KEY": "sk-judge-0123456789"},
                    "matrix": {key: value}, "strategy": {"job-total": len(values)},
                    "needs": {other: {"result": results[other]} for other in needs},
                }  # fmt: skip
                failed = any(results[other] != "success" for other in needs)
                jobs[name if value is None else f"{name} ({value})"] = self._job(content, context, failed=failed)
            mine = {job.result for one, job in jobs.items() if one.split(" (")[0] == name}
            results[name] = next(result for result in ("failure", "skipped", "success") if result in mine)
        return jobs

    def _job(self, content: Mapping[str, Any], context: dict[str, Any], *, failed: bool) -> Job:
        if not _holds(content.get("if"), context, failed=failed):
            return Job("skipped")
        self._jobs += 1
        machine = Machine(self, self.store.parent / f"machine-{self._jobs}", context)
        for step in content["steps"]:
            machine.step(step)
        return machine.job

    def checkout(self, place: Path) -> None:
        """Lays the repository."""
        shutil.copytree(self._repository, place, dirs_exist_ok=True)


class Machine:
    """The machine that one job runs on: an empty folder and an empty home."""

    def __init__(self, service: GitHub, folder: Path, context: dict[str, Any]) -> None:
        self._service = service
        self._context = context | {"steps": {}}
        self._work, self._home = folder / "work", folder / "home"
        for made in (self._work, self._home):
            made.mkdir(parents=True)
        self.job = Job("success")

    def step(self, step: Mapping[str, Any]) -> None:
        """Runs a step, unless its condition keeps it from running."""
        if not _holds(step.get("if"), self._context, failed=self.job.result == "failure"):
            return
        given = {key: _filled(str(value), self._context) for key, value in step.get("with", {}).items()}
        passed = self._action(step["uses"], given) if "uses" in step else self._shell(step)
        if not passed and not step.get("continue-on-error"):
            self.job.result = "failure"

    def _action(self, uses: str, given: Mapping[str, str]) -> bool:
        name = uses.partition("@")[0]
        run = self._context["github"]["run_id"]
        if name == "actions/checkout":
            self._service.checkout(self._work)
        elif name == "actions/cache/restore":
            self._restore([given["key"], *given.get("restore-keys", "").split()], given["path"].split())
        elif name == "actions/cache/save":
            place = self._service.store / "caches" / given["key"]
            place.mkdir()  # a key is written once
            for number, path in enumerate(given["path"].split()):
                if self._at(path).exists():
                    shutil.copytree(self._at(path), place / str(number))
        elif name == "actions/upload-artifact":
            return self._upload(self._service.artifact(run, given["name"]), given)
        elif name == "actions/download-artifact":
            found = sorted(self._service.artifact(run, "").glob(given.get("pattern", given.get("name", ""))))
            for artifact in found:
                place = self._work / given["path"] / (artifact.name if "pattern" in given else "")
                shutil.copytree(artifact, place, dirs_exist_ok=True)
            return bool(found)
        else:
            assert name == "actions/setup-python", name
        return True

    def _restore(self, keys: list[str], paths: list[str]) -> None:
        for key in keys:
            found = [cached for cached in self._service.caches if cached.startswith(key)]
            if found:
                for number, path in enumerate(paths):
                    source = self._service.store / "caches" / found[-1] / str(number)
                    if source.exists():
                        shutil.copytree(source, self._at(path), dirs_exist_ok=True)
                return

    def _upload(self, place: Path, given: Mapping[str, str]) -> bool:
        source = self._work / given["path"]
        if place.exists():
            assert given.get("overwrite") == "True", f"{place.name} is there already"
            shutil.rmtree(place)
        if source.is_dir():
            shutil.copytree(source, place)
        elif source.is_file():
            place.mkdir(parents=True)
            shutil.copy(source, place)
        return source.exists() or given.get("if-no-files-found") != "error"

    def _shell(self, step: Mapping[str, Any]) -> bool:
        files = {name: self._home / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        own = {name: _filled(str(value), self._context) for name, value in step.get("env", {}).items()}
        ours = environment(self._home / ".cache")
        told = {
            "GITHUB_ACTIONS": "true", "GITHUB_SHA": "0" * 40, "GITHUB_RUN_ID": str(self._context["github"]["run_id"]),
            "HOME": str(self._home), "PATH": f"{self._service.bin}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _filled(step["run"], self._context)],
            cwd=self._work, env=ours | told | {name: str(file) for name, file in files.items()} | own,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=100,
        )  # fmt: skip
        self.job.output += ran.stdout
        self.job.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        self._context["steps"][step.get("id", "")] = {"outputs": dict(line.split("=", 1) for line in lines)}
        return ran.returncode == 0

    def _at(self, path: str) -> Path:
        return self._home / path[2:] if path.startswith("~/") else self._work / path


def write_command(path: Path, text: str) -> None:
    """Writes an executable."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def write_commands(folder: Path) -> None:
    """Commands that are there after an install: pip, which does nothing, and pytest of this environment."""
    write_command(folder / "pip", "#!/bin/sh\n")
    write_command(folder / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    write_command(folder / "pytest", f'#!/bin/sh\nexec {sys.executable} -m pytest "$@"\n')


def _filled(text: str, context: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: str(_value(found[1], context)), text)


def _value(name: str, context: Mapping[str, Any]) -> Any:
    value: Any = context
    for part in name.split("."):
        value = value.get(part, "") if name.startswith("steps.") else value[part]
    return value


def _holds(condition: str | None, context: Mapping[str, Any], *, failed: bool) -> bool:
    """Whether a condition of a job or step holds; without a word on the state it asks for success as well."""
    text = _EXPRESSION.sub(r"\1", condition or "success()")
    values: dict[str, Any] = {}

    def name(found: re.Match[str]) -> str:
        if found[0].startswith("'"):
            return found[0]
        values[f"v{len(values)}"] = _value(found[0], context)
        return f"v{len(values) - 1}"

    text = _NAME.sub(name, text).replace("&&", " and ").replace("||", " or ")
    functions = {"always": lambda: True, "cancelled": lambda: False, "success": lambda: not failed}
    outcome = bool(eval(re.sub(r"!(?!=)", " not ", text).strip(), {"__builtins__": {}}, functions | values))
    return outcome and (not failed or any(f"{word}()" in text for word in functions))
