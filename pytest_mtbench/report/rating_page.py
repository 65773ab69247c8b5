"""The rating page: a sheet as one HTML file, which a person rates in a browser without a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from ..domain.sheet import SheetItem
from ..untrusted.text import readable
from .pages import as_block, rendered

_SCRIPTS = ("rating_sheet.js", "rating_memory.js", "rating_page.js")  # in this order: they share their names


def rating_page(items: Sequence[SheetItem], title: str) -> str:
    """The whole HTML file; write it as UTF-8.

    It shows the items alone: neither whose answers they are nor what a judge said of them is in the file, so `title`
    must not name a model either.  Order and sides depend on the rater's name and the item's id.  The rater's choices
    are kept by the browser, by a hash of all ids, and saved as `NAME.csv` with the columns `id,rater,choice,note`
    (`choice`: `left`, `right` and `tie` as `SheetItem` has its sides, whatever side the rater saw; empty: not rated)
    or `id,rater,rating,note` (1 to 10, halves allowed), a row an item in the order of `items`.

    Args:
        items: all to be compared or all to be rated; one that shows the same as another is shown once.
        title: the page's heading, in plain text.

    Raises:
        ValueError: no items, or some to be compared and some to be rated.
    """
    kinds = {"compare" if item.right else "rate" for item in items}
    if len(kinds) != 1:
        raise ValueError("a rating page needs items that are all to be compared, or all to be rated")
    kind = kinds.pop()
    distinct = {item.id: item for item in items}
    return rendered(
        "rating_page.html",
        "rating_page.css",
        _SCRIPTS,
        title=readable(title),
        compare=kind == "compare",
        count=len(distinct),
        data=_data(kind, list(distinct.values())),
    )


def _data(kind: str, items: Sequence[SheetItem]) -> str:
    """What the script reads: JSON in which no text can end the block that holds it."""
    ids = sorted(item.id for item in items)
    name = hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16]
    sheet = {"name": name, "kind": kind, "items": [_row(item) for item in items]}
    return as_block(sheet)


def _row(item: SheetItem) -> dict[str, Any]:
    sides = [side for side in (item.left, item.right) if side]
    return {
        "id": item.id,
        "questions": [readable(text) for text in item.question.turns[: item.turn]],
        "sides": [[readable(text) for text in side] for side in sides],
    }
