"""Small mutations of the package: how many of them do the tests of one checkout catch, and of another?

    git worktree add ../before COMMIT        # and an environment in each, with pip install -e ".[test]"
    python benchmarks/mutations.py draw ../before . > mutations.json
    python benchmarks/mutations.py run ../before mutations.json --python ../before/.venv/bin/python
    python benchmarks/mutations.py run . mutations.json --python .venv/bin/python

A mutation changes one token of one line that stands once in the package of either checkout, wherever its file lies, so
that the very same ones are tried on both.  They are drawn with a fixed seed.  A run works on copies of its checkout.
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
import time
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

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


def is_caught(checkout: Path, mutation: tuple[str, str], python: Path) -> tuple[bool, float]:
    """Whether a test fails, and after how many seconds."""
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
        started = time.monotonic()
        for tests in (["tests/unit"], ["tests/integration", "tests/real"]):
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
            done = subprocess.run(command, cwd=copy, capture_output=True, check=False)
            if done.returncode:
                return True, time.monotonic() - started
        return False, time.monotonic() - started


def run(checkout: Path, mutations: list[tuple[str, str]], python: Path) -> None:
    """Prints what comes of each mutation, and how many were caught."""
    caught = 0
    for number, mutation in enumerate(mutations, start=1):
        found, seconds = is_caught(checkout, mutation, python)
        caught += found
        print(
            f"{number:3} {'caught  ' if found else 'SURVIVED'} {seconds:5.0f} s  {mutation[0]}  ->  {mutation[1]}",
            flush=True,
        )
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
