"""Markdown as a site shows it, by two parsers: GitHub's own, and another."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt


def _by_github(text: str) -> str:
    # Unsafe: GitHub cuts tags out later, and here each is to be seen.
    return str(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))


def _by_another(text: str) -> str:
    parser = MarkdownIt("gfm-like")
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False})  # `a.com` is a link to this parser alone
    return str(parser.render(text))


PARSERS: Mapping[str, Callable[[str], str]] = {"github": _by_github, "another": _by_another}

# What GitHub and GitLab make something of in all text that is not code, once Markdown has become a page: names, issues,
# merge requests, milestones, labels, snippets, formulas, pictures of a name, links, commits, and a backslash too many.
_ACTS = re.compile(
    r"[@#!%~$&]\w | \bGH-\d | :[\w+-]+: | \w:// | www\. | \b[0-9a-f]{7,}\b | \\ | \[\[ | \$\$",
    re.VERBOSE | re.IGNORECASE,
)


class Page(HTMLParser):
    """A page taken apart.

    Args:
        html: what a parser made of Markdown.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.code: list[str] = []
        self.prose: list[str] = [""]
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        self._open.append(tag)
        if tag in ("code", "pre"):
            self.code.append("")
        self.prose.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        self.prose.append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"code", "pre"} & {*self._open}:
            self.code[-1] += data
        else:
            self.prose[-1] += data

    def _count_other(self, data: str) -> None:
        self.tags[f"<!{data}>"] += 1

    handle_comment = handle_pi = unknown_decl = _count_other
    handle_decl = _count_other  # type: ignore[assignment]  # whose argument has another name

    @property
    def acting(self) -> list[str]:
        """What a site makes something of in what is not code."""
        return [found[0] for part in self.prose for found in _ACTS.finditer(part)]


def pages(text: str) -> dict[str, Page]:
    """The page that each parser makes of a text."""
    return {name: Page(parse(text)) for name, parse in PARSERS.items()}


OURS = {"h2", "h3", "p", "ul", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
"""The tags of a report."""


def check_stays_text(text: str) -> None:
    """A report in which nothing that a model, a user or a file says is more than text, here or in a job's log."""
    for name, page in pages(text).items():
        assert page.tags.keys() <= OURS, name
        assert {attribute for attribute, _ in page.attributes} <= {"align", "style"}, name
        assert page.acting == [], name
    for line in text.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert not [char for char in line if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")], line
