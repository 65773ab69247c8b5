"""Replies kept on disk, so that nothing is paid for twice.

diskcache keeps the rows (SQLite); the values are JSON text.  The folder may come from an untrusted CI cache:
nothing in it is unpickled, no file that a row names is opened or deleted, and a row counts only where the
request that it holds is the one that is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from ..domain.chat import ChatReply, ChatRequest
from ..domain.errors import ConfigError
from ..untrusted.text import shorten
from .store import check_file, open_store

CLAIM_SECONDS = 6.0
"""How long a claim on a request lasts unless it is renewed; what a killed run leaves behind."""

_LONGEST_SECONDS = 86_400.0
"""What a row says beyond it was not written by a run."""

LARGEST_ROW = 64 * 2**20
"""Characters of a row; the longest reply that a test knows has 10 million."""

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This is the cache of pytest-mtbench; it may be deleted.\n"
_Value = TypeVar("_Value")


class ReplyCache:
    """Replies by request, shared by every run that uses the folder.

    All methods block for well under a millisecond as a rule; call them from one thread.

    Args:
        folder: created with its own `.gitignore` and `CACHEDIR.TAG`.
        note: receives a line for each thing that a user should hear of.

    Raises:
        ConfigError: the folder cannot be written.
    """

    def __init__(self, folder: Path, note: Callable[[str], None]) -> None:
        self._folder = folder
        self._note = note
        self._owner = uuid.uuid4().hex
        self._warned: set[str] = set()
        self._off = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
                if not (folder / name).exists() and not (folder / name).is_symlink():
                    (folder / name).write_text(text, encoding="utf-8")
            self._store = self._open()
            self._store.close()  # each thread has a connection of its own; this one is not used again
        except (OSError, sqlite3.DatabaseError) as error:
            raise ConfigError(
                f"the cache folder {folder} cannot be used ({error}); name another with --mtbench-cache-dir "
                "or switch it off with --mtbench-cache=off"
            ) from error

    def get(self, request: ChatRequest) -> ChatReply | None:
        """The stored reply to this very request, or None."""
        key = request.key
        row = self._guarded(lambda: self._store.get(key), None)
        if row is None:
            return None
        if len(row) > LARGEST_ROW:
            self._warn("is larger than any reply", key)
            return None
        try:
            stored = json.loads(row)
            if stored["request"] != request.identity:
                self._warn("holds another request", key)
                return None
            return ChatReply.from_json(stored["reply"])
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            self._warn("does not parse", key)
            return None

    def put(self, request: ChatRequest, reply: ChatReply, slot: str, step: str) -> None:
        """Stores a reply.

        Args:
            slot: names what was asked apart from how, so that a later miss can be explained.
            step: names what the reply's time is a hint for.
        """
        key = request.key
        row = json.dumps({"request": request.identity, "reply": reply.as_json()})

        def write() -> None:
            with self._store.transact():
                self._store.set(key, row)
                self._store.set(_slot_name(slot), key)
                self._store.set(_step_name(step), f"{reply.seconds:.3f}")
                self._store.delete(f"claim:{key}")

        self._guarded(write, None)

    def seconds(self, steps: Iterable[str]) -> dict[str, float]:
        """How long the last stored reply of each step took; steps of which that is not known are left out."""

        def read() -> dict[str, float]:
            return {step: _seconds(self._store.get(_step_name(step))) for step in steps}

        none: dict[str, float] = {}
        return {step: one for step, one in self._guarded(read, none).items() if 0 < one < _LONGEST_SECONDS}

    def claim(self, request: ChatRequest) -> bool:
        """Whether this run may ask; False where another run on the same folder is asking already."""

        def take() -> bool:
            with self._store.transact():
                if self._is_taken(request):
                    return False
                self._store.set(_claim_name(request), self._owner, expire=CLAIM_SECONDS)
                return True

        return self._guarded(take, True)

    def is_claimed(self, request: ChatRequest) -> bool:
        """Whether another run on the same folder is asking."""
        return self._guarded(lambda: self._is_taken(request), False)

    def _is_taken(self, request: ChatRequest) -> bool:
        owner, ends = self._store.get(_claim_name(request), (None, None), expire_time=True)
        # A claim of more than its time was made by no run, and would hold up every run.
        known = isinstance(ends, int | float) and ends <= time.time() + CLAIM_SECONDS
        return owner not in (None, self._owner) and known

    def renew(self, requests: Sequence[ChatRequest]) -> None:
        """Keeps claims alive; a run calls it more often than claims expire."""

        def touch() -> None:
            with self._store.transact():
                for name in map(_claim_name, requests):
                    if self._store.get(name) == self._owner:
                        self._store.touch(name, expire=CLAIM_SECONDS)

        self._guarded(touch, None)

    def release(self, request: ChatRequest) -> None:
        """Gives a claim back without a reply, unless another run has it by now."""

        def give_back() -> None:
            with self._store.transact():
                if self._store.get(_claim_name(request)) == self._owner:
                    self._store.delete(_claim_name(request))

        self._guarded(give_back, None)

    def explain_miss(self, request: ChatRequest, slot: str) -> str:
        """Which part of the key differs from what was last stored for the slot."""
        key = self._guarded(lambda: self._store.get(_slot_name(slot)), None)
        row = self._guarded(lambda: self._store.get(key), None) if key else None
        try:
            stored = json.loads(row)["request"] if row else None
            changed = [name for name, value in request.identity.items() if stored and stored.get(name) != value]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            stored, changed = None, []
        if not stored or not changed:
            return "nothing was stored for it"
        return "; ".join(_difference(name, stored.get(name), request.identity[name]) for name in changed)

    def is_empty(self) -> bool:
        """Whether the folder holds no reply at all."""
        try:
            return not self._guarded(lambda: any(":" not in key for key in self._store), True)
        finally:
            self.close()  # this thread's connection, which is not used again

    def close(self, release: Sequence[ChatRequest] = ()) -> None:
        """Gives claims back and closes the file."""
        for request in release:
            self.release(request)
        with contextlib.suppress(sqlite3.Error):
            self._store.close()

    def _open(self) -> Any:
        try:
            check_file(self._folder / diskcache.core.DBNAME)
            return open_store(self._folder)
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, ValueError) as error:
            self._set_aside(error)
            return open_store(self._folder)

    def _guarded(self, action: Callable[[], _Value], otherwise: _Value) -> _Value:
        """Runs an action; a foreign row counts as `otherwise`, a damaged file is replaced first."""
        if self._off:
            return otherwise
        try:
            return action()
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

    def _warn(self, what: str, key: str) -> None:
        """Says once what is wrong with rows, with the first of them."""
        if what not in self._warned:
            self._warned.add(what)
            self._note(f"warning: a row of the cache {what} ({key[:12]}); such rows are asked for again")

    def _set_aside(self, error: Exception) -> None:
        aside = f"cache.db.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{self._owner[:6]}"
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


def _slot_name(slot: str) -> str:
    return "slot:" + ascii(slot)[1:-1]  # an id may hold lone surrogates, which SQLite does not take


def _step_name(step: str) -> str:
    return "seconds:" + ascii(step)[1:-1]


def _seconds(row: str | None) -> float:
    try:
        return float(row or 0)
    except ValueError:
        return 0.0  # a hint is worth no warning


def _claim_name(request: ChatRequest) -> str:
    return f"claim:{request.key}"


def _difference(name: str, before: object, now: object) -> str:
    if name == "messages":
        return "messages: the text that is asked has changed"
    return f"{name}: stored for {shorten(repr(before), 80)}, asked for {shorten(repr(now), 80)}"
