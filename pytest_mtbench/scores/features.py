"""The style of an answer in numbers: how long it is and how much Markdown is in it.  Pure."""

from __future__ import annotations

import re

FEATURES = ("length", "headers", "bold", "lists")

# A code block, up to its end or that of the text.
_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
_MARKS = (
    re.compile(r"^#{1,6} ", re.MULTILINE),
    re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
    re.compile(r"^[ \t]*(?:[-*+]|\d+\.) ", re.MULTILINE),
)


def style_of(text: str) -> tuple[int, ...]:
    """How much of each of `FEATURES` a text has: characters, headers, bold texts and list items, code blocks aside."""
    prose = _FENCED.sub("", text)
    return len(text), *(len(mark.findall(prose)) for mark in _MARKS)


def relative(one: float, two: float) -> float:
    """The difference over the sum: 1 where only the first has any, -1 where only the second has, 0 where neither."""
    return (one - two) / (one + two) if one or two else 0.0


def style_difference(one: str, two: str) -> dict[str, float]:
    """The relative difference of two texts, by feature."""
    pairs = zip(FEATURES, style_of(one), style_of(two), strict=True)
    return {name: relative(first, second) for name, first, second in pairs}
