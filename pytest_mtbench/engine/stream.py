"""A reply that comes in pieces, put together to what it would be in one."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from .tasks import within

_AFTER_THE_END = 5.0
"""Seconds for what may come after a whole reply, as the number of its tokens."""
_LONGEST = 20
"""Times the wait for one piece, for a whole reply: no wait is without an end."""


class BrokenStreamError(Exception):
    """A stream that ended before its reply was whole.

    Args:
        began: whether any piece of it came.
    """

    def __init__(self, *, began: bool) -> None:
        super().__init__("the stream broke off before the reply was whole" if began else "no stream came")
        self.began = began


class Pieces:
    """What came of a reply so far."""

    def __init__(self) -> None:
        self.began = False
        self.is_whole = False
        self._choice: dict[str, Any] = {"index": 0}
        self._message: dict[str, Any] = {}
        self._about: dict[str, Any] = {}

    def add(self, piece: Any) -> bool:
        """Adds a piece; says whether anything was in it, since an empty one only keeps a connection alive."""
        row = _plain(piece)
        self.began = True
        about = {name: row[name] for name in ("id", "model", "created", "usage", "error") if row.get(name)}
        self._about |= about
        choices = row.get("choices")
        found = [one for one in choices if isinstance(one, dict)] if isinstance(choices, list) else []
        first = next((one for one in found if one.get("index") in (0, None)), None)
        if first is None:
            return bool(about.get("usage"))
        delta = first.get("delta") or first.get("message")
        grown = [self._grow(name, value) for name, value in delta.items()] if isinstance(delta, dict) else []
        self._choice |= {name: first[name] for name in ("finish_reason", "error") if first.get(name)}
        self.is_whole = "finish_reason" in self._choice
        return any(grown) or self.is_whole

    def _grow(self, name: str, value: object) -> bool:
        before = self._message.get(name)
        if name == "role" or not value:
            return False
        if isinstance(value, str):
            self._message[name] = (before if isinstance(before, str) else "") + value
        elif isinstance(value, list):
            self._message[name] = [*(before if isinstance(before, list) else ()), *value]
        else:
            self._message[name] = value
        return True

    def completion(self) -> dict[str, Any]:
        """The reply as one that came whole, in plain values."""
        message = {"role": "assistant", "content": "", **self._message}
        return {"object": "chat.completion", **self._about, "choices": [self._choice | {"message": message}]}


async def gather(stream: AsyncIterator[Any], seconds: float, since: float) -> dict[str, Any]:
    """The whole reply of a stream.

    Args:
        seconds: how long one piece may take, or the first one.
        since: when it was asked for, by a clock that never goes back.

    Raises:
        BrokenStreamError: it ended too early.
        asyncio.TimeoutError: a piece, or all of it, took too long.
    """
    pieces, ends = Pieces(), since + _LONGEST * seconds
    while True:
        now = time.monotonic()
        left = _AFTER_THE_END if pieces.is_whole else min(since + seconds, ends) - now
        try:
            piece = await within(max(left, 0), anext(stream))
        except StopAsyncIteration:
            break
        except Exception:
            if pieces.is_whole:
                break  # what is lost comes after the reply
            raise
        if pieces.add(piece):
            since = time.monotonic()
    if not pieces.is_whole:
        raise BrokenStreamError(began=pieces.began)
    return pieces.completion()


def _plain(piece: Any) -> dict[str, Any]:
    dump = getattr(piece, "model_dump", None)
    row = dump(exclude_none=True, warnings=False) if dump is not None else piece
    return row if isinstance(row, dict) else {}
