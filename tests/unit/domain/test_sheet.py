from __future__ import annotations

import hashlib
import json
import re

import pytest

from pytest_mtbench.domain.question import Question, QuestionId
from pytest_mtbench.domain.sheet import SheetItem, sheet_id

QUESTION = Question(81, "writing", ("Write.", "Again."))


def test_an_id_is_made_of_what_is_shown_and_of_nothing_else() -> None:
    item = SheetItem(QUESTION, 2, ("a", "b\n\u00e9"), ("c", "d"))
    # Written out: any program can find the item of a vote without this package.
    text = '[81, 2, ["a", "b\\n\\u00e9"], ["c", "d"]]'
    assert json.loads(text) == [81, 2, ["a", "b\né"], ["c", "d"]]
    assert item.id == hashlib.sha256(text.encode()).hexdigest()[:12]
    assert re.fullmatch(r"[0-9a-f]{12}", item.id)
    assert SheetItem(Question(81, "math", ("Something else?", "?")), 2, item.left, item.right).id == item.id


SAID: tuple[QuestionId, int, tuple[str, ...], tuple[str, ...]] = (81, 1, ("a",), ("b",))


@pytest.mark.parametrize(
    "other",
    [
        ("81", 1, ("a",), ("b",)),
        (82, 1, ("a",), ("b",)),
        (81, 2, ("a",), ("b",)),
        (81, 1, ("a ",), ("b",)),
        (81, 1, ("a",), ()),
        (81, 1, ("b",), ("a",)),
        (81, 1, ("a", "b"), ()),
        (81, 1, ("a", ""), ("b",)),
    ],
)
def test_whatever_is_other_has_another_id(other: tuple[QuestionId, int, tuple[str, ...], tuple[str, ...]]) -> None:
    assert sheet_id(*other) != sheet_id(*SAID)


def test_any_text_of_a_model_has_an_id() -> None:
    found = {sheet_id("q", 1, [text], []) for text in ("", "\ud800", "\ud801", "\0", "\u202e", "x" * 100_000)}
    assert len(found) == 6
