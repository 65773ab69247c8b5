"""This package and inspect_ai in turn on the same server: seconds busy, processor and wall seconds, as ratios.

    python -m benchmarks.peers [--places N ...] [--times N] [--inspect-python PATH]

Each sends the same 320 requests about the house set, N at a time to the model and N to the judge, and must come to the
same mean rating.  `inspect_task.py` is the other's side, in two ways.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

from pytest_mtbench.protocol.prompts import answer_messages, answer_temperature, judge_messages
from pytest_mtbench.questions.registry import load_questions

from .endpoint import JUDGE, ROOT, served
from .rows import LATENCY, REQUESTS
from .runs import Process, asking, pytest_run

HOW = "python -m venv .venv-inspect && .venv-inspect/bin/pip install inspect_ai openai"
TASK = Path(__file__).with_name("inspect_task.py")
MEASURES = ("seconds busy", "CPU seconds", "wall seconds")


def measured(places: int, *task: str) -> tuple[list[float], float]:
    """One of each measure, and the mean rating; of this package where no other's task is given."""
    with tempfile.TemporaryDirectory() as name, served(str(LATENCY)) as endpoint:
        folder = Path(name)
        if task:
            (folder / "questions.json").write_text(json.dumps(list(_asked(folder))), encoding="utf-8")
            with Process(folder, *task, endpoint.url, JUDGE, str(places)) as process:
                cost = process.end()
            mean = json.loads((folder / "mean.json").read_text(encoding="utf-8"))
        else:
            cost = pytest_run(folder, *asking(endpoint, limit=places), "--mtbench-report=r.json")
            mean = json.loads((folder / "r.json").read_text(encoding="utf-8"))["scores"]["overall"]["mean"]
        seen = endpoint.busy()
    assert seen.requests == REQUESTS, seen
    return [seen.seconds, cost.cpu, cost.wall], mean


def rows(places: int, times: int, *task: str) -> Iterator[list[str]]:
    """The table's rows for a task with so many places; who goes first takes turns."""
    pairs = []
    for time in range(times):
        first, second = ((), task) if time % 2 else (task, ())
        found = {side: measured(places, *side) for side in (first, second)}
        (ours, mean), (theirs, other) = found[()], found[task]
        assert abs(mean - other) < 1e-9, (mean, other)
        pairs.append((ours, theirs))
    for number, measure in enumerate(MEASURES):
        ours, theirs = ([side[number] for side in sides] for sides in zip(*pairs, strict=True))
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        medians = [f"{statistics.median(values):.2f}" for values in (ours, theirs, ratios)]
        yield [f"{places}+{places}", task[-1], measure, *medians, f"{min(ratios):.2f}-{max(ratios):.2f}"]


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__.split("\n")[0])
    parser.add_argument("--places", type=int, nargs="+", default=[8, 32, 80], metavar="N", help="default: 8 32 80")
    parser.add_argument("--times", type=int, default=3, metavar="N", help="how many pairs of each (default: 3)")
    parser.add_argument("--inspect-python", type=Path, default=ROOT / ".venv-inspect/bin/python", metavar="PATH")
    options = parser.parse_args()
    python = options.inspect_python.absolute()
    if not python.is_file():
        parser.error(f"no {python}: make it with `{HOW}`, or name another with --inspect-python")
    tasks = [(str(python), "-I", str(TASK), way) for way in ("usual", "early")]
    for side in ((), tasks[0]):
        measured(80, *side)  # compiles what a first run compiles
    table: list[list[str]] = []
    for places in options.places:
        for task in tasks:
            table += rows(places, options.times, *task)
            print(*table[-3], flush=True)
    print(f"\nEach run made {REQUESTS} requests, and both came to the same mean rating.\n")
    headers = ["places", "their task", "measure", "ours", "theirs", "ours / theirs", "spread"]
    print(tabulate(table, headers=headers, disable_numparse=True))


def _asked(folder: Path) -> Iterator[dict[str, object]]:
    """What this package asks about each question, with marks where the answers go."""
    questions = load_questions("house", relative_to=folder)
    marks = ("<the answer to turn 1>", "<the answer to turn 2>")
    for question in questions.questions:
        yield {
            "first": answer_messages(question, []),
            "second": question.turns[1],
            "temperature": answer_temperature(question),
            "judged": [judge_messages(questions, question, marks[:turn]) for turn in (1, 2)],
            "marks": marks,
        }


if __name__ == "__main__":
    main()
