"""A stand-in for GitLab and its runner: runs the jobs of a pipeline as they stand in the file, without a network."""

from __future__ import annotations

import os
import re
import shutil
import string
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from .conftest import environment
from .github_runner import write_commands

STAGES = ("build", "test", "deploy")


@dataclass
class Job:
    """A job that ran.

    Args:
        result: `success`, `failed` or `warning`, of one that may fail.
        artifacts: where the files lie that it kept.
    """

    result: str
    output: str
    artifacts: Path


class Packages:
    """The package registry of a project: what was put there by a job is got by a job."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.status = 0
        """Another status than that of what is there, for every request."""
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = registry.files.get(self.path)
                self.answer(200 if found is not None else 404, found or b"{}")

            def do_PUT(self) -> None:
                registry.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(201, b"{}")

            def answer(self, status: int, body: bytes) -> None:
                allowed = self.headers["JOB-TOKEN"] == "job-token"
                self.send_response(registry.status or (status if allowed else 401))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/v4"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class GitLab:
    """The service: a repository, and what stays of its pipelines.

    Args:
        folder: an empty one.
        repository: the folder that is checked out.
    """

    def __init__(self, folder: Path, repository: Path) -> None:
        self._folder, self._repository = folder, repository
        self.packages = Packages()
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        write_commands(self._bin)
        self._jobs = 0

    def run(self, file: Path, pipeline: int, variables: Mapping[str, str]) -> dict[str, Job]:
        """Runs a pipeline's jobs stage by stage; of several in parallel each has its number, as GitLab names them."""
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        known = {
            "CI_API_V4_URL": self.packages.url, "CI_PROJECT_ID": "1", "CI_JOB_TOKEN": "job-token",
            "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": "0" * 40, "CI_PIPELINE_ID": str(pipeline),
            "CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "", "CI_MERGE_REQUEST_PROJECT_PATH": "",
            **variables,
        }  # fmt: skip
        jobs: dict[str, Job] = {}
        for stage in content.get("stages", STAGES):
            passed = not any(job.result == "failed" for job in jobs.values())
            before = [job.artifacts for job in jobs.values()]
            for name, own in content.items():
                job = {**content[own["extends"]], **own} if isinstance(own, dict) and "extends" in own else own
                if name == "stages" or name.startswith(".") or job["stage"] != stage:
                    continue
                when = next((rule.get("when") for rule in job["rules"] if _holds(rule["if"], known)), "never")
                if when == "always" or (when is None and passed):
                    jobs |= self._parallel(name, job, known, before)
        return jobs

    def _parallel(
        self, name: str, job: Mapping[str, Any], known: Mapping[str, str], before: Sequence[Path]
    ) -> Iterator[tuple[str, Job]]:
        total = job.get("parallel", 1)
        for number in range(1, total + 1):
            node = {"CI_NODE_INDEX": str(number), "CI_NODE_TOTAL": str(total)}
            yield (name if total == 1 else f"{name} {number}/{total}"), self._job(job, {**known, **node}, before)

    def _job(self, job: Mapping[str, Any], known: Mapping[str, str], before: Sequence[Path]) -> Job:
        self._jobs += 1
        work, kept = (self._folder / f"{kind}-{self._jobs}" for kind in ("work", "kept"))
        for source in (self._repository, *before):
            shutil.copytree(source, work, dirs_exist_ok=True)
        values = {**known, "CI_PROJECT_DIR": str(work)}
        values |= {key: string.Template(text).substitute(values) for key, text in job.get("variables", {}).items()}
        caches = [
            [self._folder / "caches" / string.Template(key).substitute(values) for key in _keys(cache)]
            for cache in job.get("cache", [])
        ]
        for places in caches:
            found = next((place for place in places if place.exists()), None)
            if found is not None:
                shutil.copytree(found, work, dirs_exist_ok=True)
        ran = self._shell([*job.get("before_script", []), *job["script"]], work, values)
        after = self._shell(job.get("after_script", []), work, values)
        for cache, places in zip(job.get("cache", []), caches, strict=True):
            if ran.returncode == 0 or cache.get("when") == "always":
                _keep(work, cache["paths"], places[0])
        artifacts = job.get("artifacts", {})
        kept.mkdir()
        if ran.returncode == 0 or artifacts.get("when") == "always":
            _keep(work, artifacts.get("paths", []), kept)
        allowed = ran.returncode and ran.returncode == job.get("allow_failure", {}).get("exit_codes")
        return Job("warning" if allowed else "failed" if ran.returncode else "success", ran.stdout + after.stdout, kept)

    def _shell(self, lines: Sequence[str], work: Path, values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        ours = environment(work / ".cache") | {"PATH": f"{self._bin}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)], cwd=work, env={**ours, **values},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=100,
        )  # fmt: skip


def _keys(cache: Mapping[str, Any]) -> list[str]:
    return [cache["key"], *cache.get("fallback_keys", [])]


def _keep(work: Path, paths: Sequence[str], place: Path) -> None:
    for path in paths:
        if (work / path).exists():
            shutil.copytree(work / path, place / path, dirs_exist_ok=True)


def _holds(condition: str, values: Mapping[str, str]) -> bool:
    """Whether a rule's condition holds."""
    text = re.sub(r"\$(\w+)", lambda found: repr(values[found[1]]), condition)
    return bool(eval(text.replace("&&", " and ").replace("||", " or "), {"__builtins__": {}}))
