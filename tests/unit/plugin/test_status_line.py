from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from pytest_mtbench.plugin.status_line import StatusLine

from ...terminal import ROWS, Screen, open_terminal

COLUMNS = 40
_ENQUIRY = b"\x05"  # terminals show nothing of it; once it has come, so has all that was sent before


class Writer:
    """As much of pytest's terminal writer as there need be."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._line = ""

    @property
    def width_of_current_line(self) -> int:
        return -1 if "\r" in self._line else len(self._line)

    def write(self, text: str) -> None:
        self._line = (self._line + text).rsplit("\n", 1)[-1]
        os.write(self._descriptor, text.encode())


class Desk:
    """A status line below what pytest writes, and the terminal that shows both."""

    def __init__(self) -> None:
        self._ours, self._theirs = open_terminal(COLUMNS)
        self.screen = Screen(self._ours, COLUMNS)
        self.writer = Writer(self._theirs)
        self.status = StatusLine(self.writer, os.dup(self._theirs), threading.RLock())

    @property
    def lines(self) -> list[str]:
        """What the terminal has shown."""
        self.screen.sent = b""
        os.write(self._theirs, _ENQUIRY)
        while not self.screen.sent.endswith(_ENQUIRY):
            assert self.screen.read(5)
        return self.screen.everything

    def close(self) -> None:
        self.status.close()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


def test_it_stands_below_an_unfinished_line_and_leaves_it_as_it_was(desk: Desk) -> None:
    desk.writer.write("tests ...")
    desk.status.show("1 of 9")
    assert desk.lines == ["tests ...", "1 of 9"]
    desk.status.show("2 of 9, and more to come")
    desk.status.show("3 of 9")
    assert desk.lines == ["tests ...", "3 of 9"], "nothing is left of a longer text"
    desk.writer.write(".F")
    assert desk.lines == ["tests ....F"]
    desk.writer.write(" [100%]\n")
    assert desk.lines == ["tests ....F [100%]"]
    assert desk.screen.cursor == (1, 0)


def test_at_the_beginning_of_a_line_it_needs_no_row_of_its_own(desk: Desk) -> None:
    desk.writer.write("collected 9 items\n")
    desk.status.show("1 of 9")
    assert desk.lines == ["collected 9 items", "1 of 9"]
    desk.writer.write("tests .")
    assert desk.lines == ["collected 9 items", "tests ."]


@pytest.mark.parametrize("length", [1, COLUMNS - 1, COLUMNS, COLUMNS + 1, 2 * COLUMNS, 2 * COLUMNS + 7])
@pytest.mark.parametrize("after", ["PASSED", "\nnext", "\n"])
@pytest.mark.parametrize("above", [0, ROWS - 1, ROWS + 5])
def test_what_pytest_writes_looks_as_if_it_had_not_been_there(desk: Desk, length: int, after: str, above: int) -> None:
    plain = Desk()
    for each in (desk, plain):
        each.writer.write("above\n" * above + "x" * length)
        assert each.lines
    desk.status.show("1 of 9")
    desk.status.show("2 of 9")
    desk.writer.write(after)
    plain.writer.write(after)
    assert desk.lines == plain.lines
    assert desk.screen.cursor[1] == plain.screen.cursor[1]
    plain.close()


def test_where_the_cursor_is_not_known_nothing_is_shown(desk: Desk) -> None:
    desk.writer.write("\rcollecting")
    desk.status.show("1 of 9")
    assert desk.lines == ["collecting"]
    desk.writer.write(" ... done\n")
    desk.status.show("1 of 9")
    assert desk.lines == ["collecting ... done", "1 of 9"]


def test_no_text_clears_it(desk: Desk) -> None:
    desk.writer.write("tests ")
    desk.status.show("1 of 9")
    desk.status.show("")
    assert desk.lines == ["tests"]
    desk.status.show("2 of 9")
    desk.status.clear()
    assert desk.lines == ["tests"]


def test_the_end_leaves_nothing_behind() -> None:
    ours, theirs = open_terminal(COLUMNS)
    writer = Writer(theirs)
    own = writer.write
    status = StatusLine(writer, os.dup(theirs), threading.RLock())
    status.show("1 of 9")
    assert writer.write != own
    status.close()
    assert writer.write == own
    os.close(theirs)
    os.close(ours)


def test_a_terminal_that_is_gone_is_no_error(desk: Desk) -> None:
    ours, theirs = open_terminal(COLUMNS)
    descriptor = os.dup(theirs)
    status = StatusLine(Writer(theirs), descriptor, threading.RLock())
    os.close(theirs)
    os.close(ours)
    status.show("1 of 9")
    status.close()
