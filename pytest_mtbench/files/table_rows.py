"""Rows of a table that a person made: JSON lines, a JSON array, or CSV as whatever program saved it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..domain.errors import ConfigError
from .report_text import parsed, read_text

LARGEST_TABLE = 256 * 2**20
"""Bytes; the 3,355 published votes with their conversations have 20 million."""

SUFFIXES = (".jsonl", ".json", ".csv")
_DELIMITERS = ",;\t"
_BETWEEN = re.compile(r"[\s,]*")


class TableRow(NamedTuple):
    """A row and the line that it begins at, from 1.

    Args:
        values: by column; names in small letters, without spaces around them.
    """

    line: int
    values: dict[str, Any]


def read_table(path: Path, what: str, known: Sequence[str]) -> Iterator[TableRow]:
    """The rows of a file, told by its suffix.

    Args:
        what: the option or key that names it, for messages.
        known: columns of which a CSV file has some: they tell what stands between its cells.

    Raises:
        ConfigError: it is missing, too large, not UTF-8, or not such a table; file and line are named.
    """
    text = _text_of(path, what)
    if path.suffix.lower() == ".csv":
        yield from _csv_rows(text, path, known)
    elif path.suffix.lower() == ".json" and text.lstrip()[:1] == "[":
        yield from _array_rows(text, path)
    else:
        # Not splitlines(): U+2028 and its like may stand inside a JSON string.
        for line, part in enumerate(text.split("\n"), start=1):
            if part.strip():
                yield _json_row(part, line, path)


def _text_of(path: Path, what: str) -> str:
    """The text of a file.

    What of CSV is not UTF-8 becomes U+FFFD: a spreadsheet writes whatever its country does, and only the cells that
    count must be legible; see `_check_legible`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{what}: must be a {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file")
    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise ConfigError(f"{what}: is larger than {LARGEST_TABLE / 2**20:.0f} MiB, which no table of votes is")
        return read_text(path, errors="replace" if path.suffix.lower() == ".csv" else "strict")
    except FileNotFoundError:
        raise ConfigError(f"{what}: no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (at byte {error.start})") from error
    except OSError as error:
        raise ConfigError(f"{what}: cannot be read ({error.strerror or error})") from error


def _json_row(part: str, line: int, path: Path) -> TableRow:
    try:
        return TableRow(line, _columns(parsed(part)))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}:{line}: not a JSON object ({error})") from error


def _array_rows(text: str, path: Path) -> Iterator[TableRow]:
    """The objects of a JSON array; each has the line that it begins at."""
    decoder = json.JSONDecoder()
    place, line, counted = text.index("[") + 1, 1, 0
    while True:
        between = _BETWEEN.match(text, place)
        start = between.end() if between else place
        line, counted = line + text.count("\n", counted, start), start
        if text[start : start + 1] == "]" and not text[start + 1 :].strip():
            return
        try:
            _, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}:{line}: not a JSON array of objects ({error})") from error
        yield _json_row(text[start:place], line, path)


def _columns(row: object) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f"but {type(row).__name__}")  # noqa: TRY004 - what the file says is wrong, not a type of ours
    return {str(name).strip().lower(): value for name, value in row.items()}


def _csv_rows(text: str, path: Path, known: Sequence[str]) -> Iterator[TableRow]:
    delimiter = _delimiter(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    end = 0
    try:
        for cells in reader:
            start, end = end + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, path, start)
                continue
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                raise ConfigError(f"{path}:{start}: has {len(cells)} cells, and the header {len(header)} columns")
            row = TableRow(start, dict(zip(header, (unguarded(cell) for cell in cells), strict=False)))
            _check_legible(row, path, known)
            yield row
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: not CSV ({error})") from error


def _check_legible(row: TableRow, path: Path, known: Sequence[str]) -> None:
    for name in known:
        if "\ufffd" in str(row.values.get(name, "")):
            raise ConfigError(
                f"{path}:{row.line}: {name}: has letters that are not UTF-8, so that it cannot be told who or what is "
                "meant; have the spreadsheet save it as CSV UTF-8"
            )


def _header(cells: Sequence[str], path: Path, line: int) -> list[str]:
    # A program that takes UTF-8 for its country's alphabet has made three letters of the byte order mark.
    names = [cell.removeprefix("\u00ef\u00bb\u00bf").strip("\ufeff\ufffd ").lower() for cell in cells]
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{path}:{line}: the column {twice} stands twice")
    return names


def _delimiter(text: str, known: Sequence[str]) -> str:
    """What stands between the cells: that which makes the most known columns of the first line.

    Excel writes semicolons where the comma is the decimal mark, and tabs where somebody copies cells.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")

    def found(delimiter: str) -> int:
        names = {name.strip().strip('"').lower() for name in first.split(delimiter)}
        return len(names & set(known))

    return max(_DELIMITERS, key=found)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "'")
_NUMBER = re.compile(r"[0-9]+(e[0-9]+)?")


def guarded(cell: str) -> str:
    """A cell that a spreadsheet takes for text: what would be a formula, or a number, begins with an apostrophe.

    An id of digits alone would come back as 1.2E+11, and `12e45...` as infinity.
    """
    return f"'{cell}" if cell.startswith(_FORMULA) or _NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`."""
    rest = cell[1:]
    return rest if cell[:1] == "'" and guarded(rest) == cell else cell
