from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from pytest_mtbench.report.schema import report_schema

from ..conftest import environment
from ..server import JUDGE, Server
from ..sets import write_set

REPORT_SCHEMA = Draft7Validator(report_schema())
QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart" / "mtbench.yaml"


@dataclass(frozen=True)
class Quickstart:
    """What a run of the quickstart printed, and its report."""

    output: str
    report: dict[str, Any]


class Bench:
    """Real pytest in a folder of its own, against a scripted endpoint."""

    def __init__(self, pytester: pytest.Pytester, endpoint: Server) -> None:
        self.pytester = pytester
        self.endpoint = endpoint
        self.path = pytester.path
        self.own_process = False
        self.started: list[subprocess.Popen[bytes]] = []
        self.questions = write_set(self.path / "data" / "small")
        pytester.makeini("[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n")

    @property
    def model_options(self) -> list[str]:
        return [
            "--mtbench-model=m",
            f"--mtbench-base-url={self.endpoint.url}",
            f"--mtbench-judge={JUDGE}",
            "--mtbench-questions=data/small",
        ]

    def run(self, *arguments: str) -> pytest.RunResult:
        """`pytest --mtbench-model=m ...` with the scripted endpoint and the small set."""
        return self.plain(*self.model_options, *arguments)

    def plain(self, *arguments: str) -> pytest.RunResult:
        """`pytest` with these arguments alone, in this process or in one of its own."""
        return self.apart(*arguments) if self.own_process else self.pytester.runpytest_inprocess(*arguments)

    def apart(self, *arguments: str) -> pytest.RunResult:
        """The same in a process of its own."""
        return self.pytester.runpytest_subprocess(*arguments, timeout=90)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a `run` in a process of its own and does not wait for it."""
        return self.start_plain(*self.model_options, *arguments)

    def start_plain(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The same with these arguments alone."""
        command = [sys.executable, "-m", "pytest", *arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.path,
            # A shell's background job ignores Ctrl-C, and its children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        """Ends what a test that failed has left running."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def suite(self, text: str = "", name: str = "mtbench.yaml") -> Path:
        """Writes a suite file for the scripted endpoint; `text` is added to it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"model: {{name: m, base_url: '{self.endpoint.url}'}}\njudge: {JUDGE}\nquestions: {self.questions}\n"
        path.write_text(head + text, encoding="utf-8")
        return path

    def report(self, name: str = "report.json") -> Any:
        """A JSON report that a run wrote, in which nothing stands that its schema does not know."""
        report = json.loads((self.path / name).read_text(encoding="utf-8"))
        REPORT_SCHEMA.validate(report)
        return report


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Quickstart:
    """The quickstart as a newcomer runs it, once for all tests that look at it."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "quickstart").mkdir()
    shutil.copy(QUICKSTART, folder / "quickstart")
    suite = "quickstart/mtbench.yaml"
    command = [sys.executable, "-m", "pytest", suite, "--rootdir=.", "--mtbench-report=report.json"]
    own = environment(folder)
    run = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False, timeout=100)
    assert run.returncode == 0, run.stdout + run.stderr
    return Quickstart(run.stdout, json.loads((folder / "report.json").read_text(encoding="utf-8")))


def item_ids(result: pytest.RunResult) -> list[str]:
    """The node ids that `--collect-only -q` prints."""
    return [line for line in result.outlines if "::" in line]


def flowing(result: pytest.RunResult) -> str:
    """The output as one line, since the summary wraps its lines at the terminal's width."""
    return " ".join(result.stdout.str().split())


def table(result: pytest.RunResult) -> list[str]:
    """The lines of the summary from its title to the requests, without times."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "MT-Bench: " in line)
    end = next(number for number, line in enumerate(lines) if line.startswith("requests: "))
    return [re.sub(r"[\d.]+ s$", "", line) for line in lines[start : end + 1]]


@pytest.fixture
def bench(pytester: pytest.Pytester, endpoint: Server) -> Iterator[Bench]:
    """pytest against a scripted endpoint."""
    bench = Bench(pytester, endpoint)
    yield bench
    bench.close()


@pytest.fixture(params=[("-p", "no:xdist"), pytest.param(("-n2",), marks=pytest.mark.slow)], ids=["no-xdist", "n2"])
def xdist(request: pytest.FixtureRequest) -> Sequence[str]:
    """The options of the two ways in which items run; for tests of what may differ between them.

    Without any option xdist is loaded and does nothing, as it does with `-n0`: that is how all other tests run.  With
    workers `.ci/run` alone runs them.
    """
    options: Sequence[str] = request.param
    return options
