"""What telling progress costs: the processor time of a run whose answers are all cached, told and untold.

    python benchmarks/progress.py [QUESTIONS] [RUNS]

The cache answers at once, so that nothing but pytest and the plugin itself needs time; each run stands at a terminal.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.server import JUDGE, Server
from tests.sets import write_jsonl
from tests.terminal import Terminal

_TOLD: dict[str, tuple[list[str], str]] = {
    "not at all": (["-p", "no:mtbench-progress"], "xterm"),
    "on a line that is rewritten": ([], "xterm"),
    "a line every 30 s": ([], "dumb"),
}


def seconds_of(folder: Path, options: list[str], term: str) -> float:
    """Processor time of one run, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    terminal = Terminal([sys.executable, "-m", "pytest", *options], folder, os.environ | {"TERM": term})
    lines = terminal.end(600)
    assert terminal.process.returncode == 0, "\n".join(lines)
    terminal.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(questions: int = 1000, runs: int = 5) -> None:
    """Prints the median of each way."""
    server = Server()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [{"question_id": n, "category": "writing", "turns": [f"Say {n}.", "Again."]} for n in range(questions)]
        write_jsonl(folder / "many" / "question.jsonl", rows)
        options = ["--mtbench-model=m", f"--mtbench-base-url={server.url}", f"--mtbench-judge={JUDGE}"]
        options.append("--mtbench-questions=many")
        seconds_of(folder, options, "dumb")
        found: dict[str, list[float]] = {told: [] for told in _TOLD}
        for _ in range(runs):  # in turn, since other work on the machine comes and goes
            for told, (more, term) in _TOLD.items():
                found[told].append(seconds_of(folder, [*options, *more], term))
    for told, seconds in found.items():
        print(f"{told}: {statistics.median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f})")
    server.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
