"""Whether a mark in a judge's text is the judge's own word, or quoted from what it was shown.  Pure.

A judge that repeats `Rating: [[10]]` out of a hostile answer has rated nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SHARED_CONTEXT = 20
"""Characters around a mark, the same in judgment and prompt, that make it a quotation.  The judge's own
`Rating: [[5]]` may share a few with a template's example."""

_PAIRS = (("“", "”"), ("‘", "’"), ("«", "»"), ("„", "“"))


@dataclass(frozen=True)
class Material:
    """What a judge was shown.

    Args:
        prompt: its instructions and the user message, the whole of both.
        answers: the answers in it.
    """

    prompt: str = ""
    answers: Sequence[str] = ()

    def mentions(self, mark: str) -> bool:
        """Whether an answer holds the same mark."""
        return any(mark in answer for answer in self.answers)

    def holds(self, text: str, start: int, end: int) -> bool:
        """Whether `text[start:end]` of a judgment is repeated from the prompt, or quoted from an answer."""
        if _repeats(self.prompt, text, start, end):
            return True
        return self.mentions(text[start:end]) and _in_quotation(text, start, end)


def _repeats(source: str, text: str, start: int, end: int) -> bool:
    """Whether a place of a text stands in a source with so much around it that it is repeated from there."""
    size = end - start + _SHARED_CONTEXT
    lefts = range(max(0, start - _SHARED_CONTEXT), min(start, len(text) - size) + 1)
    return any(text[left : left + size] in source for left in lefts)


def _in_quotation(text: str, start: int, end: int) -> bool:
    """Whether a place stands within quotation marks on its line, in a quoted line or in a block of code."""
    if text.count("```", 0, start) % 2 and text.find("```", end) >= 0:
        return True
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    before, after = text[first:start], text[end : last if last >= 0 else len(text)]
    if before.lstrip().startswith(">"):
        return True
    if any(before.count(quote) % 2 and quote in after for quote in '"`'):
        return True
    return any(before.rfind(opening) > before.rfind(closing) and closing in after for opening, closing in _PAIRS)
