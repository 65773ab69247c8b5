"""Rating sheets as CSV: what people fill in with a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..domain.errors import ConfigError
from ..domain.sheet import SheetItem
from ..untrusted.paths import is_file
from ..untrusted.text import printable
from .table_rows import guarded, read_table

_LONGEST_CELL = 30_000
"""Characters; Excel breaks a cell of 32,768 in two rows."""
_BOM = "\ufeff"
"""Without it Excel takes UTF-8 for the alphabet of the country."""


def sheet_as_csv(items: Sequence[SheetItem]) -> str:
    """The sheet: a row an item, with empty cells for what a person says.

    Cells that a spreadsheet would take for a formula or a number begin with an apostrophe; control characters are
    shown as escapes.
    """
    compared = any(item.right for item in items)
    said = ("left", "right", "choice") if compared else ("answer", "rating")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "question", *said, "rater", "note"])
    for item in items:
        questions = item.question.turns[: item.turn]
        answers = (item.left, item.right) if compared else (item.left,)
        cells = [item.id, _cell(questions), *map(_cell, answers), "", "", ""]
        writer.writerow([guarded(cell) for cell in cells])
    return _BOM + text.getvalue()


def check_unfilled(path: Path, what: str) -> None:
    """Sees to it that no sheet that a person filled in is replaced.

    Args:
        what: the option that names the file.

    Raises:
        ConfigError: the file holds a choice or a rating.
    """
    if path.suffix != ".csv" or not is_file(path):
        return
    filled = sum(1 for _ in _filled(path, what))
    if filled:
        raise ConfigError(f"{what}: a person has filled in {filled} rows of this file already; name another file")


def _filled(path: Path, what: str) -> Iterator[int]:
    for row in read_table(path, what, ("id", "choice", "rating", "rater")):
        if any(str(row.values.get(name) or "").strip() for name in ("choice", "rating")):
            yield row.line


def _cell(turns: Sequence[str]) -> str:
    """What was said in all turns, as a spreadsheet can show it."""
    if len(turns) == 1:
        return _short(printable(turns[0]))
    return _short("\n\n".join(f"[turn {n}]\n{printable(text)}" for n, text in enumerate(turns, start=1)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}\n[... cut]"
