"""What pytest-mtbench costs beside its requests: installed and not used, at the start of a run and at its end.

    python benchmarks/start.py [--times N] [--python PYTHON]

- inactive: pytest on an empty test, with the plugin and with `-p no:mtbench`, in pairs: processor time of the one over
  that of the other.
- outside: seconds of a run of the house set before its first request reaches the endpoint and after the last one.
- cached: seconds of the same run once more, when everything is cached.

`--python` measures the pytest of another environment, as that of a user without the tests' own plugins.  Python may
write bytecode, as for a user; the first run of everything is not counted.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tabulate import tabulate

from tests.server import JUDGE, Server

LATENCY = 0.25
LIMIT = 32


@dataclass(frozen=True)
class Row:
    """One measure.

    Args:
        low, high: the least and the most of all times; other work on a shared machine only adds to the least.
        goal: the most that it should be, or None.
    """

    measure: str
    unit: str
    median: float
    low: float
    high: float
    goal: float | None = None

    @classmethod
    def of(cls, measure: str, unit: str, values: Sequence[float], goal: float | None = None) -> Row:
        return cls(measure, unit, statistics.median(values), min(values), max(values), goal)


@dataclass(frozen=True)
class Spent:
    """When a process began and ended, and its processor time, in seconds."""

    began: float
    ended: float
    cpu: float

    @property
    def wall(self) -> float:
        return self.ended - self.began


def pytest_run(python: str, folder: Path, *options: str) -> Spent:
    """Runs pytest in a folder, without what this machine's environment says."""
    command = [python, "-m", "pytest", "-q", "--rootdir=.", "-p", "no:hypothesispytest", *options]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONDONT"))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
    ended = time.monotonic()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(began, ended, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def inactive(python: str, times: int) -> list[Row]:
    """Installed and not used, over not loaded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("def test_nothing(): pass\n")
        pairs = [
            (pytest_run(python, folder).cpu, pytest_run(python, folder, "-p", "no:mtbench").cpu)
            for _ in range(times + 1)
        ][1:]
    return [Row.of("inactive / -p no:mtbench", "ratio", [used / without for used, without in pairs], goal=1.02)]


def around(python: str, times: int) -> list[Row]:
    """Start and end of a run that asks, and of one that finds everything cached."""
    server = Server()
    server.latency = LATENCY
    options = (
        "--mtbench-model=m", f"--mtbench-base-url={server.url}", f"--mtbench-judge={JUDGE}",
        "--mtbench-questions=house", f"--mtbench-concurrency={LIMIT}", f"--mtbench-judge-concurrency={LIMIT}",
    )  # fmt: skip
    starts, ends, cached = [], [], []
    for _ in range(times + 1):
        with tempfile.TemporaryDirectory() as name:
            server.clear()
            run = pytest_run(python, Path(name), *options)
            starts.append(server.asked[0].at - run.began)
            ends.append(run.ended - server.asked[-1].at - LATENCY)
            cached.append(pytest_run(python, Path(name), *options).wall)
    server.close()
    both = [start + end for start, end in zip(starts, ends, strict=True)]
    return [
        Row.of("outside the requests", "s", both[1:], goal=1.9),
        Row.of("before the first request", "s", starts[1:]),
        Row.of("after the last reply", "s", ends[1:]),
        Row.of("everything cached", "s", cached[1:]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose pytest runs")
    options = parser.parse_args()
    rows = [*inactive(options.python, 2 * options.times), *around(options.python, options.times)]
    table = [
        [row.measure, row.unit, f"{row.median:.3f}", f"{row.low:.3f}-{row.high:.3f}", row.goal or ""] for row in rows
    ]
    print(tabulate(table, ["measure", "unit", "median", "least-most", "goal"], disable_numparse=True))


if __name__ == "__main__":
    main()
