"""Rating sheets as CSV: what people fill in with a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..domain.errors import ConfigError
from ..domain.sheet import SheetItem
from ..untrusted.paths import is_file
from ..untrusted.text import readable
from .table_rows import guarded, read_table

_LONGEST_CELL = 30_000
"""Characters; Excel breaks a cell of 32,768 in two rows."""
_FILLED = ("choice", "rating", "note", "winner")
"""Columns of what people say, be it in a sheet or in a table of votes."""
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
        ConfigError: the file holds something that a person said, or is no sheet.
    """
    if path.suffix != ".csv" or not is_file(path):
        return
    filled = sum(1 for _ in _filled(path, what))
    if filled:
        rows = "1 row" if filled == 1 else f"{filled} rows"
        raise ConfigError(f"{what}: a person has filled in {rows} of this file already; name another file")


def _filled(path: Path, what: str) -> Iterator[int]:
    for row in read_table(path, what, ("id", "rater", *_FILLED)):
        if any(str(row.values.get(name) or "").strip() for name in _FILLED):
            yield row.line


def _cell(turns: Sequence[str]) -> str:
    """What was said in all turns, as a spreadsheet can show it; of each turn as much as of the others."""
    texts = [_short(readable(text), _LONGEST_CELL // len(turns)) for text in turns]
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(f"[turn {n}]\n{text}" for n, text in enumerate(texts, start=1))


def _short(text: str, most: int) -> str:
    """A text of at most so many characters, as a spreadsheet counts them: an emoji is two."""
    units = text.encode("utf-16-le")
    return text if len(units) <= 2 * most else units[: 2 * most].decode("utf-16-le", "ignore") + "\n[... cut]"
