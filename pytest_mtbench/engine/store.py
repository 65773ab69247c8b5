"""A diskcache folder that holds text only, and the look at a file before it is trusted."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import diskcache

_SETTINGS = {
    **diskcache.DEFAULT_SETTINGS,
    "eviction_policy": "none",  # an answer that was paid for is not dropped behind the user's back
    "cull_limit": 0,
    "sqlite_mmap_size": 0,  # a file that another process cuts short would end this one with SIGBUS
}
_AS_GOOD = {"sqlite_mmap_size": diskcache.DEFAULT_SETTINGS["sqlite_mmap_size"]}
_COUNTERS = frozenset({"count", "size", "hits", "misses"})
_JOURNAL_SECONDS = 1.0
"""diskcache has a journal for a moment while it makes the file; one that stays came from elsewhere."""


class TextDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Stores text in SQLite rows and nothing else: no pickle is written or read, no other file touched."""

    def put(self, key: object) -> tuple[object, bool]:
        """Keys are text."""
        if not isinstance(key, str):
            raise TypeError(f"a cache key must be text, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: bool) -> object:
        """Keys are text; a foreign one is never read and has a name that is none of ours."""
        return key if raw and isinstance(key, str) else "foreign:"

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, str]:  # noqa: ARG002
        """Values are text, whatever their length."""
        if read or not isinstance(value, str):
            raise TypeError(f"a cache value must be text, not {type(value).__name__}")
        return 0, diskcache.core.MODE_RAW, None, value

    def fetch(self, mode: int, filename: object, value: object, read: bool) -> str:
        """Refuses every row that is not plain text."""
        if read or mode != diskcache.core.MODE_RAW or filename is not None or not isinstance(value, str):
            raise ValueError("a foreign row: its value is not text")
        return value

    def remove(self, file_path: object) -> None:
        """No row of ours names a file, so a name that stands there is not ours to delete."""


def open_store(folder: Path) -> Any:
    """A `diskcache.Cache` that holds text only.

    Raises:
        OSError: the folder's name means another folder to diskcache, which expands variables in it.
    """
    name = str(folder)
    if os.path.expandvars(os.path.expanduser(name)) != name:  # noqa: PTH111 - what diskcache does
        raise OSError(f"diskcache takes the name {name} for one with a variable or a home folder in it")
    return diskcache.Cache(str(folder), disk=TextDisk, timeout=30, **_SETTINGS)


def check_file(path: Path) -> None:
    """Looks at a file before SQLite and diskcache trust what stands in it.

    A journal beside a file can name other files that SQLite deletes, and diskcache turns rows of the Settings table
    into attributes of its own; so only a file that is in every part as diskcache makes it is taken.

    Raises:
        ValueError, sqlite3.DatabaseError: it is not.
    """
    _check_is_file(path)
    journal = path.with_name(f"{path.name}-journal")
    deadline = time.monotonic() + _JOURNAL_SECONDS
    while journal.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if journal.exists():
        raise ValueError("it has a journal, which a finished run does not leave")
    for suffix in ("-wal", "-shm"):
        _check_is_file(path.with_name(path.name + suffix))
    if not path.exists() or not path.stat().st_size:
        return
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        try:
            schema = _schema(connection)
            if not schema <= _own_schema():
                raise ValueError("its tables are not those of diskcache")
            if ("table", "Settings") in {row[:2] for row in schema}:
                _check_settings(dict(connection.execute("SELECT key, value FROM Settings")))
        except sqlite3.OperationalError as error:
            if "decode" in str(error):
                raise ValueError("it holds text that is not UTF-8") from error
            raise


def _check_is_file(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ValueError(f"{path.name} is not a file")


def _check_settings(settings: dict[object, object]) -> None:
    for name, value in settings.items():
        if name in _COUNTERS:
            if not isinstance(value, int) or value < 0:
                raise ValueError(f"its counter {name} is not one")
        elif name == "disk_pickle_protocol":
            continue  # that of the Python that made the file; nothing here is ever pickled
        elif name not in _SETTINGS or value not in (_SETTINGS[str(name)], _AS_GOOD.get(str(name))):
            raise ValueError("it holds settings of others")


@cache
def _own_schema() -> frozenset[tuple[str, str, str | None]]:
    """What diskcache's own file holds: type, name and SQL of each part."""
    with tempfile.TemporaryDirectory() as folder:
        open_store(Path(folder)).close()
        with contextlib.closing(sqlite3.connect(Path(folder) / diskcache.core.DBNAME)) as connection:
            return _schema(connection)


def _schema(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str | None]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return frozenset(rows)
