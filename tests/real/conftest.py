from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

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


def numbers(report: dict[str, Any]) -> list[float]:
    """The means of a report in the order of `RECORDED`."""
    scores = report["scores"]
    turns = [scores["turns"][turn]["mean"] for turn in ("1", "2")]
    return [scores["overall"]["mean"], *turns, *(score["mean"] for score in scores["categories"].values())]
