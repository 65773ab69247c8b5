"""Lines of a report on pytest's terminal: in its colours where it has any, and where people see them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterable

import pytest

from ..report.line import Line, Style, whole, wrapped

SCREEN = 50
"""Lines at the end of a log that people see without looking for them, pytest's own last ones apart."""

_COLOURS: dict[Style, str] = {"passed": "green", "failed": "red", "warning": "yellow"}
_SHORT = {"f": "failed", "E": "error", "s": "skipped", "x": "xfailed", "X": "xpassed", "p": "passed"}


class Heading(str):
    """A line that stands between rules."""


class LastPlugin:
    """Writes behind everything that pytest's summary has: hundreds of failures would move a table off the screen.

    Args:
        write: writes what was not written before.
    """

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self) -> Generator[None]:
        """Comes last."""
        yield
        self._write()


def short_summary_lines(reporter: pytest.TerminalReporter) -> int:
    """How many lines pytest's short summary will have, at most."""
    return sum(len(reporter.stats.get(_SHORT.get(char, ""), ())) for char in reporter.reportchars if char in _SHORT)


def write_lines(config: pytest.Config, lines: Iterable[str]) -> None:
    """Writes lines as they are, after what pytest wrote last."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    for line in lines:
        reporter.ensure_newline()
        if isinstance(line, Heading):
            reporter.section(line)
        else:
            reporter.write_line(_painted(config, line) if isinstance(line, Line) else line)


def paragraph(text: str, style: Style) -> list[Line]:
    """A text that stands out, broken at the terminal's width."""
    return [whole(line, style) for line in wrapped(text, shutil.get_terminal_size().columns)]


def _painted(config: pytest.Config, line: Line) -> str:
    writer = config.get_terminal_writer()
    text, end = "", 0
    for span in line.spans:
        text += line[end : span.start] + writer.markup(line[span.start : span.end], **{_COLOURS[span.style]: True})
        end = span.end
    return text + line[end:]
