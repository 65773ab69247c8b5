"""A run on bad days, over and over: faults, kills, two runs at once, an endpoint that bears little.

    python benchmarks/soak.py [--rounds N]

Prints a row a trouble: how often it was injected, and what came of it.  A scripted endpoint rates each answer by a
fixed function of the prompt, so that every run has one right table; the exit status is 1 where one had another.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tabulate import tabulate

from tests.server import JUDGE, Asked, Reply, Server, error

CALLS = 320
IN_FLIGHT = 16 + 16
FAULTS = {"429": 0.08, "500": 0.04, "drop": 0.02, "html": 0.01, "hang": 0.005}
REPLIES = {
    "429": error(429, "slow down", Retry_After="0.2"),
    "500": error(500, "oops"),
    "drop": Reply(drop=True),
    "html": Reply(body=b"<html>a proxy's page</html>"),
    "hang": Reply(hang=3600),
}


class Bench:
    """An endpoint, a folder, and what was injected."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.endpoint = Server()
        self.endpoint.latency = 0.02
        self.endpoint.judge = lambda asked: f"Rating: [[{1 + _digest(asked.prompt) % 10}]]"
        self.injected: Counter[str] = Counter()
        self.refused = 0
        self._random = random.Random(seed)
        self._run = 0

    def with_faults(self, asked: Asked, number: int) -> Reply | None:
        """A fault for some requests, by chance."""
        draw = self._random.random()
        for name, share in FAULTS.items():
            if draw < share:
                self.injected[name] += 1
                return REPLIES[name]
            draw -= share
        return None

    def bearing(self, most: int) -> None:
        """Refuses requests above so many at once."""

        def refuse(asked: Asked, number: int) -> Reply | None:
            if sum(self.endpoint.in_flight.values()) <= most:
                return None
            self.refused += 1
            return error(429, "too many at once", Retry_After="1")

        self.endpoint.before = refuse

    def start(self, cache: str, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
        """Starts a run; gives the process and its report."""
        self._run += 1
        report = self.folder / f"report{self._run}.json"
        command = [
            sys.executable, "-m", "pytest", "--mtbench-model=m", f"--mtbench-base-url={self.endpoint.url}",
            f"--mtbench-judge={JUDGE}", "--mtbench-questions=house", f"--mtbench-cache-dir={cache}", "--rootdir=.",
            f"--mtbench-report={report}", "--mtbench-timeout=3", "-q", *options,
        ]  # fmt: skip
        silent = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=self.folder, stdout=silent, stderr=silent, start_new_session=True), report

    def scores(self, cache: str, *options: str) -> Any:
        """Runs to the end; gives every turn's score."""
        process, report = self.start(cache, *options)
        process.wait()
        return _scores(report)


def _digest(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _scores(report: Path) -> Any:
    turns = json.loads(report.read_text(encoding="utf-8"))["turns"]
    return [(row["question_id"], row["turn"], row["score"]) for row in turns]


def _children(pid: int) -> list[int]:
    """The processes that a process has started, as xdist's workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def faults(bench: Bench, right: Any, cache: str, *options: str) -> str:
    """A run with faults of every kind."""
    bench.endpoint.before = bench.with_faults
    same = bench.scores(cache, *options) == right
    twice = len(bench.endpoint.asked) - sum(bench.injected.values()) - CALLS
    return _words(same) + f"; {twice} good replies asked for again"


def kill(bench: Bench, right: Any, cache: str, victim: str, moment: float) -> str:
    """A run that is killed at some moment, and run again."""
    options = [] if victim == "run" else ["-n2"]
    process, _ = bench.start(cache, *options)
    deadline = time.monotonic() + 60
    while len(bench.endpoint.asked) < moment * CALLS and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if victim == "worker":
        for pid in _children(process.pid)[:1]:
            os.kill(pid, signal.SIGKILL)
        process.wait()
    else:
        process.kill()
        process.wait()
    same = bench.scores(cache, *options) == right
    again = len(bench.endpoint.asked) - CALLS
    allowed = "at most what was in flight" if again <= IN_FLIGHT else "MORE THAN IN FLIGHT"
    return _words(same) + f"; {again} asked for again, {allowed}"


def two(bench: Bench, right: Any, cache: str) -> str:
    """Two runs at once on one cache."""
    runs = [bench.start(cache) for _ in range(2)]
    for process, _ in runs:
        process.wait()
    same = all(_scores(report) == right for _, report in runs)
    return _words(same) + f"; {len(bench.endpoint.asked)} requests in all"


def little(bench: Bench, right: Any, cache: str, *options: str) -> str:
    """An endpoint that bears four requests at once."""
    bench.bearing(4)
    start = time.monotonic()
    same = bench.scores(cache, *options) == right
    seconds = time.monotonic() - start
    return _words(same) + f"; {bench.refused} refused in {seconds:.0f} s, {bench.refused / seconds:.1f} a second"


def _words(same: bool) -> str:
    return "every score right" if same else "WRONG SCORES"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    rows = []
    with tempfile.TemporaryDirectory() as name:
        right = Bench(Path(name), 0).scores("right")
        for number in range(rounds):
            chance = random.Random(number)
            troubles: dict[str, Any] = {
                "faults": lambda bench, cache: faults(bench, right, cache),
                "faults, -n 2": lambda bench, cache: faults(bench, right, cache, "-n2"),
                "SIGKILL": lambda bench, cache: kill(bench, right, cache, "run", chance.random()),  # noqa: B023
                "SIGKILL, a worker": lambda bench, cache: kill(bench, right, cache, "worker", chance.random()),  # noqa: B023
                "SIGKILL, -n 2": lambda bench, cache: kill(bench, right, cache, "controller", chance.random()),  # noqa: B023
                "two at once": lambda bench, cache: two(bench, right, cache),
                "bears four": lambda bench, cache: little(bench, right, cache),
            }
            for index, (trouble, act) in enumerate(troubles.items()):
                bench = Bench(Path(name), number)
                came = act(bench, f"cache{number}-{index}")
                injected = ", ".join(f"{count} x {fault}" for fault, count in sorted(bench.injected.items()))
                rows.append([number + 1, trouble, injected, came])
                bench.endpoint.close()
    print(tabulate(rows, ["round", "trouble", "injected", "what came of it"]))
    sys.exit(any("WRONG" in row[-1] or "MORE" in row[-1] for row in rows))


if __name__ == "__main__":
    main()
