"""Lines that a person must see while the run still waits."""

from __future__ import annotations

import contextlib
import queue
import threading

import pytest


class Announcer:
    """Takes lines from any thread, and writes them where pytest writes: once each, none with `-q`."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        """Has a line said at the next moment at which somebody waits."""
        self._lines.put(line)

    def say(self) -> None:
        """Writes what there is; called by whoever waits for turns."""
        if self._lines.empty() or not self._lock.acquire(blocking=False):
            return
        try:
            while not self._lines.empty():
                self._say(self._lines.get())
        finally:
            self._lock.release()

    def _say(self, line: str) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if line in self._seen or reporter is None or self._config.getoption("verbose") < 0:
            return
        self._seen.add(line)
        capture = self._config.pluginmanager.getplugin("capturemanager")
        # An item waits while its output is captured.
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            reporter.ensure_newline()
            reporter.write_line(line)
