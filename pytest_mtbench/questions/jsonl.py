"""JSON Lines with the errors that a person can act on: file, line, what is wrong."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..domain.errors import ConfigError
from ..domain.question import QuestionId

LARGEST_SET_FILE = 64 * 2**20
"""Bytes of a file of a question set; the original's largest has 50,000."""


def read_rows(path: Path, largest: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every row of a file with its line number; blank lines are passed over.

    Args:
        largest: bytes above which the file is refused unread.

    Raises:
        ConfigError: the file is missing, too large or not UTF-8, or a line is not a JSON object.
    """
    # Not splitlines(): U+2028 and its like may stand inside a JSON string.
    for number, line in enumerate(read_text(path, largest).split("\n"), start=1):
        if line.strip():
            yield number, _row(path, number, line)


def read_text(path: Path, largest: int | None = None) -> str:
    """What stands in a file.

    Args:
        largest: bytes above which the file is refused unread.

    Raises:
        ConfigError: the file is missing, too large or not UTF-8.
    """
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise ConfigError(f"{path}: not a file")
        size = status.st_size
        if largest is not None and size > largest:
            raise ConfigError(f"{path}: has {size / 2**20:.0f} MiB; at most {largest / 2**20:.0f} MiB are read")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}:{number}: not valid JSON ({error})") from error
    if not isinstance(row, dict):
        raise ConfigError(f"{path}:{number}: not a JSON object but {type(row).__name__}")
    return row


def question_id(row: dict[str, Any], path: Path, number: int) -> QuestionId:
    """The id of the question that a row is about.

    Raises:
        ConfigError: it is neither a whole number nor a text.
    """
    value = row.get("question_id")
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ConfigError(f"{path}:{number}: question_id must be a whole number or a text, not {value!r}")
    return value
