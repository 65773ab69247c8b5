"""Text of models is hostile material: what is cut from it, flagged in it and escaped before a person sees it."""

from __future__ import annotations

import re
import textwrap
import unicodedata

_OPENING = "<think>"
_TAG = re.compile(r"</?think>")
_RATING_LIKE = re.compile(
    r"\[\[\s*(?:[0-9]{1,3}(?:\.[0-9]+)?(?:\s*/\s*10)?|[ABC])\s*\]\]|\b(?:rating|score)\b[*_ \t:=]+\[[0-9.]+\]",
    re.IGNORECASE,
)


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


def join_surrogates(text: str) -> str:
    """The same text with surrogate pairs joined and lone surrogates replaced, so that it can be sent as UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def answer_flags(text: str, markers: frozenset[str]) -> list[str]:
    """What an answer holds that might sway a judge: a rating or verdict, or a marker of the judge's prompt.

    Args:
        text: the answer as the judge will see it.
        markers: the fixed marker lines of the prompt templates.
    """
    flags = []
    if _RATING_LIKE.search(text):
        flags.append("rating-in-answer")
    if any(marker in text for marker in markers):
        flags.append("end-marker-in-answer")
    return flags


def template_markers(templates: list[str]) -> frozenset[str]:
    """The lines of judge templates that mark where material starts and ends."""
    lines = (line.strip() for template in templates for line in template.splitlines())
    return frozenset(line for line in lines if line[:1] in ("[", "<", "#") and "{" not in line and len(line) > 8)


def printable(text: str) -> str:
    """The text with control, format and lone surrogate characters shown as escapes; line breaks and tabs stay.

    GitHub's runner takes `##[name]` in a line for a command, so that is broken up as well.
    """
    shown = "".join(char if char in "\n\t" or _harmless(char) else _escape(char) for char in text)
    return shown.replace("##[", r"##\[")


def no_command(line: str) -> str:
    """A line that GitHub's runner does not take for a command, as it does one that begins with `::name::`."""
    return line.replace("::", r"\::", 1) if line.lstrip().startswith("::") else line


def one_line(text: str) -> str:
    """`printable` on one line."""
    return printable(" ".join(text.split()))


def shorten(text: str, width: int) -> str:
    """One printable line of at most `width` characters."""
    line = one_line(text)
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def shorten_block(text: str, characters: int) -> str:
    """A printable block of about so many characters: its beginning, and its end where it is cut."""
    block = text.strip()
    if len(block) > characters:
        half = characters // 2
        left_out = len(block) - 2 * half
        block = f"{block[:half].rstrip()}\n[... {left_out} characters ...]\n{block[-half:].lstrip()}"
    block = printable(block)
    # A bar before each line: GitHub's runner takes a line that begins with `::name::` for a command.
    return textwrap.indent(block, "  | ", lambda _: True)


def _harmless(char: str) -> bool:
    # Cf holds the bidirectional overrides and zero-width characters; Zl and Zp break lines in some terminals.
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
