"""A model's thinking: what of a reply is no part of what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

Tags = tuple[str, str]
"""What opens and what closes a block of thinking."""

# As models and their chat templates write it, in either case.
_TAGS: tuple[Tags, ...] = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
)
# In every one of them: a text without it, as nearly all are, is looked through once and not once a pair of tags.
_IN_TAGS = re.compile("think|thought", re.IGNORECASE)
# Channels of gpt-oss (OpenAI's harmony format), with its special tokens or where the server has dropped them.
_CHANNELS = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_FINAL = re.compile(r"<\|channel\|>final\b.{0,80}?<\|message\|>(.*?)(?:<\|(?:return|end)\|>|\Z)", re.DOTALL)
_BARE_CHANNELS = re.compile(r"\s*analysis.*?assistantfinal(?:<\|message\|>)?", re.DOTALL)


def cut_thinking(text: str, own: Iterable[Tags] = (), *, closed_by_server: bool = True) -> str:
    """The text without the model's thinking.

    A closed block is cut wherever it stands, with blocks inside it.  A block that opens the text and never closes
    leaves nothing.  A closing tag without an opening one ends a block that the server's chat template opened: what
    stands before it is cut.  Of channels the last final one is left.

    Args:
        own: tags of these models, beside the usual ones.
        closed_by_server: whether a closing tag alone counts.
    """
    for tags in (*(_TAGS if _IN_TAGS.search(text) else ()), *own):
        pattern = _pattern(*tags)
        if pattern.search(text):
            text = _without_blocks(text, pattern, closed_by_server)
    if _CHANNELS.match(text):
        final = _FINAL.findall(text)
        return str(final[-1]).strip() if final else ""
    bare = _BARE_CHANNELS.match(text)
    return text[bare.end() :].strip() if bare else text


@cache
def _pattern(opening: str, closing: str) -> re.Pattern[str]:
    """Either tag; the group is set where it opens."""
    return re.compile(f"({re.escape(opening)})|{re.escape(closing)}", re.IGNORECASE)


def _without_blocks(text: str, tags: re.Pattern[str], closed_by_server: bool) -> str:
    kept: list[str] = []
    position = depth = opened = 0
    for tag in tags.finditer(text):
        if tag[1]:
            if depth == 0:
                opened = tag.start()
                kept.append(text[position:opened])
            depth += 1
            continue
        if not depth and not closed_by_server:
            continue
        kept = kept if depth else []
        depth = max(0, depth - 1)
        if depth == 0:
            position = tag.end()
    if depth:  # never closed: thinking where it begins the text, a quoted tag elsewhere
        return "".join(kept) + text[opened:] if "".join(kept).strip() else ""
    cut = "".join(kept) + text[position:]
    return cut if cut == text else cut.strip()
