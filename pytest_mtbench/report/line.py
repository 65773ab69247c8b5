"""A line of the summary and what of it stands out; which colour that is, the terminal's side decides."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..scores.gates import Status
from ..untrusted.text import no_command, one_line

Style = Literal["passed", "failed", "warning"]

_STYLES: dict[Status, Style] = {"passed": "passed", "failed": "failed", "inconclusive": "warning"}
_WARNING = "warning:"


class Span(NamedTuple):
    """A part of a line, from the character at `start` to the one before `end`."""

    start: int
    end: int
    style: Style


class Line(str):
    """A text with the parts of it that stand out; whoever knows no styles takes it as the text that it is."""

    spans: tuple[Span, ...]

    def __new__(cls, text: str, *spans: Span) -> Line:
        """The line of this text."""
        line = super().__new__(cls, text)
        line.spans = spans
        return line


def style_of(status: Status) -> Style:
    """How a gate's status stands out."""
    return _STYLES[status]


def pieced(*pieces: tuple[str, Style | None]) -> Line:
    """A printable line made of pieces, some of which stand out."""
    text, spans = "", []
    for piece, style in pieces:
        shown = _printable(piece)
        if style is not None:
            spans.append(Span(len(text), len(text) + len(shown), style))
        text += shown
    return Line(text, *spans)


def wrapped(text: str, width: int, indent: str = "  ") -> list[Line]:
    """Text as printable lines no wider than the terminal; what follows the first is indented.

    What stands out in a `Line` does so in the lines that it becomes, and a warning as a whole.
    """
    broken = textwrap.wrap(
        one_line(text), max(40, width), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    if text.startswith(_WARNING):
        return [whole(no_command(line), "warning") for line in broken]
    spans = text.spans if isinstance(text, Line) else ()
    return [Line(no_command(line), *found) for line, found in zip(broken, _moved(text, broken, spans), strict=True)]


def whole(text: str, style: Style) -> Line:
    """A line that stands out as a whole."""
    return Line(text, Span(0, len(text), style))


def _moved(text: str, broken: list[str], spans: tuple[Span, ...]) -> Iterator[list[Span]]:
    """Where the spans of a text are in the lines that it was broken into.

    Only blanks differ between both, so that a character is found by how many stand before it that are none.
    """
    wanted = [(_ink(text[: span.start]), _ink(text[: span.end]), span.style) for span in spans]
    seen = 0
    for line in broken:
        places = [place for place, char in enumerate(line) if not char.isspace()]
        yield [
            Span(places[max(start, seen) - seen], places[min(end, seen + len(places)) - seen - 1] + 1, style)
            for start, end, style in wanted
            if start < seen + len(places) and end > seen
        ]
        seen += len(places)


def _ink(text: str) -> int:
    return sum(not char.isspace() for char in text)


def _printable(part: str) -> str:
    """`one_line` with the blanks at both ends kept, so that parts can be joined."""
    head = " " if part[:1].isspace() else ""
    tail = " " if part[-1:].isspace() and part.strip() else ""
    return head + one_line(part) + tail
