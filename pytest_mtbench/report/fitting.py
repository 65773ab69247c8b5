"""A page that stays below a size: what does not fit is left out from the end, and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SAYING_SO = 600
"""Bytes kept free for the line that says what is left out."""


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        what: names the items, where some are left out.
        items: from the most important on; each stands whole or not at all.
        head, tail: stand around the items, and only where there are any.
        between: what stands between two items; `gap`: between them and what is around them.
    """

    what: str
    items: Sequence[str]
    head: str = ""
    tail: str = ""
    between: str = "\n"
    gap: str = "\n\n"


def fitted(sections: Sequence[Section], limit: int, where: str) -> str:
    """The sections one after the other, below so many bytes of UTF-8.

    Args:
        where: says where everything stands.
    """
    room, parts, missing = limit - _SAYING_SO, [], []
    for section in sections:
        kept = _that_fit(section, room)
        if kept:
            text = section.gap.join(filter(None, [section.head, section.between.join(kept), section.tail]))
            parts.append(text)
            room -= _size(text) + 2
        if len(kept) < len(section.items):
            missing.append(f"{len(section.items) - len(kept)} of {len(section.items)} {section.what}")
    if missing:
        parts.append(f"Left out, to stay below {limit // 1000} kB: {', '.join(missing)}. {where}")
    return "\n\n".join(parts) + "\n"


def _that_fit(section: Section, room: int) -> list[str]:
    left = room - _size(section.head) - _size(section.tail) - 6
    kept: list[str] = []
    for item in section.items:
        left -= _size(item) + len(section.between)
        if left < 0:
            break
        kept.append(item)
    return kept


def _size(text: str) -> int:
    return len(text.encode())
