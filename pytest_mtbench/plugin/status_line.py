"""A line of the terminal that is rewritten in place while pytest's own line above it waits for its end."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any

_ERASE = "\x1b[K"
_UP = "\x1b[A"


class StatusLine:
    """One line below what pytest has written; it is gone before pytest writes on.

    pytest leaves its line unfinished while an item runs: the dots so far, or an id.  So this line stands one row
    below, and to clear it the cursor goes back up to where pytest left it.  It writes to the terminal itself, past
    the capture of an item's output, which would have to be suspended otherwise and let an item's own output through.

    Args:
        writer: pytest's terminal writer.
        descriptor: of the terminal; closed at the end.
        lock: held while anything is written here.
    """

    def __init__(self, writer: Any, descriptor: int, lock: threading.RLock) -> None:
        self._writer = writer
        self._descriptor = descriptor
        self._lock = lock
        self._shown = ""
        self._back = ""
        self._write = writer.write
        # As pytest's own pastebin does it: whoever writes to the terminal through pytest comes by here.
        writer.write = self._clear_and_write

    def show(self, text: str) -> None:
        """Puts a text of printable ASCII, shorter than the terminal is wide, in the place of what stands there."""
        with self._lock:
            if not text:
                self.clear()
            elif self._shown and text != self._shown:
                self._send(f"\r{text}{_ERASE}")
            elif not self._shown:
                written, columns = self._writer.width_of_current_line, self.columns
                # Where pytest itself cannot tell, something moved the cursor; behind a row that is full to its last
                # column terminals wait for the next character, and no way leads back there.
                if written < 0 or (written and written % columns == 0):
                    return
                self._send(("\r\n" if written else "") + text + _ERASE)
                self._back = f"{_UP}\x1b[{written % columns}C" if written else ""
            self._shown = text

    def clear(self) -> None:
        """Takes the line away."""
        with self._lock:
            if self._shown:
                self._send(f"\r{_ERASE}{self._back}")
                self._shown = ""

    def close(self) -> None:
        """Takes the line away for good."""
        with self._lock:
            self.clear()
            self._writer.write = self._write
            os.close(self._descriptor)

    @property
    def columns(self) -> int:
        """How wide the terminal is; 80 where it does not say."""
        try:
            return os.get_terminal_size(self._descriptor).columns or 80
        except OSError:
            return 80

    def _clear_and_write(self, *args: Any, **markup: Any) -> None:
        with self._lock:
            self.clear()
            self._write(*args, **markup)

    def _send(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a terminal that is gone is no matter of the run's
            os.write(self._descriptor, text.encode("ascii", "replace"))
