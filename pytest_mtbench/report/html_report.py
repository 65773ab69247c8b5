"""The HTML report: one file for all suites of a run, which opens from disk without a network.

What is above the conversations is there as HTML, also for a browser without scripts.  The conversations are not: ten
thousand of them would be too much for a browser at once, so the rows of the list are made when they come into view,
and the texts of a turn when it is opened.  Each text is in the file once, in deflated parts of a few hundred turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..domain.question import Place
from .flag_words import in_words
from .page_people import by_anchor, differences
from .page_suite import SuiteView, suite_view
from .page_turns import Json, PageTurn, page_turns, results_of
from .pages import as_block, packed, rendered
from .run_report import RunReport

_SCRIPTS = tuple(
    f"page/{name}.js" for name in ("data", "filters", "words", "code", "markdown", "conversation", "list", "keys")
)  # in this order: they share their names
_PART = 400_000
"""Characters of texts in a part, about."""
_WORST = ("passed", "failed", "aborted")


def html_page(reports: Sequence[RunReport]) -> str:
    """The whole HTML file; write it as UTF-8.

    A text of a model stands in it as data and is put on the page as text, never as HTML: the page's policy lets in no
    script and no style but its own, no image, no frame and no request.

    Args:
        reports: one a suite, in the order in which they are shown.
    """
    suites: list[SuiteView] = []
    turns: list[PageTurn] = []
    for number, report in enumerate(reports):
        names = _Names("" if number == 0 else f"{number + 1}-")
        view, found = _suite(report, names, alone=len(reports) == 1)
        suites.append(view)
        turns += [replace(turn, row=turn.row | {"suite": number}) for turn in found]
    rows, parts = _packed(turns)
    return rendered(
        "page/page.html",
        "page/page.css",
        _SCRIPTS,
        status=max((report.ending.status for report in reports), key=_WORST.index),
        suites=suites,
        count=len(turns),
        parts=parts,
        data=_data(suites, rows),
    )


class _Names:
    """What links to the turns of a suite name, each once.

    Args:
        prefix: sets the suite apart from others on the page.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """The name, or one that is not taken: two ids may look alike once what is not seen is an escape."""
        found, count = self._prefix + name, 1
        while found in self._taken:
            count += 1
            found = f"{self._prefix}{name}-{count}"
        self._taken.add(found)
        return found

    def of(self, name: str) -> str:
        """The first turn of that name, or nothing where the page has none."""
        return self._prefix + name if self._prefix + name in self._taken else ""


def _suite(report: RunReport, names: _Names, *, alone: bool) -> tuple[SuiteView, list[PageTurn]]:
    found = differences(report)
    turns = []
    anchors: dict[Place, str] = {}
    for turn, result in zip(page_turns(report, by_anchor(found)), results_of(report), strict=True):
        name = names.take(turn.row["id"])
        anchors.setdefault(result.place, name)
        turns.append(replace(turn, row=turn.row | {"id": name}))
    linked = [replace(one, anchor=names.of(one.anchor)) for one in found]
    return suite_view(report, anchors, linked, alone=alone), turns


def _packed(turns: Sequence[PageTurn]) -> tuple[list[Json], list[str]]:
    """The rows, each with the part in which its texts are and the place there, and the parts."""
    rows: list[Json] = []
    parts: list[list[Json]] = [[]]
    size = 0
    for turn in turns:
        if size >= _PART:
            parts.append([])
            size = 0
        rows.append(turn.row | {"part": len(parts) - 1, "at": len(parts[-1])})
        parts[-1].append(turn.texts)
        size += _size(turn.texts)
    return rows, [packed(part) for part in parts if part]


def _size(value: Any) -> int:
    """The characters of all texts in it."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list | tuple) else len(value) if isinstance(value, str) else 0


def _data(suites: Sequence[SuiteView], rows: Sequence[Json]) -> str:
    """What the scripts read at once."""
    flags = dict.fromkeys(flag for row in rows for flag in row["flags"])
    named = [
        {"key": suite.key, "own": suite.own, "other": suite.other, "pairwise": suite.is_pairwise} for suite in suites
    ]
    return as_block({"suites": named, "flags": {flag: in_words(flag) for flag in flags}, "turns": rows})
