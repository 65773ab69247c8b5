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
        if line not in self._seen:
            self._seen.add(line)
            self.write(line)

    def write(self, line: str) -> None:
        """Writes a line of its own."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is None or self._config.getoption("verbose") < 0:
            return
        capture = self._config.pluginmanager.getplugin("capturemanager")
        # An item waits while its output is captured.
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            writer = self._config.get_terminal_writer()
            if self._config.getoption("verbose") or writer.width_of_current_line < 0:
                reporter.write_line(line)  # pytest writes the item's id again then
            else:  # dots go on below; of those of xdist `reporter` does not know that their line has no end
                if writer.width_of_current_line:
                    writer.line()
                writer.line(line)
            writer.flush()  # a pipe would keep it back
