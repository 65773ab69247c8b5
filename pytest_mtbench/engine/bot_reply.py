"""What a user's own chatbot gave -> a reply of the run.  Pure."""

from __future__ import annotations

import json
import operator
import time
from collections.abc import Callable
from typing import Any

from ..domain.chat import ChatReply, Usage, tokens
from ..domain.own import Reply
from ..untrusted.text import join_surrogates

LARGEST_EXTRA = 2**20
"""Characters of `Reply.extra` as JSON; it goes through every report and to every worker."""


class WrongReplyError(Exception):
    """What a chatbot gave is no answer; the message says what it is instead.

    Args:
        alike: what tells it from others, where different conversations get the like.
    """

    def __init__(self, message: str, alike: str) -> None:
        super().__init__(message)
        self.alike = alike


def reply_of(given: object, redact: Callable[[str], str]) -> ChatReply:
    """The reply that a value stands for.

    Args:
        redact: for every text in it, which may hold a key.

    Raises:
        WrongReplyError: it is neither a text nor a `Reply` with one, or holds what no report can show.
    """
    if isinstance(given, str):
        given = Reply(given)
    if not isinstance(given, Reply):
        raise _wrong(f"gave {_kind(given)}, not a text or a pytest_mtbench.Reply{_hint(given)}", given)
    if not isinstance(given.text, str):
        raise _wrong(f"gave a Reply whose text is {_kind(given.text)}", given.text)
    return ChatReply(
        redact(join_surrogates(given.text)),
        usage=Usage(_tokens("input_tokens", given.input_tokens), _tokens("output_tokens", given.output_tokens)),
        created=time.time(),
        extra=_clean(_plain(given.extra), redact),
    )


def _wrong(message: str, value: object) -> WrongReplyError:
    return WrongReplyError(message, f"gave {type(value).__name__}")


def _kind(value: object) -> str:
    return "nothing (None)" if value is None else type(value).__name__


def _hint(given: object) -> str:
    """What to do with a thing that is often given instead of its text."""
    if hasattr(given, "__aiter__") or (hasattr(given, "__next__") and hasattr(given, "__iter__")):
        return "; join its pieces to a text"
    if hasattr(given, "choices"):
        return "; its text is .choices[0].message.content"
    return ""


def _tokens(name: str, count: Any) -> int:
    try:
        number = 0 if count is None else operator.index(count)
    except TypeError:
        number = -1
    if isinstance(count, bool) or number < 0:
        raise _wrong(f"gave a Reply whose {name} is {str(count)[:40]!r}, not a number of tokens", count)
    return tokens(number)


def _plain(extra: object) -> Any:
    """As JSON reads it back, which is what a worker and a report get."""
    try:
        text = json.dumps(extra, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise _wrong(f"gave a Reply whose extra is not plain JSON ({error})", extra) from None
    if len(text) > LARGEST_EXTRA:
        raise _wrong(
            f"gave a Reply whose extra has {len(text):,} characters, and {LARGEST_EXTRA:,} are the most", extra
        )
    return json.loads(text)


def _clean(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(join_surrogates(value))
    if isinstance(value, list):
        return [_clean(part, redact) for part in value]
    if isinstance(value, dict):
        return {_clean(name, redact): _clean(part, redact) for name, part in value.items()}
    return value
