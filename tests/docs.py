"""The documentation's blocks of code, as the harness reads them; CONTRIBUTING.md says how they are written.

`python -m tests.requote` writes what the pages quote of a run anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
WITH_NAMES = ("yaml", "python", "toml", "ini", "dockerfile", "groovy")
"""Languages of files whose first line may be a comment with the file's name."""
LANGUAGES = frozenset({"console", "text", "json", "jsonl", "csv", "html", "xml", "markdown", *WITH_NAMES})
_ADMONITIONS = ("{note}", "{tip}", "{warning}", "{important}", "{admonition}")
_DIRECTIVES = (*_ADMONITIONS, "{toctree}", "{image}", "{figure}")
_NAME = re.compile(r"(?:#|//) ([\w.@/-]*[\w-]\.[\w.-]+|[\w/-]*(?:Dockerfile|Jenkinsfile))\s*$")
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
OPTIONS = ("exit", "not run", "not compared", "output", "recorded", "file", "files", "new folder")


class PageError(AssertionError):
    """What is wrong with a page, with its name and line."""

    def __init__(self, page: str, line: int, message: str) -> None:
        super().__init__(f"{page}:{line}: {message}")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Args:
        page: the page's path in the repository; `line`: where it opens, from 1.
        language: what stands after the fence.
        options: what the comments just before it say, by option: see `OPTIONS`.
    """

    page: str
    line: int
    language: str
    text: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        """The name of the file that it is, or None."""
        if "file" in self.options:
            return self.options["file"]
        found = _NAME.match(self.text.split("\n", 1)[0]) if self.language in WITH_NAMES else None
        return found[1] if found else None

    @property
    def exit_status(self) -> int:
        """What its last command is expected to end with."""
        return int(self.options.get("exit", "0"))

    @property
    def commands(self) -> list[tuple[int, str]]:
        """The commands of a console block, each with its line; a backslash at a line's end joins the next to it."""
        commands, begun, start = [], "", 0
        for number, line in enumerate(self.text.splitlines(), start=self.line + 1):
            start = start if begun else number
            begun += line
            if begun.endswith("\\"):
                begun = begun[:-1].rstrip() + " "
                continue
            if begun.strip() and not begun.lstrip().startswith("#"):
                commands.append((start, begun.strip()))
            begun = ""
        if begun:
            self.fail("its last line ends in a backslash")
        return commands

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        """Raises: this is wrong with it."""
        raise PageError(self.page, self.line if line is None else line, message)


def pages() -> list[Path]:
    """Everything that users read, in Markdown."""
    return [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    ]


def name_of(path: Path) -> str:
    """A page's path as messages have it."""
    return path.relative_to(ROOT).as_posix()


def blocks_of(path: Path) -> list[Block]:
    """A page's blocks, in order.

    Raises:
        PageError: a language or an option that there is not, or an option without a block.
    """
    return blocks(path.read_text(encoding="utf-8"), name_of(path))


def blocks(text: str, page: str) -> list[Block]:
    """The same of a text."""
    found: list[Block] = []
    pending: dict[str, str] = {}
    last = 1
    for line, token in _tokens(text, 0):
        last = line
        if token.type == "html_block":
            for comment in _COMMENT.findall(token.content):
                if comment == "end" or comment.startswith("made: "):
                    continue  # a table that tests/reference.py makes
                option, value = _option(comment, page, line)
                pending[option] = f"{pending[option]} {value}" if option in pending else value
            continue
        block = Block(page, line, token.info.strip(), token.content, pending)
        _check(block)
        found.append(block)
        pending = {}
    if pending:
        raise PageError(page, last, f"no block comes after <!-- {next(iter(pending))} -->")
    return found


def _tokens(text: str, offset: int) -> Iterator[tuple[int, Token]]:
    """Fences and HTML, each with its line, also those within notes."""
    for token in MarkdownIt("commonmark").parse(text):
        line = offset + (token.map[0] if token.map else 0) + 1
        if token.type == "fence" and token.info.startswith("{"):
            directive = token.info.split()[0]
            if directive not in _DIRECTIVES:
                raise AssertionError(f"line {line}: no rule for the directive {directive}")
            if directive in _ADMONITIONS:
                yield from _tokens(token.content, line)
        elif token.type in ("fence", "html_block"):
            yield line, token


def _option(comment: str, page: str, line: int) -> tuple[str, str]:
    option, _, value = (part.strip() for part in comment.partition(":"))
    if option not in OPTIONS:
        raise PageError(page, line, f"no such option: <!-- {comment} -->; there are {', '.join(OPTIONS)}")
    if bool(value) != (option not in ("output", "new folder")):
        raise PageError(page, line, f"<!-- {comment} --> {'takes no value' if value else 'needs a value'}")
    if option == "exit" and not value.isdecimal():
        raise PageError(page, line, f"<!-- {comment} --> needs a number")
    if option.startswith("not ") and len(value.split()) < 3:
        raise PageError(page, line, f"<!-- {comment} --> needs a reason of some words")
    return option, value


def _check(block: Block) -> None:
    if block.language not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        block.fail(f"a block of the language {block.language!r}; there are {known}")
    of = {
        "exit": ("console",),
        "not run": ("console",),
        "output": ("text",),
        "not compared": ("text",),
        "recorded": ("text",),
    }
    for option, languages in of.items():
        if option in block.options and block.language not in languages:
            block.fail(f"<!-- {option} --> stands before a block of {block.language}")
    if block.language == "console":
        for line, command in block.commands:
            if command.startswith(("$ ", "> ")):
                block.fail("a console block holds commands alone, without a prompt; output is a text block", line)


# Links.


def links(text: str) -> Iterator[str]:
    """Where a page's links and pictures lead."""
    for token in _inline(text):
        for child in token.children or ():
            target = child.attrGet("href" if child.type == "link_open" else "src")
            if target is not None:
                yield str(target)


@cache
def anchors(text: str) -> set[str]:
    """What a link into a page may name after `#`: its headings, as GitHub and MyST make them, and its targets."""
    tokens = MarkdownIt("commonmark").parse(text)
    heads = [tokens[place + 1] for place, token in enumerate(tokens) if token.type == "heading_open"]
    texts = ("".join(child.content for child in head.children or () if child.content) for head in heads)
    return {_anchor(text) for text in texts} | set(re.findall(r"^\((\S+)\)=$", text, re.MULTILINE))


def link_fault(page: Path, target: str) -> str | None:
    """What is wrong with a link of a page that leads to another one, or to a file of the repository."""
    if re.match(r"https?://", target):
        return None
    path, _, anchor = target.partition("#")
    to = (page.parent / path).resolve() if path else page
    if not to.exists():
        return f"{name_of(page)}: {target}: no such file"
    if not to.is_relative_to(ROOT):
        return f"{name_of(page)}: {target}: lies outside of the repository"
    if anchor and to.suffix == ".md" and anchor not in anchors(to.read_text(encoding="utf-8")):
        return f"{name_of(page)}: {target}: no such heading"
    return None


def _inline(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            yield token


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
