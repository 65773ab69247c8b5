"""The synchronous face of the engine: one event loop in a background thread, started by the first request."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterable

from ..domain.chat import Kind
from ..domain.errors import FatalError, StoppedError
from ..domain.result import TurnKey, TurnResult
from ..domain.tally import Tally
from .bot_opening import OPENING_SECONDS
from .daemons import DaemonThreads
from .measuring import Engine
from .progress import Progress
from .wishes import Wish

_STOPPED = "the run was stopped before this turn was measured"
_JOIN_SECONDS = 5.0
_BEAT_SECONDS = 1.0
_LOOK_SECONDS = 0.2
_DOUBT_SECONDS = 5.0
HELD_UP_SECONDS = 120.0
"""An event loop that does nothing for so long is held up for good."""


class LocalRunner:
    """The engine in this process.

    Args:
        make_engine: called in the loop, once.
        close: awaited in the loop when it ends, after the engine is closed.
        while_waiting: called several times a second by a thread that waits for a turn; `after_waiting`: once it has it.
    """

    def __init__(
        self,
        make_engine: Callable[[], Engine],
        close: Callable[[], Awaitable[None]],
        while_waiting: Callable[[], None] = lambda: None,
        after_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._make_engine = make_engine
        self._close = close
        self._while_waiting = while_waiting
        self._after_waiting = after_waiting
        self._beat = 0.0
        self._doubted = (0.0, 0.0)
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = False
        self._never_left = False
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

    @property
    def progress(self) -> Progress:
        """How far the engine is."""
        return self._engine.progress if self._engine else Progress()

    def tallies(self) -> dict[str, Tally]:
        """What each suite has cost so far."""
        return dict(self._engine.tallies) if self._engine else {}

    def want(self, keys: Iterable[TurnKey], runs: int | None = None, upto: Kind = "judgment") -> None:
        """Starts measuring turns; see `Runner`."""
        loop, engine = self._running()
        loop.call_soon_threadsafe(engine.want, [Wish(key, runs, upto) for key in keys])

    def result(self, key: TurnKey, runs: int | None = None, upto: Kind = "judgment") -> TurnResult:
        """Waits for one turn; see `Runner`."""
        try:
            there = self._engine.measured(Wish(key, runs, upto)) if self._engine else None
            return there or self._wait_for(self.submit(key, runs, upto))
        finally:
            self._after_waiting()

    def _wait_for(self, future: concurrent.futures.Future[TurnResult]) -> TurnResult:
        while True:
            try:
                # Not forever: on Windows a wait without an end cannot be interrupted by Ctrl-C.
                return future.result(timeout=_LOOK_SECONDS)
            except concurrent.futures.TimeoutError:
                if future.done():  # from Python 3.11 on this is the builtin, which a turn itself could raise
                    raise
            except concurrent.futures.CancelledError:
                raise self._why_cancelled() from None
            self._while_waiting()
            self.check_alive()

    def check_alive(self) -> None:
        """Sees to it that somebody works on what is waited for.

        Raises:
            FatalError: the loop has ended by an error, or something holds it up.
        """
        if self._stopped or self._thread is None:
            return
        if not self._thread.is_alive():
            raise FatalError(f"the engine ended: {_told(self._error)}") from self._error
        now, beat = time.monotonic(), self._beat
        opening = self._engine is not None and self._engine.bots.is_opening
        if now - beat < (OPENING_SECONDS if opening else HELD_UP_SECONDS):
            return
        if self._doubted[0] != beat:  # a process that was suspended needs a moment
            self._doubted = (beat, now)
        elif now - self._doubted[1] > _DOUBT_SECONDS:
            raise FatalError(
                f"the engine has been held up for {now - beat:.0f} s, as by async code of model.generate or "
                "pytest_mtbench_generate that blocks; a plain function may block, since it runs in a thread"
            )

    @property
    def failure(self) -> str:
        """What went wrong in the engine's thread, be it when everything was measured; empty where nothing did."""
        return f"the engine failed: {_told(self._error)}" if self._error is not None else ""

    @property
    def closing_faults(self) -> list[str]:
        """What went wrong when users' own chatbots were closed."""
        late = ["model.generate: its end took too long and was not waited for"] if self._never_left else []
        return [*(self._engine.bots.faults if self._engine is not None else []), *late]

    def stop(self) -> None:
        """Cancels what is queued and in flight, and ends the thread; a thread that hangs is left behind."""
        self._stopped = True
        if self._thread is not None and self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
            closing = self._engine.bots.closing_seconds if self._engine is not None else 0.0
            self._thread.join(_JOIN_SECONDS + closing)
            self._never_left = closing > 0 and self._thread.is_alive()
            self._thread = None

    def submit(
        self, key: TurnKey, runs: int | None = None, upto: Kind = "judgment"
    ) -> concurrent.futures.Future[TurnResult]:
        """Starts measuring a turn, or joins whoever did; see `Runner`."""
        loop, engine = self._running()
        return asyncio.run_coroutine_threadsafe(engine.turn(key, runs, upto), loop)

    def _running(self) -> tuple[asyncio.AbstractEventLoop, Engine]:
        if self._stopped:
            raise StoppedError(_STOPPED)
        self._start()
        if self._loop is None or self._engine is None:
            raise RuntimeError("the engine did not start") from self._error
        self.check_alive()
        return self._loop, self._engine

    def _why_cancelled(self) -> Exception:
        if self._thread is not None and not self._stopped and self.fatal is None:
            self._thread.join(_JOIN_SECONDS)  # a loop that ends by an error cancels first and tells then
        if self._error is not None and not self._stopped:
            return FatalError(f"the engine ended: {_told(self._error)}")
        return self.fatal or StoppedError(_STOPPED)

    def _start(self) -> None:
        if self._thread is None:
            self._beat = time.monotonic()
            self._thread = threading.Thread(target=self._run, name="mtbench-engine", daemon=True)
            self._thread.start()
            self._ready.wait()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - said to whoever waits, and at the end of the run
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(DaemonThreads(8, "mtbench-lookup"))  # names of hosts are looked up there
        self._stop = asyncio.Event()
        engine = self._make_engine()
        self._engine = engine
        self._ready.set()
        while not self._stop.is_set():
            self._beat = time.monotonic()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _BEAT_SECONDS)
        try:
            await engine.close()
        finally:
            await self._close()


def _told(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}" if error is not None else "for no known reason"
