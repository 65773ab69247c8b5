"""A model's thinking: what of a reply is no part of what it says."""

from __future__ import annotations

import re

_OPENING = "<think>"
_TAG = re.compile(r"</?think>")


def cut_thinking(text: str) -> str:
    """The text without the model's thinking.

    A closed block is cut wherever it stands, with blocks inside it.  A block that opens the text and never closes
    leaves nothing.  A closing tag without an opening one ends a block that the server's chat template opened: what
    stands before it is cut.
    """
    kept: list[str] = []
    position = depth = opened = 0
    for tag in _TAG.finditer(text):
        if tag[0] == _OPENING:
            if depth == 0:
                opened = tag.start()
                kept.append(text[position:opened])
            depth += 1
            continue
        kept = kept if depth else []
        depth = max(0, depth - 1)
        if depth == 0:
            position = tag.end()
    if depth:  # never closed: thinking where it begins the text, a quoted tag elsewhere
        return "".join(kept) + text[opened:] if "".join(kept).strip() else ""
    cut = "".join(kept) + text[position:]
    return cut if cut == text else cut.strip()
