"""Runs of pytest in a folder of their own, timed as whole processes."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from .endpoint import JUDGE, Served

NOT_A_USERS = ("hypothesispytest", "timeout")
"""Plugins of this checkout's environment that a user's has not, and which take time in every run."""


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Args:
        wall: seconds from start to exit; `cpu`: user and system seconds of it and its children.
        megabytes: the most memory of any process so far that this one has waited for.
    """

    wall: float
    cpu: float
    megabytes: float


@dataclass(frozen=True)
class Row:
    """A measure: its values, one a time that it was measured.

    Args:
        name: which row it belongs to, as the command line calls it.
        goal: what it should be at most; None where it is only told.
        more: whether more is better.
    """

    name: str
    measure: str
    values: list[float]
    goal: float | None = None
    more: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)


def pytest_run(folder: Path, *options: str) -> Cost:
    """One run of pytest, which must pass.

    Raises:
        SystemExit: it failed; its output is shown.
    """
    with started(folder, *options) as run:
        return run.end()


def started(folder: Path, *options: str) -> Process:
    """A run of pytest that goes on beside others."""
    plugins = [part for name in NOT_A_USERS for part in ("-p", f"no:{name}")]
    return Process(folder, sys.executable, "-m", "pytest", *plugins, "-q", "--rootdir=.", *options)


class Process:
    """A command that goes on in a folder, with nothing in its environment that would change what it measures."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._start = time.monotonic()
        # With PYTHONDONTWRITEBYTECODE every run would compile the plugin anew, as a user's does once.
        dropped = ("INSPECT", "OPENAI", "MTBENCH", "PYTHONDONTWRITEBYTECODE")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self._process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()

    def end(self) -> Cost:
        """Waits for it."""
        output, _ = self._process.communicate()
        wall = time.monotonic() - self._start
        if self._process.returncode:
            raise SystemExit(f"{self._process.args!r}\n{output[-3000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - self._before.ru_utime - self._before.ru_stime
        return Cost(wall, cpu, after.ru_maxrss / 1024)


def asking(
    endpoint: Served, questions: Path | str = "house", limit: int = 16, judge_limit: int | None = None
) -> list[str]:
    """The options of a run against an endpoint."""
    return [
        "--mtbench-model=m", f"--mtbench-base-url={endpoint.url}", f"--mtbench-judge={JUDGE}",
        f"--mtbench-questions={questions}", f"--mtbench-concurrency={limit}",
        f"--mtbench-judge-concurrency={limit}",
    ]  # fmt: skip


def write_questions(folder: Path, count: int) -> Path:
    """A set of so many two-turn questions of usual length."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = (
        {
            "question_id": number,
            "category": ("writing", "roleplay")[number % 2],
            "turns": [f"Question {number}: " + "word " * 60, f"And then {number}? " + "more " * 30],
        }
        for number in range(1, count + 1)
    )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "question.jsonl").write_text(text, encoding="utf-8")
    return folder
