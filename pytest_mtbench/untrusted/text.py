"""Text of models is hostile material: what is cut from it, flagged in it and escaped before a person sees it."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence

# They join letters (Persian) and the parts of an emoji, and change nothing else: an escape in an answer that has them
# would be held against it.
_JOINERS = re.compile("([\u200c\u200d])")

BAR = "  | "
"""What stands before each line of a block."""


def join_surrogates(text: str) -> str:
    """The same text with surrogate pairs joined and lone surrogates replaced, so that it can be sent as UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def visible(text: str) -> str:
    """The text with control, format and lone surrogate characters shown as escapes; line breaks and tabs stay."""
    # Most lines hold nothing of the kind, which `isprintable` sees at once: reports show millions of characters.
    return "\n".join(line if line.isprintable() else _visible(line) for line in text.split("\n"))


def readable(text: str) -> str:
    """`visible`, for one who reads and judges it: as little as can be is another than the model wrote it."""
    parts = _JOINERS.split(join_surrogates(text).replace("\r\n", "\n"))
    return "".join(part if _JOINERS.fullmatch(part) else visible(part) for part in parts)


def printable(text: str) -> str:
    """`visible`, for a terminal: GitHub's runner takes `##[name]` in a line for a command, so that is broken up."""
    return visible(text).replace("##[", r"##\[")


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


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first names of a list and, where there are more, `...`: `101, 102, ...`."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def shorten_block(text: str, characters: int) -> str:
    """A printable block of about so many characters: its beginning, and its end where it is cut."""
    # A bar before each line: GitHub's runner takes a line that begins with `::name::` for a command.
    return textwrap.indent(printable(cut_middle(text.strip(), characters)), BAR, lambda _: True)


def cut_middle(text: str, characters: int) -> str:
    """The beginning and the end of a text that is longer than so many characters."""
    if len(text) <= characters:
        return text
    half = characters // 2
    left_out = len(text) - 2 * half
    return f"{text[:half].rstrip()}\n[... {left_out} characters ...]\n{text[-half:].lstrip()}"


def _visible(line: str) -> str:
    return "".join(char if char == "\t" or _harmless(char) else _escape(char) for char in line)


def _harmless(char: str) -> bool:
    # Cf holds the bidirectional overrides and zero-width characters; Zl and Zp break lines in some terminals.
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
