"""Rows of a table that a person made: JSON lines, a JSON array, or CSV as whatever program saved it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from ..domain.errors import ConfigError
from ..untrusted.text import shorten
from .report_text import parsed, read_text

LARGEST_TABLE = 256 * 2**20
"""Bytes; the 3,355 published votes with their conversations have 20 million."""

SUFFIXES = (".jsonl", ".json", ".csv")
_DELIMITERS = ",;\t"
_BETWEEN = re.compile(r"[\s,]*")
_ILLEGIBLE = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as `surrogateescape` reads them."""


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
    elif text.lstrip()[:1] == "[":
        yield from _array_rows(text, path)
    else:
        # Not splitlines(): U+2028 and its like may stand inside a JSON string.
        for line, part in enumerate(text.split("\n"), start=1):
            if part.strip():
                yield _json_row(part, line, path)


def _text_of(path: Path, what: str) -> str:
    """The text of a file.

    What of CSV is not UTF-8 stays as surrogates: a spreadsheet writes whatever its country does, and only the cells
    that count must be legible; see `_check_legible`.
    """
    is_csv = path.suffix.lower() == ".csv"
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{what}: must be a .jsonl, .json or .csv file; a spreadsheet saves one as CSV UTF-8")
    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise ConfigError(f"{what}: is larger than {LARGEST_TABLE / 2**20:.0f} MiB, which no table of votes is")
        text = read_text(path, errors="surrogateescape" if is_csv else "strict")
    except FileNotFoundError:
        raise ConfigError(f"{what}: no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (at byte {error.start})") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{what}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if is_csv and "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ConfigError(f"{path}:{line}: UTF-16, or no text at all; have the spreadsheet save it as CSV UTF-8")
    return text


def _json_row(part: str, line: int, path: Path) -> TableRow:
    try:
        row = parsed(part)
        if not isinstance(row, dict):
            raise ConfigError(f"{path}:{line}: not a JSON object, but {type(row).__name__}")
        return TableRow(line, _columns(row))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}:{line}: not a JSON object in one line ({_why(error)})") from error
    except ValueError as error:
        raise ConfigError(f"{path}:{line}: {error}") from error


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


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
            at = error.lineno if isinstance(error, json.JSONDecodeError) else line
            raise ConfigError(f"{path}:{at}: not a JSON array of objects ({_why(error)})") from error
        yield _json_row(text[start:place], line, path)


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    names = [name.strip().lower() for name in row]
    twice = _twice(names)
    if twice is not None:
        raise ValueError(f"the column {twice} stands twice")
    return dict(zip(names, row.values(), strict=True))


def _twice(names: Sequence[str]) -> str | None:
    """The first name that stands twice."""
    if len({*names}) == len(names):
        return None
    return next(shorten(name, 40) for name in names if names.count(name) > 1)


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
                header = _header(cells, path, start, known)
                continue
            if len(cells) > len(header):
                raise ConfigError(
                    f"{path}:{start}: has {len(cells)} cells, and the header {len(header)} columns; a comma within a "
                    "cell needs quotes, and nothing may stand beside the table"
                )
            # Excel leaves out the empty cells at the end of a row.
            row = TableRow(start, dict(zip_longest(header, map(unguarded, cells), fillvalue="")))
            _check_legible(row, path, known)
            yield row
    except csv.Error as error:
        # Not the reader's line: a quote that is never closed is looked for up to the end.
        raise ConfigError(f"{path}:{end + 1}: not CSV ({error})") from error


def _check_legible(row: TableRow, path: Path, known: Sequence[str]) -> None:
    for name in known:
        if _ILLEGIBLE.search(row.values.get(name, "")):
            raise ConfigError(
                f"{path}:{row.line}: {name}: has letters that are not UTF-8, so that it cannot be told who or what is "
                "meant; have the spreadsheet save it as CSV UTF-8"
            )


def _header(cells: Sequence[str], path: Path, line: int, known: Sequence[str]) -> list[str]:
    # A program that takes UTF-8 for its country's alphabet has made three letters of the byte order mark.
    legible = (_ILLEGIBLE.sub("", cell).removeprefix("\u00ef\u00bb\u00bf") for cell in cells)
    names = [cell.strip("\ufeff\ufffd ").strip().lower() for cell in legible]
    twice = _twice([name for name in names if name])
    if twice is not None:
        raise ConfigError(f"{path}:{line}: the column {twice} stands twice")
    if not set(names) & set(known):
        there = ", ".join(shorten(name, 40) for name in names[:8])
        raise ConfigError(f"{path}:{line}: columns: none of {', '.join(known)}; there is {there}")
    return names


def _delimiter(text: str, known: Sequence[str]) -> str:
    """What stands between the cells: that which makes the most known columns of the first line.

    Excel writes semicolons where the comma is the decimal mark, and tabs where somebody copies cells.
    """
    first = text.lstrip().partition("\n")[0]

    def found(delimiter: str) -> int:
        names = {name.strip().strip('"').lower() for name in first.split(delimiter)}
        return len(names & set(known))

    return max(_DELIMITERS, key=found)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_LIKE_A_NUMBER = re.compile(r"[\s(.,$€£¥]*[0-9][0-9eE\s.,:/%()$€£¥+-]*")


def guarded(cell: str) -> str:
    """A cell that a spreadsheet takes for text: what would be a formula, a number or a date begins with an apostrophe.

    An id of digits alone would come back as 1.2E+11, `12e45...` as infinity, and the answer `1/2` as 2 January.
    """
    return f"'{cell}" if cell.startswith(_FORMULA) or _LIKE_A_NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`."""
    rest = cell[1:]
    return rest if cell[:1] == "'" and guarded(rest) == cell else cell
