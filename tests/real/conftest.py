from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from ..conftest import environment

SHARED = Path(__file__).parents[2].parent / "shared"
DATA = SHARED / "mt_bench"

# overall, turn 1, turn 2, then the categories in the order of the set.
RECORDED = {
    "ultrachat_baseline": [6.39375, 6.7625, 6.025, 7.85, 7.775, 5.3, 3.65, 4.3, 5.9, 7.725, 8.65],
    "ultrachat_cai": [6.5125, 7.1, 5.925, 7.95, 7.6, 5.8, 3.55, 4.35, 5.45, 8.0, 9.4],
    "vicuna-7b": [5.46875, 6.0375, 4.9, 7.75, 6.8, 4.25, 2.4, 3.4, 5.3, 5.95, 7.9],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not DATA.exists():
        skip = pytest.mark.skip(reason="the recorded answers and judgments are not beside the checkout")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


class Replay:
    """The replay server in a process of its own, with the recording of one model."""

    def __init__(self, folder: Path, model: str, *options: str) -> None:
        # One model alone: identical answers of two models have two recorded judgments of one prompt.
        for part in ("question.jsonl", f"model_answer/{model}.jsonl", f"model_judgment/{model}.jsonl"):
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            (folder / part).symlink_to(DATA / part)
        self.model = model
        self._process = subprocess.Popen(
            [sys.executable, str(SHARED / "replay" / "server.py"), "--data", str(folder), *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    @property
    def options(self) -> list[str]:
        """The command of the README, for this server."""
        return [
            f"--mtbench-model={self.model}",
            f"--mtbench-base-url={self.url}",
            "--mtbench-judge=gpt-4",
            f"--mtbench-questions={DATA}",
        ]

    @property
    def stats(self) -> dict[str, Any]:
        """What the server counted."""
        with build_opener(ProxyHandler({})).open(f"{self.url.removesuffix('/v1')}/stats") as reply:
            stats: dict[str, Any] = json.load(reply)
        return stats

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Callable[..., Replay]]:
    """Starts replay servers: `replay(model, *options)`."""
    servers: list[Replay] = []

    def start(model: str, *options: str) -> Replay:
        servers.append(Replay(tmp_path / f"replay{len(servers)}", model, *options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@dataclass(frozen=True)
class Run:
    """A finished run of pytest."""

    status: int
    output: str
    report: dict[str, Any]

    @property
    def text(self) -> str:
        """The output as one line, since the summary wraps its lines."""
        return " ".join(self.output.split())

    @property
    def table(self) -> list[str]:
        """The lines that hold numbers of the model."""
        return [line for line in self.output.splitlines() if line[:4] in ("writ", "math", "turn", "over", "tier")]


def run_pytest(folder: Path, *options: str) -> Run:
    """Runs pytest in this folder, in a process and an environment of its own."""
    (folder / "pytest.ini").touch()
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "--mtbench-report=report.json", *options],
        cwd=folder, env=environment(folder / "cache-home") | {"MTBENCH_DATA": str(DATA)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = finished.stdout + finished.stderr
    assert finished.returncode in (0, 1), output
    return Run(finished.returncode, output, json.loads((folder / "report.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Recorded:
    """A recording that was played and then run again from its cache."""

    folder: Path
    server: Replay
    first: Run
    second: Run


MODES = {"ultrachat_baseline": ["-p", "no:xdist"], "vicuna-7b": [], "ultrachat_cai": ["-n2"]}


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Recorded]]:
    """Plays the recording of a model, once for all tests that look at it, on the original set by its name."""
    played: dict[str, Recorded] = {}

    def play(model: str) -> Recorded:
        if model not in played:
            folder = tmp_path_factory.mktemp(model)
            server = Replay(folder / "replay", model)
            options = [*server.options[:-1], "--mtbench-questions=mt_bench", *MODES[model]]
            played[model] = Recorded(folder, server, run_pytest(folder, *options), run_pytest(folder, *options))
        return played[model]

    yield play
    for each in played.values():
        each.server.close()


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MODEL.json for each model: its recorded answers graded with the recorded judgments, offline."""
    folder = tmp_path_factory.mktemp("graded")
    for model in RECORDED:
        run = run_pytest(folder, *offline(model), f"--mtbench-report={model}.json")
        assert run.status == 0, run.output
    return folder


def offline(model: str) -> list[str]:
    """The options of a run on recorded answers and judgments alone."""
    return [
        f"--mtbench-model={model}", "--mtbench-judge=gpt-4", f"--mtbench-questions={DATA}", "--mtbench-cache=off",
        f"--mtbench-answers={DATA}", "--mtbench-base-url=http://127.0.0.1:9/v1",
    ]  # fmt: skip


def numbers(report: dict[str, Any]) -> list[float]:
    """The means of a report in the order of `RECORDED`."""
    scores = report["scores"]
    turns = [scores["turns"][turn]["mean"] for turn in ("1", "2")]
    return [scores["overall"]["mean"], *turns, *(score["mean"] for score in scores["categories"].values())]
