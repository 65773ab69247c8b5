"""How xdist's workers reach the one engine of the run, which lives in the controller.

Every worker holds every item, so an engine in each would ask for everything as often as there are workers.  The
channel is a private diskcache folder of the run: workers push the turns that they want, the controller measures
each once and stores the results.

Beside the rows lies a file whose time the controller sets again and again.  It goes when the controller stops, which
also a full disk allows; a worker that sees it gone or unchanged for long waits no longer.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import diskcache

from ..domain.chat import Kind
from ..domain.errors import FatalError, StoppedError
from ..domain.result import TurnKey, TurnResult
from .store import open_store
from .wishes import Wish

if TYPE_CHECKING:  # a worker has no engine
    from .runner import LocalRunner

_POLL_SECONDS = 0.02
_BEAT_SECONDS = 1.0
_LOCKED_SECONDS = 60.0
SILENT_SECONDS = 120.0
"""A controller that gives no sign of life for so long is given up."""
_STOP = "stop"
_WANTED = "wanted"
_ALIVE = "alive"
_STOPPED = "the run was stopped before this turn was measured"

_T = TypeVar("_T")


class RemoteRunner:
    """The engine as a worker sees it.

    Args:
        folder: the channel's folder, made by the controller.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = _opened(folder)
        self._asked: set[Wish] = set()
        self._parent = os.getppid()
        self._seen = 0
        self._silent = 0.0

    def want(self, keys: Iterable[TurnKey], runs: int | None = None, upto: Kind = "judgment") -> None:
        """Asks the controller to measure turns; returns at once.

        Raises:
            FatalError: the channel cannot be written.
        """
        new = [Wish(key, runs, upto) for key in keys if (key, runs, upto) not in self._asked]
        if new:
            self._use(lambda: self._store.push(json.dumps(new), prefix=_WANTED))
            self._asked.update(new)

    def result(self, key: TurnKey, runs: int | None = None, upto: Kind = "judgment") -> TurnResult:
        """Waits for one turn; see `Runner`."""
        self.want([key], runs, upto)
        name = _name(Wish(key, runs, upto))
        while True:
            gone = self._is_gone()  # before the last look: the result may have come with the end
            text = self._use(lambda: self._store.get(name))
            if text is not None:
                return _read(text)
            why = self._use(lambda: self._store.get(_STOP))
            if why is not None:
                raise FatalError(why) if why else StoppedError(_STOPPED)
            if gone:
                raise FatalError(
                    "the process that asks the models is not heard any more (it ended, hangs, or cannot write to "
                    f"{self._folder})"
                )
            time.sleep(_POLL_SECONDS)
            self._silent += _POLL_SECONDS  # counted and not clocked: a suspended run has not been silent

    def close(self) -> None:
        """Closes the channel's file."""
        with contextlib.suppress(sqlite3.Error):
            self._store.close()

    def _is_gone(self) -> bool:
        try:
            beat = (self._folder / _ALIVE).stat().st_mtime_ns
        except OSError:
            return True
        if beat != self._seen:
            self._seen, self._silent = beat, 0.0
        return self._silent > SILENT_SECONDS or os.getppid() != self._parent

    def _use(self, action: Callable[[], _T]) -> _T:
        return _patiently(action, self._folder)


