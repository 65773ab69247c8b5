"""How xdist's workers reach the one engine of the run, which lives in the controller.

Every worker holds every item, so an engine in each would ask for everything as often as there are workers.  The
channel is a private diskcache folder of the run: workers push the turns that they want, the controller measures
each once and stores the results.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import traceback
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import NamedTuple

from ..domain.errors import FatalError, StoppedError
from ..domain.result import TurnKey, TurnResult
from .runner import LocalRunner
from .store import open_store

_POLL_SECONDS = 0.02
_STOP = "stop"
_WANTED = "wanted"


class _Wish(NamedTuple):
    """A turn that a worker wants, of so many runs (None: as many as its plan says)."""

    key: TurnKey
    runs: int | None


class RemoteRunner:
    """The engine as a worker sees it.

    Args:
        folder: the channel's folder, made by the controller.
    """

    def __init__(self, folder: Path) -> None:
        self._store = open_store(folder)
        self._asked: set[_Wish] = set()

    def want(self, keys: Iterable[TurnKey], runs: int | None = None) -> None:
        """Asks the controller to measure turns; returns at once."""
        new = [_Wish(key, runs) for key in keys if (key, runs) not in self._asked]
        if new:
            self._store.push(json.dumps(new), prefix=_WANTED, retry=True)
            self._asked.update(new)

    def result(self, key: TurnKey, runs: int | None = None) -> TurnResult:
        """Waits for one turn; see `Runner`."""
        self.want([key], runs)
        while True:
            text = self._store.get(_name(_Wish(key, runs)), retry=True)
            if text is not None:
                return _read(text)
            if self._store.get(_STOP, retry=True) is not None:
                raise StoppedError("the run was stopped before this turn was measured")
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Closes the channel's file."""
        self._store.close()


class ChannelServer:
    """The controller's end: a thread that takes wishes to the engine and brings results back.

    Args:
        folder: an empty folder of this run alone.
        runner: the engine.
    """

    def __init__(self, folder: Path, runner: LocalRunner) -> None:
        self._folder = folder
        self._runner = runner
        self._done: queue.SimpleQueue[tuple[_Wish, str]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="mtbench-channel", daemon=True)
        # Made here, so that no two workers make the tables at once.
        open_store(folder).close()

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Tells every waiting worker that nothing more comes, and ends the thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _serve(self) -> None:
        store = open_store(self._folder)
        known: set[_Wish] = set()
        while not self._ended.wait(_POLL_SECONDS):
            for wish in _pull(store):
                if wish not in known:
                    known.add(wish)
                    self._measure(wish)
            while not self._done.empty():
                wish, text = self._done.get()
                store.set(_name(wish), text, retry=True)
        store.set(_STOP, "", retry=True)
        store.close()

    def _measure(self, wish: _Wish) -> None:
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


def _pull(store: object) -> list[_Wish]:
    wishes: list[_Wish] = []
    while True:
        _, text = store.pull(prefix=_WANTED, default=(None, None), retry=True)  # type: ignore[attr-defined]
        if text is None:
            return wishes
        wishes += [_Wish(TurnKey(*key), runs) for key, runs in json.loads(text)]


def _name(wish: _Wish) -> str:
    return "result:" + json.dumps(wish)


def _read(text: str) -> TurnResult:
    row = json.loads(text)
    if "fatal" in row:
        raise FatalError(row["fatal"])
    if "stopped" in row:
        raise StoppedError("the run was stopped before this turn was measured")
    if "bug" in row:
        raise RuntimeError(f"the engine failed in the controller:\n{row['bug']}")
    return TurnResult.from_json(row["result"])
