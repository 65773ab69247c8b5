"""Small mutations of the package: how many of them do the tests of one checkout catch, and of another?

    git worktree add ../before COMMIT        # and an environment in each, with pip install -e ".[test]"
    coverage run -m pytest -m "" -n 2        # in each, with dynamic_context = test_function in its configuration
    coverage combine; coverage json --show-contexts -o coverage.json
    python benchmarks/mutations.py draw ../before . > mutations.json
    python benchmarks/mutations.py run ../before mutations.json --python ../before/.venv/bin/python
    python benchmarks/mutations.py run . mutations.json --python .venv/bin/python

A mutation changes one token of one line that stands once in the package of either checkout, wherever its file lies, so
that the very same ones are tried on both.  They are drawn with a fixed seed.  A run works on copies of its checkout,
and runs the tests that come by the line in their own process: a line that only other processes come by is not seen.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import random
import shutil
import subprocess
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "and": "or", "or": "and",
    "True": "False", "False": "True", "min": "max", "max": "min", "any": "all", "all": "any", "+": "-", "-": "+",
}  # fmt: skip


def lines_of(checkout: Path) -> Counter[str]:
    """The lines of code of the package, without docstrings, comments and indentation."""
    found: Counter[str] = Counter()
    for file in (checkout / "pytest_mtbench").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        prose = {
            number
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        lines = enumerate(text.splitlines(), start=1)
        found.update(
            line.strip() for number, line in lines if number not in prose and not line.lstrip().startswith("#")
        )
    return found


def variants(line: str) -> Iterator[str]:
    """The line with one of its tokens changed."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        number = token.type == tokenize.NUMBER and token.string.isdigit()
        instead = str(int(token.string) + 1) if number else SWAPS.get(token.string)
        if instead is not None and token.type in (tokenize.NUMBER, tokenize.OP, tokenize.NAME):
            yield line[: token.start[1]] + instead + line[token.end[1] :]


def draw(checkouts: list[Path], count: int, seed: int) -> list[tuple[str, str]]:
    """Mutations of lines that every checkout has once: the line, and what it becomes."""
    known = [lines_of(checkout) for checkout in checkouts]
    skipped = ("import ", "from ", "@", "def ", "async def ", "class ")
    common = sorted(
        line for line in known[0] if line and not line.startswith(skipped) and all(found[line] == 1 for found in known)
    )
    random.seed(seed)
    random.shuffle(common)
    found: list[tuple[str, str]] = []
    for line in common:
        changed = list(variants(line))
        if changed and len(found) < count:
            found.append((line, random.choice(changed)))
    return found


def tests_of(coverage: dict[str, Any], checkout: Path, line: str) -> list[str]:
    """The test functions that come by a line, as arguments of pytest."""
    found: set[str] = set()
    for name, measured in coverage["files"].items():
        text = (checkout / name).read_text(encoding="utf-8").splitlines()
        contexts = measured["contexts"]
        for number in (number for number, one in enumerate(text, start=1) if one.strip() == line):
            # A statement over several lines is measured at its first.
            first = next((n for n in range(number, max(0, number - 15), -1) if contexts.get(str(n))), number)
            found.update(contexts.get(str(first), []))
    tests = []
    for context in sorted(filter(None, found)):
        module, _, function = context.rpartition(".")
        tests.append(f"{module.replace('.', '/')}.py::{function}")
    return tests


def is_caught(checkout: Path, mutation: tuple[str, str], python: Path, tests: list[str]) -> bool:
    """Whether one of the tests fails."""
    line, changed = mutation
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__"))
        shared = checkout.resolve().parent / "shared"
        if shared.exists():
            (Path(folder) / "shared").symlink_to(shared.resolve())
        for file in (copy / "pytest_mtbench").rglob("*.py"):
            text = file.read_text(encoding="utf-8").splitlines(keepends=True)
            text = [one.replace(line, changed) if one.strip() == line else one for one in text]
            file.write_text("".join(text), encoding="utf-8")
        command = [
            str(python.absolute()),
            "-m",
            "pytest",
            "-x",
            "-q",
            "-n2",
            "-m",
            "",
            "-p",
            "no:cacheprovider",
            *tests,
        ]
        return bool(tests) and subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode != 0


def run(checkout: Path, mutations: list[tuple[str, str]], python: Path) -> None:
    """Prints what comes of each mutation, and how many were caught."""
    coverage = json.loads((checkout / "coverage.json").read_text(encoding="utf-8"))
    caught = 0
    for number, mutation in enumerate(mutations, start=1):
        tests = tests_of(coverage, checkout, mutation[0])
        found = is_caught(checkout, mutation, python, tests)
        caught += found
        what = "caught  " if found else "SURVIVED"
        print(f"{number:3} {what} {len(tests):4} tests  {mutation[0]}  ->  {mutation[1]}", flush=True)
    print(f"caught: {caught} of {len(mutations)}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("checkouts", type=Path, nargs="+")
    drawing.add_argument("--count", type=int, default=40)
    drawing.add_argument("--seed", type=int, default=1)
    running = commands.add_parser("run")
    running.add_argument("checkout", type=Path)
    running.add_argument("mutations", type=Path)
    running.add_argument("--python", type=Path, required=True)
    given = parser.parse_args()
    if given.command == "draw":
        print(json.dumps(draw(given.checkouts, given.count, given.seed), indent=1))
    else:
        run(
            given.checkout, [(line, changed) for line, changed in json.loads(given.mutations.read_text())], given.python
        )


if __name__ == "__main__":
    main()
