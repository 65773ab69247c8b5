"""What a person at a terminal sees: a command behind a pseudo-terminal, and an emulator of one that draws it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

ROWS = 40


def open_terminal(columns: int) -> tuple[int, int]:
    """Both ends of a pseudo-terminal of that width; what the second one is sent can be read from the first."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    return ours, theirs


class Screen:
    """An emulated terminal.

    Args:
        descriptor: where what it shows is read.
    """

    def __init__(self, descriptor: int, columns: int) -> None:
        self._descriptor = descriptor
        self._screen = pyte.HistoryScreen(columns, ROWS, history=2000)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""

    @property
    def lines(self) -> list[str]:
        """Everything that it shows, without what has scrolled out of it and without blanks at the ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip().split("\n")

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column."""
        return self._screen.cursor.y, self._screen.cursor.x

    @property
    def everything(self) -> list[str]:
        """Every line, also those that have scrolled out of it."""
        columns = range(self._screen.columns)
        gone = ["".join(line[column].data for column in columns).rstrip() for line in self._screen.history.top]
        return gone + self.lines

    def read(self, seconds: float) -> bool:
        """Shows what came meanwhile; False where nothing more will."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # so Linux says that the other end is closed
            return False
        self.sent += data
        self._stream.feed(data)
        return bool(data)


class Terminal:
    """A command that runs at a terminal of its own.

    Args:
        environ: its whole environment.
    """

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str], *, columns: int = 80) -> None:
        self._ours, theirs = open_terminal(columns)
        self.screen = Screen(self._ours, columns)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def until(self, seen: Callable[[list[str]], bool], seconds: float = 30.0) -> list[str]:
        """The lines of the screen as soon as they are so."""
        deadline = time.monotonic() + seconds
        while not seen(self.screen.lines):
            open_still = self.screen.read(0.05)
            assert open_still or seen(self.screen.lines), "it ended: " + "\n".join(self.screen.everything)
            assert time.monotonic() < deadline, "\n".join(self.screen.everything)
        return self.screen.lines

    def end(self, seconds: float = 60.0) -> list[str]:
        """Every line that it has shown when the command has ended."""
        deadline = time.monotonic() + seconds
        while self.screen.read(0.05):
            assert time.monotonic() < deadline, "\n".join(self.screen.everything)
        self.process.wait(10)
        return self.screen.everything

    def close(self) -> None:
        """Ends what a test that failed has left running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
