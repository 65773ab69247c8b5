"""A user's own chatbot, which answers instead of an endpoint: how it is named, and what it may give and raise."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field
from typing import Any


class Retry(Exception):  # noqa: N818 - it asks for something, and is no error
    """Raised by a user's own chatbot to be asked the same turn again.

    Args:
        after: seconds, for which no call of the chatbot starts, as with `Retry-After`; None leaves it to the run.
        reason: for the report, where every try ends so.

    Raises:
        ValueError: `after` is no number of seconds.
    """

    def __init__(self, after: float | None = None, reason: str = "") -> None:
        seconds = None if after is None else float(after)
        if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"Retry(after={after!r}): needs seconds, 0 or more")
        super().__init__(reason or ("asks to be called again" + (f" after {seconds:g} s" if seconds else "")))
        self.after = seconds


@dataclass(frozen=True)
class Reply:
    """An answer of a user's own chatbot with what else is to be known of it.

    Args:
        text: the answer.
        extra: anything that JSON can hold, as the sources of the answer; `mtbench_turn.extra`, and in the JSON report.
        input_tokens, output_tokens: what it took, for the summary and the cost.
    """

    text: str
    _: KW_ONLY
    extra: Any = field(default=None, repr=False)
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class BotName:
    """A user's own chatbot as a suite file names it.

    Args:
        target: `package.module:object`.
        where: the file, line and key that name it, as they stand before a message.
    """

    target: str
    where: str

    @property
    def module(self) -> str:
        """The module that holds it."""
        return self.target.partition(":")[0]

    @property
    def url(self) -> str:
        """What stands in the place of an endpoint's URL, where requests and limits are told apart."""
        return f"generate:{self.target}"
