"""The text of a JSON report: what stands where, since a refusal names the line."""

from __future__ import annotations

import json
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TURNS = re.compile(r'"turns"\s*:\s*\[')
_ID = re.compile(r'"question_id"\s*:')
_BETWEEN = re.compile(r"[\s,]*")


def read_text(path: Path, errors: str = "strict") -> str:
    """The text of a file.

    Args:
        errors: what becomes of bytes that are not UTF-8.

    Raises:
        OSError, ValueError: it is not there, no file, or not UTF-8.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a FIFO would be waited for without end
        raise OSError("not a file")
    return path.read_text(encoding="utf-8-sig", errors=errors)


def parsed(text: str) -> Any:
    """The values of a JSON text.

    Raises:
        ValueError: it is none, or a key of it stands twice; of which a reader would take one and a person the other.
    """
    return json.loads(text, object_pairs_hook=_once)


def line_of(text: str, row: int) -> int:
    """The line of the key `question_id` of a row of `turns`, from 0; 1 where there is no such row."""
    spans = list(_row_spans(text, row))
    if len(spans) <= row:
        return 1
    start, end = spans[row]
    found = _ID.search(text, start, end)
    return text.count("\n", 0, found.start() if found else start) + 1


def _row_spans(text: str, last: int) -> Iterator[tuple[int, int]]:
    """Where each row of `turns` starts and ends, up to one of them."""
    head = _TURNS.search(text)
    place = head.end() if head else len(text)
    decoder = json.JSONDecoder()
    for _ in range(last + 1):
        between = _BETWEEN.match(text, place)
        start = between.end() if between else place
        try:
            _, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield start, place


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        where = ""
        if "question_id" in values:
            where = f" of question {values['question_id']!r}, turn {values.get('turn')!r}"
        raise ValueError(f"the key {twice[:40]!r}{where} stands twice")
    return values