class ChannelServer:
    """The controller's end: a thread that takes wishes to the engine and brings results back.

    Args:
        folder: an empty folder of this run alone.
        runner: the engine.
        while_serving: called about once a second.

    Raises:
        FatalError: the folder cannot be written.
    """

    def __init__(self, folder: Path, runner: LocalRunner, while_serving: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._runner = runner
        self._while_serving = while_serving
        self.failure = ""
        """Why it cannot serve any more, where that is so."""
        self._done: queue.SimpleQueue[tuple[Wish, str]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="mtbench-channel", daemon=True)
        # Made here, so that no two workers make the tables at once.
        _opened(folder).close()
        with _said(folder):
            (folder / _ALIVE).touch()

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Tells every waiting worker that nothing more comes, and ends the thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _serve(self) -> None:
        try:
            self._serve_until_ended()
        except Exception as error:  # noqa: BLE001 - whatever it is, workers wait for this thread
            self.failure = str(error) if isinstance(error, FatalError) else f"the run's channel failed: {error!r}"
        finally:
            with contextlib.suppress(Exception):
                store = open_store(self._folder)
                store.set(_STOP, self.failure)
                store.close()
            (self._folder / _ALIVE).unlink(missing_ok=True)

    def _serve_until_ended(self) -> None:
        store = _opened(self._folder)
        known: set[Wish] = set()
        beat = 0.0
        with contextlib.closing(store):
            while not self._ended.wait(_POLL_SECONDS):
                for wish in _patiently(lambda: _pull(store), self._folder):
                    if wish not in known:
                        known.add(wish)
                        self._measure(wish)
                while not self._done.empty():
                    wish, text = self._done.get()
                    _put(store, self._folder, wish, text)
                if time.monotonic() - beat > _BEAT_SECONDS:
                    beat = time.monotonic()
                    os.utime(self._folder / _ALIVE)
                    self._while_serving()
                    if known:
                        self._runner.check_alive()

    def _measure(self, wish: Wish) -> None:
        def finished(future: Future[TurnResult]) -> None:
            try:
                text = json.dumps({"result": future.result().as_json()})
            except FatalError as error:
                text = json.dumps({"fatal": str(error)})
            except (CancelledError, StoppedError):
                fatal = self._runner.fatal
                text = json.dumps({"fatal": str(fatal)} if fatal else {"stopped": True})
            except BaseException as error:  # noqa: BLE001 - a worker waits for this turn: it must hear of a bug too
                text = json.dumps({"bug": "".join(traceback.format_exception(error))})
            self._done.put((wish, text))

        try:
            self._runner.submit(*wish).add_done_callback(finished)
        except StoppedError:
            self._done.put((wish, json.dumps({"stopped": True})))
        except Exception as error:  # noqa: BLE001 - as above
            self._done.put((wish, json.dumps({"bug": "".join(traceback.format_exception(error))})))


def _opened(folder: Path) -> Any:
    with _said(folder):
        return open_store(folder)


@contextlib.contextmanager
def _said(folder: Path) -> Iterator[None]:
    """Says what a folder that cannot be used means, and what to do."""
    try:
        yield
    except (OSError, sqlite3.Error, diskcache.Timeout) as error:
        why = str(error) or "its lock is never free"
        raise FatalError(
            f"xdist's workers cannot reach the run through {folder} ({why}): is the disk full? "
            "TMPDIR names another place"
        ) from error


def _patiently(action: Callable[[], _T], folder: Path) -> _T:
    """Waits for the lock of the channel's file, but not for ever: diskcache takes a full disk for a lock."""
    deadline = time.monotonic() + _LOCKED_SECONDS
    with _said(folder):
        while True:
            try:
                return action()
            except diskcache.Timeout:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_SECONDS)


def _put(store: Any, folder: Path, wish: Wish, text: str) -> None:
    _patiently(lambda: store.set(_name(wish), text), folder)


def _pull(store: Any) -> list[Wish]:
    wishes: list[Wish] = []
    while True:
        try:
            _, text = store.pull(prefix=_WANTED, default=(None, None))
        except diskcache.Timeout:
            if wishes:  # they are out of the file
                return wishes
            raise
        if text is None:
            return wishes
        wishes += [Wish(TurnKey(*key), *rest) for key, *rest in json.loads(text)]


def _name(wish: Wish) -> str:
    return "result:" + json.dumps(wish)


def _read(text: str) -> TurnResult:
    row = json.loads(text)
    if "fatal" in row:
        raise FatalError(row["fatal"])
    if "stopped" in row:
        raise StoppedError(_STOPPED)
    if "bug" in row:
        raise RuntimeError(f"the engine failed in the controller:\n{row['bug']}")
    return TurnResult.from_json(row["result"])
