"""What a run costs beside its requests, and what the plugin costs where nobody uses it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .endpoint import served
from .runs import Row, asking, pytest_run

LATENCY = 0.25
EMPTY = "import pytest\n\n\n@pytest.mark.parametrize('n', range(160))\ndef test_nothing(n):\n    pass\n"


def start(folder: Path, times: int) -> Iterator[Row]:
    """Start, imports, table and exit, of a run that asks and of one that has everything."""
    outside, warm, cold = [], [], []
    for time in range(times):
        with served(str(LATENCY)) as endpoint:
            options = [*asking(endpoint, limit=32), f"--mtbench-cache-dir=s{time}"]
            wall = pytest_run(folder, *options).wall
            outside.append(wall - endpoint.busy().seconds)
            warm.append(pytest_run(folder, *options).cpu)
            _forget_what_pytest_compiled(folder)
            cold.append(pytest_run(folder, *options).cpu)
    yield Row("start", "seconds outside the busy time", outside, 1.9)
    yield Row("start", "seconds of CPU, everything cached", warm)
    yield Row("start", "the same as the first run in a new environment", cold)


def inactive(folder: Path, times: int) -> Iterator[Row]:
    """What an installed plugin costs a run that does not use it."""
    (folder / "test_empty.py").write_text(EMPTY, encoding="utf-8")
    pairs = [
        (pytest_run(folder, "test_empty.py"), pytest_run(folder, "-p", "no:mtbench", "test_empty.py"))
        for _ in range(4 * times)
    ]
    yield Row("inactive", "installed and not used / -p no:mtbench", [one.cpu / other.cpu for one, other in pairs], 1.02)


def _forget_what_pytest_compiled(folder: Path) -> None:
    """pytest compiles an installed plugin itself, and so once more than pip has."""
    command = [sys.executable, "-c", "import pytest_mtbench; print(pytest_mtbench.__path__[0])"]
    package = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    for compiled in Path(package).rglob("*-pytest-*.pyc"):
        compiled.unlink()
