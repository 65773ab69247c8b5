"""Draws `table.svg`, the picture in the README, from a real run of the quickstart.

python examples/quickstart/picture.py
"""

from __future__ import annotations

import html
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = 80
CHARACTER, LINE = 8.4, 19
STYLE = "font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre"
COLOURS = {"passed": "#3fb950", "failed": "#f85149"}


def output() -> list[str]:
    """What the quickstart prints from its title on, in a fresh folder so that nothing is cached."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", HERE.name, "--color=no", "--rootdir=."]
        (Path(folder) / HERE.name).symlink_to(HERE)
        command[3] = f"{HERE.name}/mtbench.yaml"
        run = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"COLUMNS": str(COLUMNS)},
            capture_output=True,
            text=True,
            check=True,
        )
    lines = run.stdout.splitlines()
    return lines[next(number for number, line in enumerate(lines) if "MT-Bench: " in line) :]


def svg(lines: list[str]) -> str:
    """The lines as a picture of a terminal."""
    width, height = max(map(len, lines)) * CHARACTER + 24, len(lines) * LINE + 28
    rows = [
        f'<text x="12" y="{24 + number * LINE}" fill="{colour(line)}" xml:space="preserve">{html.escape(line)}</text>'
        for number, line in enumerate(lines)
    ]
    size = f'viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="What the quickstart prints">'
    ground = f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/><g style="{STYLE}">'
    return "\n".join([head, ground, *rows, "</g></svg>\n"])


def colour(line: str) -> str:
    """The colour of a line, by what it ends in."""
    return next((colour for word, colour in COLOURS.items() if line.endswith(word)), "#c9d1d9")


if __name__ == "__main__":
    (HERE / "table.svg").write_text(svg(output()), encoding="utf-8")
