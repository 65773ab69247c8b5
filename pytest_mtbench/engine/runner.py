"""The synchronous face of the engine: one event loop in a background thread, started by the first request."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from ..domain.errors import FatalError, StoppedError
from ..domain.result import TurnKey, TurnResult
from ..domain.tally import Tally
from .measuring import Engine

_STOPPED = "the run was stopped before this turn was measured"
_JOIN_SECONDS = 5.0


class Runner(Protocol):
    """What test items see of the engine, in whichever process it lives."""

    def want(self, keys: Iterable[TurnKey], runs: int | None = None) -> None:
        """Starts measuring turns; returns at once.

        Args:
            runs: how many runs of each; as many as its plan says by default.
        """
        ...

    def result(self, key: TurnKey, runs: int | None = None) -> TurnResult:
        """Waits for one turn.

        Raises:
            FatalError: nothing can be measured any more.
            StoppedError: the run was stopped.
        """
        ...


class LocalRunner:
    """The engine in this process.

    Args:
        make_engine: called in the loop, once.
        close: awaited in the loop when it ends, after the engine is closed.
    """

    def __init__(self, make_engine: Callable[[], Engine], close: Callable[[], Awaitable[None]]) -> None:
        self._make_engine = make_engine
        self._close = close
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = False
        self._engine: Engine | None = None
        self._error: BaseException | None = None

    @property
    def engine(self) -> Engine | None:
        """The engine, once there was a first request."""
        return self._engine

    @property
    def fatal(self) -> FatalError | None:
        """Why nothing can be measured any more, where that is so."""
        return self._engine.fatal if self._engine else None

    def results(self) -> dict[TurnKey, TurnResult]:
        """Every turn measured so far."""
        return dict(self._engine.results) if self._engine else {}

    def tallies(self) -> dict[str, Tally]:
        """What each suite has cost so far."""
        return dict(self._engine.tallies) if self._engine else {}

    def want(self, keys: Iterable[TurnKey], runs: int | None = None) -> None:
        """Starts measuring turns; see `Runner`."""
        for key in keys:
            self.submit(key, runs)

    def result(self, key: TurnKey, runs: int | None = None) -> TurnResult:
        """Waits for one turn; see `Runner`."""
        future = self.submit(key, runs)
        while True:
            try:
                # Not forever: on Windows a wait without an end cannot be interrupted by Ctrl-C.
                return future.result(timeout=0.2)
            except concurrent.futures.TimeoutError:
                if future.done():  # from Python 3.11 on this is the builtin, which a turn itself could raise
                    raise
            except concurrent.futures.CancelledError:
                raise self.fatal or StoppedError(_STOPPED) from None

    def stop(self) -> None:
        """Cancels what is queued and in flight, and ends the thread."""
        self._stopped = True
        if self._thread is not None and self._loop is not None and self._stop is not None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_JOIN_SECONDS)
            self._thread = None

    def submit(self, key: TurnKey, runs: int | None = None) -> concurrent.futures.Future[TurnResult]:
        """Starts measuring a turn, or joins whoever did."""
        if self._stopped:
            raise StoppedError(_STOPPED)
        self._start()
        if self._loop is None or self._engine is None:
            raise RuntimeError("the engine did not start") from self._error
        return asyncio.run_coroutine_threadsafe(self._engine.turn(key, runs), self._loop)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mtbench-engine", daemon=True)
            self._thread.start()
            self._ready.wait()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        engine = self._make_engine()
        self._engine = engine
        self._ready.set()
        await self._stop.wait()
        await engine.close()
        await self._close()
