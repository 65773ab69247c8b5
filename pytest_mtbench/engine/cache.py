"""Replies kept on disk, so that nothing is paid for twice.

diskcache keeps the rows (SQLite); the values are JSON text.  The folder may come from an untrusted CI cache:
nothing in it is unpickled, no file that a row names is opened or deleted, and a row counts only where the
request that it holds is the one that is asked.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..domain.chat import ChatReply, ChatRequest
from ..domain.errors import ConfigError
from ..untrusted.text import shorten
from .lasting_store import LastingStore

CLAIM_SECONDS = 6.0
"""How long a claim on a request lasts unless it is renewed; what a killed run leaves behind."""

_LONGEST_SECONDS = 86_400.0
"""What a row says beyond it was not written by a run."""

LARGEST_ROW = 64 * 2**20
"""Characters of a row; the longest reply that a test knows has 10 million."""

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This is the cache of pytest-mtbench; it may be deleted.\n"


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
        self._note = note
        self._owner = uuid.uuid4().hex
        self._warned: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
                if not (folder / name).exists() and not (folder / name).is_symlink():
                    (folder / name).write_text(text, encoding="utf-8")
            self._store = LastingStore(folder, note)
            self._store.close()  # each thread has a connection of its own; this one is not used again
        except (OSError, sqlite3.DatabaseError) as error:
            raise ConfigError(
                f"the cache folder {folder} cannot be used ({error}); name another with --mtbench-cache-dir "
                "or switch it off with --mtbench-cache=off"
            ) from error

    def get(self, request: ChatRequest) -> ChatReply | None:
        """The stored reply to this very request, or None."""
        key = request.key
        row = self._store.use(lambda store: store.get(key), None)
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

        def write(store: Any) -> None:
            with store.transact():
                store.set(key, row)
                store.set(_slot_name(slot), key)
                store.set(_step_name(step), f"{reply.seconds:.3f}")
                store.delete(f"claim:{key}")

        self._store.use(write, None)

    def seconds(self, steps: Iterable[str]) -> dict[str, float]:
        """How long the last stored reply of each step took; steps of which that is not known are left out."""

        def read(store: Any) -> dict[str, float]:
            return {step: _seconds(store, step) for step in steps}

        none: dict[str, float] = {}
        return {step: one for step, one in self._store.use(read, none).items() if 0 < one < _LONGEST_SECONDS}

    def claim(self, request: ChatRequest) -> bool:
        """Whether this run may ask; False where another run on the same folder is asking already."""

        def take(store: Any) -> bool:
            with store.transact():
                if self._is_taken(store, request):
                    return False
                store.set(_claim_name(request), self._owner, expire=CLAIM_SECONDS)
                return True

        return self._store.use(take, True)

    def is_claimed(self, request: ChatRequest) -> bool:
        """Whether another run on the same folder is asking."""
        return self._store.use(lambda store: self._is_taken(store, request), False)

    def _is_taken(self, store: Any, request: ChatRequest) -> bool:
        owner, ends = store.get(_claim_name(request), (None, None), expire_time=True)
        # A claim of more than its time was made by no run, and would hold up every run.
        known = isinstance(ends, int | float) and ends <= time.time() + CLAIM_SECONDS
        return owner not in (None, self._owner) and known

    def renew(self, requests: Sequence[ChatRequest]) -> None:
        """Keeps claims alive; a run calls it more often than claims expire."""

        def touch(store: Any) -> None:
            with store.transact():
                for name in map(_claim_name, requests):
                    if store.get(name) == self._owner:
                        store.touch(name, expire=CLAIM_SECONDS)

        self._store.use(touch, None)

    def release(self, request: ChatRequest) -> None:
        """Gives a claim back without a reply, unless another run has it by now."""

        def give_back(store: Any) -> None:
            with store.transact():
                if store.get(_claim_name(request)) == self._owner:
                    store.delete(_claim_name(request))

        self._store.use(give_back, None)

    def explain_miss(self, request: ChatRequest, slot: str) -> str:
        """Which part of the key differs from what was last stored for the slot."""
        key = self._store.use(lambda store: store.get(_slot_name(slot)), None)
        row = self._store.use(lambda store: store.get(key), None) if key else None
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
            return not self._store.use(lambda store: any(":" not in key for key in store), True)
        finally:
            self.close()  # this thread's connection, which is not used again

    def close(self, release: Sequence[ChatRequest] = ()) -> None:
        """Gives claims back and closes the file."""
        for request in release:
            self.release(request)
        self._store.close()

    def _warn(self, what: str, key: str) -> None:
        """Says once what is wrong with rows, with the first of them."""
        if what not in self._warned:
            self._warned.add(what)
            self._note(f"warning: a row of the cache {what} ({key[:12]}); such rows are asked for again")


def _slot_name(slot: str) -> str:
    return "slot:" + ascii(slot)[1:-1]  # an id may hold lone surrogates, which SQLite does not take


def _step_name(step: str) -> str:
    return "seconds:" + ascii(step)[1:-1]


def _seconds(store: Any, step: str) -> float:
    try:
        return float(store.get(_step_name(step)) or 0)
    except (ValueError, TypeError):  # also a foreign row
        return 0.0  # a hint is worth no warning


def _claim_name(request: ChatRequest) -> str:
    return f"claim:{request.key}"


def _difference(name: str, before: object, now: object) -> str:
    if name == "messages":
        return "messages: the text that is asked has changed"
    return f"{name}: stored for {shorten(repr(before), 80)}, asked for {shorten(repr(now), 80)}"
