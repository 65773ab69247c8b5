"""A chat completion of whatever shape -> a reply; the openai client checks none."""

from __future__ import annotations

import json
import time
from typing import Any

from ..domain.chat import ChatReply, Usage, tokens
from ..protocol.whole import end_of
from ..untrusted.text import join_surrogates


def read_completion(completion: Any, answer_from: str = "") -> ChatReply:
    """The reply that a completion holds.

    Args:
        answer_from: the field of the message that holds the text, where it is not `content`.

    Raises:
        MalformedReplyError: it is none.
    """
    from .faults import MalformedReplyError

    choices = getattr(completion, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(choice, "message", None)
    field = answer_from or "content"
    content, refusal = getattr(message, field, None), getattr(message, "refusal", None)
    error = getattr(completion, "error", None)  # beside an answer too: one that was broken off
    if error or not hasattr(message, "content") or not isinstance(content, str | list | None):
        raise MalformedReplyError(str(error or completion), error)
    if isinstance(content, list):  # some servers send the parts of a message
        content = "".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    finish = _finish_reason(choice)
    if not content and isinstance(refusal, str) and refusal:
        content, finish = refusal, "refusal"
    served, usage = getattr(completion, "model", None), getattr(completion, "usage", None)
    return ChatReply(
        text=join_surrogates(content or ""),
        finish_reason=finish,
        served=served if isinstance(served, str) else "",
        usage=Usage(tokens(getattr(usage, "prompt_tokens", 0)), tokens(getattr(usage, "completion_tokens", 0))),
        created=time.time(),
        elsewhere=None if content else _elsewhere(message, field),
    )


def _finish_reason(choice: Any) -> str:
    word = getattr(choice, "finish_reason", None)
    finish = "stop" if word is None or word == "" else word if isinstance(word, str) else "unknown"
    # OpenRouter puts an error beside half an answer.
    lost = getattr(choice, "error", None) or getattr(getattr(choice, "message", None), "error", None)
    return "error" if lost and end_of(finish) == "whole" else finish


def _elsewhere(message: Any, field: str) -> tuple[str, str] | None:
    """The first field with something in it, of a message whose text is empty: a thought, a call of a tool."""
    for name, value in message.model_dump(exclude_none=True, warnings=False).items():
        if name not in (field, "role", "refusal", "annotations") and value:
            return name, join_surrogates(value if isinstance(value, str) else json.dumps(value, default=str))
    return None
