"""A store that outlives what becomes of its file: damage, a full disk, a lock that is never free."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from .store import check_file, open_store

_Value = TypeVar("_Value")


class LastingStore:
    """A diskcache folder; what cannot be used any more is said, and the run goes on without it.

    Args:
        folder: it exists.
        note: receives a line for each thing that a user should hear of.

    Raises:
        OSError, sqlite3.DatabaseError: the folder cannot be written.
    """

    def __init__(self, folder: Path, note: Callable[[str], None]) -> None:
        self._folder = folder
        self._note = note
        self._off = False
        self._store = self._open()

    def use(self, action: Callable[[Any], _Value], otherwise: _Value) -> _Value:
        """What an action on the store comes to; a foreign row counts as `otherwise`, a damaged file is replaced."""
        if self._off:
            return otherwise
        try:
            return action(self._store)
        except (ValueError, TypeError):
            self._note("warning: a cache row is not text and was not read; asked again")
        except diskcache.Timeout:
            self._give_up("another process holds its lock")
        except sqlite3.OperationalError as error:
            if _says_no_space(error):
                self._give_up(f"its disk is full ({error})")
            else:
                self._note(f"warning: the cache could not be used for a moment ({error})")
        except sqlite3.DatabaseError as error:
            self._replace(error)
        return otherwise

    def close(self) -> None:
        """Closes this thread's connection."""
        with contextlib.suppress(sqlite3.Error):
            self._store.close()

    def _replace(self, damage: Exception) -> None:
        self.close()
        try:
            self._set_aside(damage)
            self._store = open_store(self._folder)
        except (OSError, sqlite3.Error) as error:
            self._give_up(f"its file is damaged and cannot be set aside ({error})")

    def _give_up(self, why: str) -> None:
        self._off = True
        self._note(f"warning: the cache is not used any more: {why}; what this run asks from here on is not kept")

    def _open(self) -> Any:
        try:
            check_file(self._folder / diskcache.core.DBNAME)
            return open_store(self._folder)
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, ValueError) as error:
            self._set_aside(error)
            return open_store(self._folder)

    def _set_aside(self, error: Exception) -> None:
        aside = f"cache.db.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
        for suffix in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                (self._folder / f"cache.db{suffix}").rename(self._folder / f"{aside}{suffix}")
        if os.path.lexists(self._folder / "cache.db"):
            raise OSError(f"cache.db is damaged ({error}) and cannot be set aside")
        self._note(f"warning: the cache file was damaged ({error}); set aside as {self._folder / aside}")


def _says_no_space(error: sqlite3.Error) -> bool:
    """Whether a file cannot grow any more, be it by the disk, a quota or a limit of the process."""
    said = f"{error} {error.__context__}"  # SQLite may undo by itself, and diskcache then fails at undoing
    return "disk is full" in said or "disk I/O error" in said
