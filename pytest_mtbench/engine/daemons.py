"""Threads that hold up nothing: neither the end of the event loop nor that of the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

_SHUTDOWN_SECONDS = 0.2


class DaemonThreads(ThreadPoolExecutor):
    """An executor whose calls may hang for ever.

    The standard library's joins its threads when the interpreter ends, and asyncio's own when the loop does, so one
    call that hangs would hang the run.  It derives from that one, since asyncio takes no other as a loop's default.

    Args:
        most: the most threads; further calls wait for one that is free.
        name: that of the threads.
    """

    def __init__(self, most: int, name: str) -> None:
        super().__init__(most, name)  # starts no thread, and none of its own methods that would is left
        self._most = most
        self._name = name
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._free = threading.Semaphore(0)
        self._threads_started: list[threading.Thread] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Calls a function in a thread; see `concurrent.futures.Executor`.  Called from one thread only."""
        future: Future[Any] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                future.set_exception(error)

        self._calls.put(call)
        if not self._free.acquire(blocking=False) and len(self._threads_started) < self._most:
            number = len(self._threads_started) + 1
            thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
            self._threads_started.append(thread)
            thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - as the base has it
        """Ends the threads that are free; those that hang are left behind."""
        for _ in self._threads_started:
            self._calls.put(None)
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        for thread in self._threads_started if wait else ():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
            self._free.release()
