"""An endpoint in a process of its own, and how long it was busy.

It is the replaying server that lies beside the checkout, where there is one (`../shared/replay/server.py`), else the
tests' own.  Both answer any model and any judge by rule, after a given time.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPLAY = ROOT.parent / "shared" / "replay" / "server.py"
JUDGE = "the-judge"


@dataclass(frozen=True)
class Busy:
    """What the endpoint saw.

    Args:
        seconds: from the arrival of the first request to the end of the last reply.
    """

    requests: int
    seconds: float


@dataclass(frozen=True)
class Served:
    """A running endpoint."""

    url: str

    def busy(self) -> Busy:
        """What it saw so far."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats") as reply:
            said = json.load(reply)
        return Busy(said.get("requests", 0), said["busy_seconds"])


@contextlib.contextmanager
def served(latency: str = "0", log: Path | None = None) -> Iterator[Served]:
    """An endpoint that has seen nothing.

    Args:
        latency: seconds, or `lognormal:MEDIAN,SIGMA,SEED`, which the tests' own server does not know.
        log: where it writes a line a request, which it does not know either.
    """
    command = [sys.executable, "-m", "benchmarks.endpoint", latency]
    if REPLAY.is_file():
        command = [sys.executable, str(REPLAY), "--latency", latency, "--model", "echo", "--judge", "echo"]
        command += ["--judge-name", JUDGE, *(["--log", str(log)] if log else [])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield Served(process.stdout.readline().strip() if process.stdout else "")
        finally:
            process.kill()


def work(log: Path) -> dict[str, float]:
    """Seconds that the replaying server spent on each model's requests, from its log."""
    spent: dict[str, float] = defaultdict(float)
    for row in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
        spent[row["request"]["model"]] += row["seconds"]
    return spent


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from tests.server import Server

    server = Server()
    server.latency = float(sys.argv[1])
    print(server.url, flush=True)
    time.sleep(86_400)  # until it is killed
