"""Chat completions: what is asked, and what an endpoint says."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, TypedDict

from .question import QuestionId

_MOST_TOKENS = 10**9

KEY_SCHEMA = 1
"""Goes into every key of a cache; a change of what a stored reply means raises it."""

Kind = Literal["answer", "judgment"]
"""What a reply is for."""

AnswerSource = Mapping[tuple[QuestionId, int, int], str]
"""Answers that exist already, by question id, turn and run (from 0)."""

NO_ANSWER = "$ERROR$"
"""What FastChat writes in the place of an answer where the request failed (`API_ERROR_OUTPUT` in its constants)."""

CacheMode = Literal["all", "judgments", "refresh", "off", "only"]
"""Which replies may be taken from the cache."""

PARAMETERS = ("max_tokens", "temperature", "stream_options")
"""Parameters that an endpoint may refuse, and that are renamed or left out then."""

ADAPTABLE = (*PARAMETERS, "system", "room")
"""What of a request an endpoint may refuse: also instructions in a message of their own, and too little room."""


_DAY = 86400.0
_CENTURY = 100 * 365 * _DAY


class Message(TypedDict):
    """One message of a chat, as the chat-completions protocol has it."""

    role: str
    content: str


@dataclass(frozen=True)
class Usage:
    """Tokens of one request or of many."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.input_tokens - other.input_tokens, self.output_tokens - other.output_tokens)


@dataclass(frozen=True)
class ChatRequest:
    """One chat completion to ask for.

    Args:
        endpoint: base URL, as the cache key and the messages name it.
        temperature: None leaves the parameter out.
        max_tokens: the most tokens of the reply.
        sample: counts independent replies to the same messages, from 0.
        revision: the user's name for what is served behind the model's name.
        answer_from: the field of the message that holds the text, where it is not `content`.
        headers: those of the endpoint that may decide who answers.
    """

    endpoint: str
    model: str
    messages: tuple[Message, ...]
    temperature: float | None
    max_tokens: int
    sample: int = 0
    revision: str = ""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    answer_from: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What identifies the request, as plain JSON values; nothing secret is in it.  Not to be changed."""
        return {
            "endpoint": self.endpoint,
            "model": self.model,
            "messages": [dict(message) for message in self.messages],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "sample": self.sample,
            "revision": self.revision,
            # As JSON reads it back: keys are text there, and a stored request is compared with this one.
            "extra_body": json.loads(json.dumps(dict(self.extra_body))) if self.extra_body else {},
            # Left out where they are empty, so that keys are what they were before they came.
            **({"answer_from": self.answer_from} if self.answer_from else {}),
            **({"headers": dict(self.headers)} if self.headers else {}),
        }

    @cached_property
    def key(self) -> str:
        """SHA-256 of everything that is asked."""
        asked = json.dumps({"schema": KEY_SCHEMA} | self.identity, sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()


@dataclass(frozen=True)
class ChatReply:
    """What an endpoint said, with what a report and a bill need.

    Args:
        served: the model's name as the endpoint returned it.
        created: when it was received, in seconds since the epoch; `seconds`: how long that took, where it is known.
        adapted: parameters that the endpoint refused and that were renamed or left out.
        cached: True where it came from the cache or from a file and cost nothing in this run.
        elsewhere: field and text of what an empty reply held instead; such a reply is never stored.
        extra: what a user's own chatbot said beside its answer, as plain JSON values; such a reply is never stored.
    """

    text: str
    finish_reason: str = "stop"
    served: str = ""
    usage: Usage = Usage()
    created: float = 0.0
    adapted: tuple[str, ...] = ()
    cached: bool = False
    elsewhere: tuple[str, str] | None = None
    extra: Any = field(default=None, hash=False)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values for the cache."""
        return {
            "text": self.text,
            "finish_reason": self.finish_reason,
            "served": self.served,
            "usage": asdict(self.usage),
            "created": self.created,
            "adapted": self.adapted,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> ChatReply:
        """Reads what `as_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: the row is not one.
        """
        if not isinstance(row["text"], str):
            raise TypeError("text is not a string")
        try:
            return cls(
                text=row["text"],
                finish_reason=str(row["finish_reason"]),
                served=str(row["served"]),
                usage=Usage(**{name: tokens(int(value)) for name, value in row["usage"].items()}),
                created=_moment(row["created"]),
                adapted=tuple(name for name in ADAPTABLE if name in row["adapted"]),
            )
        except (OverflowError, AttributeError) as error:
            raise ValueError(str(error)) from error


def tokens(count: object) -> int:
    """A number of tokens as an endpoint says it; what no reply can have is none."""
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 < count < _MOST_TOKENS else 0


def _moment(value: Any) -> float:
    """Seconds since the epoch that a clock can have shown; 0, which says nothing, for one that is still to come."""
    moment, now = float(value), time.time()
    if not 0 <= moment <= now + _CENTURY:
        raise ValueError("no moment that a clock shows")
    return moment if moment <= now + _DAY else 0.0  # written before a clock was set back
