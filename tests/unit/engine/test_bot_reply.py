from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.own import Reply
from pytest_mtbench.engine.bot_reply import LARGEST_EXTRA, WrongReplyError, reply_of


class Index:
    """As numpy's integers."""

    def __index__(self) -> int:
        return 12


@dataclass
class Document:
    path: str


def wrong(given: object) -> str:
    with pytest.raises(WrongReplyError) as caught:
        reply_of(given, str)
    return str(caught.value)


def test_a_text_or_a_reply() -> None:
    assert reply_of("hello", str).text == "hello"
    given = Reply("hello", extra={"sources": ("a", None, 1.5)}, input_tokens=Index(), output_tokens=3)  # type: ignore[arg-type]
    reply = reply_of(given, str)
    assert (reply.text, reply.usage, reply.extra) == ("hello", Usage(12, 3), {"sources": ["a", None, 1.5]})


def test_nothing_that_it_says_holds_a_key_or_half_a_character() -> None:
    given = Reply("key \ud800", extra={"key": [{"a": "key"}]})
    reply = reply_of(given, lambda text: text.replace("key", "***"))
    assert (reply.text, reply.extra) == ("*** \ufffd", {"***": [{"a": "***"}]})


@pytest.mark.parametrize(
    "given, words",
    [
        (None, "gave nothing (None), not a text or a pytest_mtbench.Reply"),
        (5, "gave int, not a text"),
        (b"x", "gave bytes, not a text"),
        ((one for one in "ab"), "gave generator, not a text or a pytest_mtbench.Reply; join its pieces to a text"),
        (SimpleNamespace(choices=[]), "its text is .choices[0].message.content"),
        (Reply(None), "gave a Reply whose text is nothing (None)"),  # type: ignore[arg-type]
        (Reply("x", extra=Document("a")), "extra is not plain JSON (Object of type Document is not JSON serializable)"),
        (Reply("x", extra={"score": Decimal(1)}), "extra is not plain JSON"),
        (Reply("x", extra=float("nan")), "extra is not plain JSON"),
        (Reply("x", extra="x" * LARGEST_EXTRA), "gave a Reply whose extra has 1,048,578 characters, and"),
        (Reply("x", input_tokens="12"), "gave a Reply whose input_tokens is '12', not a number of tokens"),  # type: ignore[arg-type]
        (Reply("x", output_tokens=-1), "gave a Reply whose output_tokens is '-1'"),
        (Reply("x", output_tokens=True), "output_tokens is 'True'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_answer_says_what_it_is(given: Any, words: str) -> None:
    assert words in wrong(given)


def test_extra_that_holds_itself() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert "extra is not plain JSON" in wrong(Reply("x", extra=circle))
