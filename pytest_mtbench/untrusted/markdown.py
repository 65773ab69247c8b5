"""Text of models, users and files as Markdown that stays text on GitHub, GitLab and elsewhere.

A backslash before each special character is not enough.  Both sites look at the finished page once more: of `@name`,
`#12`, `https://...`, `:tada:` or the name of a commit they make links and pictures, however it was written, in all text
that is not code.  So what is not plainly harmless is shown as code.
"""

from __future__ import annotations

import html
import re
import textwrap
from itertools import groupby

from .text import cut_middle, join_surrogates, no_command, one_line, printable

_WORD = r"[^\W_]+(?:[-/._'’+=][^\W_]+)*"
"""Letters and digits of any language, with single signs between them that mean nothing there."""
_PLAIN = re.compile(
    rf"""[("'+-]{{0,2}}{_WORD}[)"'%]{{0,2}}[.,;:!?]?   # a word
    | \[[+-]?\d[\d.]*,? | [+-]?\d[\d.]*\][.,;]?        # the two ends of an interval, [+1.02, +4.54]
    | [±–—=+] | %[)]?[.,;]? """,
    re.VERBOSE,
)
_ACTS = re.compile(
    r"""www\.                                   # a link
    | (?<![^\W_])gh-\d                          # an issue
    | (?<![^\W_])[0-9a-f]{7,}(?![^\W_])         # a commit""",
    re.VERBOSE | re.IGNORECASE,
)
_FIRST = re.compile(r"\d{1,9}[.)]|[+=–—-]")
"""What begins a list, at the beginning of a line."""
_COLUMNS = 100


def inline(text: str) -> str:
    """Text for the middle of a line: harmless words as they are, everything else as code."""
    words = one_line(join_surrogates(text)).split(" ")
    plain = [_is_plain(word) for word in words]
    plain[0] = plain[0] and not _FIRST.fullmatch(words[0])
    groups = groupby(zip(plain, words, strict=True), lambda pair: pair[0])
    parts = ((is_plain, " ".join(word for _, word in group)) for is_plain, group in groups)
    return " ".join(part if is_plain else code(part) for is_plain, part in parts)


def cell(text: str) -> str:
    """`inline`, for a cell of a table, which a bar would end also within code."""
    return inline(text.replace("|", r"\x7c"))


def code(text: str) -> str:
    """Text as code within a line; nothing in it is read."""
    line = one_line(join_surrogates(text)) or " "
    fence = "`" * (_longest_run(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def html_code(text: str) -> str:
    """The same where HTML stands and Markdown is not read, as in a `<summary>`."""
    return f"<code>{html.escape(one_line(join_surrogates(text)))}</code>"


def block(text: str, characters: int) -> str:
    """Text as a block of code of about so many characters: its beginning, and its end where it is cut.

    Long lines are broken, since a block of code does not wrap.
    """
    lines = [
        no_command(part)
        for line in printable(cut_middle(join_surrogates(text).strip(), characters)).split("\n")
        for part in _broken(line)
    ]
    # The fence is longer than any in the text, so that the text cannot end the block.  The space in front of each line
    # is for GitLab, which has looked for `/close` and other orders to it with less care than for fences.
    fence = "`" * max(3, max(map(_longest_run, lines)) + 1)
    return "\n".join([fence, *(f" {line}".rstrip() for line in lines), fence])


def _broken(line: str) -> list[str]:
    return textwrap.wrap(line, _COLUMNS, replace_whitespace=False, break_on_hyphens=False) or [""]


def _is_plain(word: str) -> bool:
    return _PLAIN.fullmatch(word) is not None and not _ACTS.search(word)


def _longest_run(text: str) -> int:
    """Of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
