"""How fast a run is: every measure, or those that are named.

    python -m benchmarks [MEASURE ...] [--times N] [--json FILE]

Prints median and spread beside the goal, and writes them as JSON.  Other scripts of this folder are run by themselves.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from .rows import MEASURES
from .runs import Row


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--times", type=int, default=3, metavar="N", help="how often each is measured (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values as JSON")
    options = parser.parse_args()
    unknown = [name for name in options.measures if name not in MEASURES]
    if unknown:
        parser.error(f"no measure {unknown[0]}; there is {', '.join(MEASURES)}")
    rows: list[Row] = []
    for name in options.measures or MEASURES:
        with tempfile.TemporaryDirectory() as folder:
            for row in MEASURES[name](Path(folder), options.times):
                rows.append(row)
                print(f"{row.name}: {row.measure}: {row.median:.3g}", flush=True)
    print("\n" + tabulate(map(_cells, rows), headers=["measure", "median", "spread", "goal", ""]))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) | {"median": row.median} for row in rows], indent=1))


def _cells(row: Row) -> list[str]:
    met = row.goal is not None and (row.median >= row.goal if row.more else row.median <= row.goal)
    spread = f"{min(row.values):.3g}-{max(row.values):.3g}"
    goal = "" if row.goal is None else f"{row.goal:g}"
    return [row.measure, f"{row.median:.3g}", spread, goal, "" if row.goal is None or met else "missed"]


if __name__ == "__main__":
    main()
