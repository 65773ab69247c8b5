"""What of a request an endpoint refuses and can do without: told from the words of its refusal.  Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..domain.chat import PARAMETERS, ChatRequest, Message

_MOST_ROOM = 8
"""Times the tokens that the protocol allows, for an endpoint that cannot finish within them."""

_REFUSING = re.compile(
    r"unsupported|not support|n't support|deprecated|not allowed|not permitted|does not accept"
    r"|only .{0,30}(?:allowed|supported)|unrecogni[sz]ed|unknown (?:name|parameter|field|argument)|cannot find field",
    re.IGNORECASE,
)
_CODES = ("unsupported_parameter", "unsupported_value")
_ALSO_CALLED = {"stream_options": "include_usage"}
_OF_A_VALUE = re.compile(r"context|too large|at most", re.IGNORECASE)
_NO_ROOM = re.compile(r"could not finish the message because max_tokens", re.IGNORECASE)
_NO_SYSTEM = re.compile(
    r"(?:system|developer) (?:role|message|prompt|instruction)s?\b.{0,60}?"
    r"(?:not|n't|un)\s?(?:be )?(?:support|allow|enabl|permit|accept)"
    r"|(?:not|n't) support.{0,30}(?:system|developer)|roles must alternate|only user.{0,20}(?:assistant|model) roles",
    re.IGNORECASE,
)


def refused_parameter(status: int, codes: Collection[str], said: str, parameters: Mapping[str, object]) -> str:
    """What the endpoint refuses of a request, or an empty text.

    Args:
        codes: what its body says to machines, the name of a parameter among it.
        said: its message.
        parameters: what was sent: `temperature`, `max_tokens` and `stream_options`; `system` where instructions stand
            in a message of their own; `room` where more tokens may be asked for than were.

    Returns:
        `temperature` and `stream_options` are left out then, `max_tokens` sent as `max_completion_tokens`, `system`
        moved into the first message of the user, and `room` doubled.
    """
    if "system" in parameters and _NO_SYSTEM.search(said):  # also with 500: the template is the server's own code
        return "system"
    by_code = any(code in codes for code in _CODES)
    if status not in (400, 422) and not by_code:  # some gateways say 500 of what the provider refused
        return ""
    if "room" in parameters and _NO_ROOM.search(said):
        return "room"
    blamed = next((name for name in PARAMETERS if name in parameters and name in codes), "")
    if blamed:
        return blamed
    named = [name for name in PARAMETERS if name in parameters and _names(said, name)]
    if not named or (_OF_A_VALUE.search(said) and not by_code):
        return ""
    quoted = next((name for name in named if f"'{name}'" in said or f"`{name}`" in said), "")
    return quoted or (named[0] if by_code or _REFUSING.search(said) else "")


def _names(said: str, parameter: str) -> bool:
    return parameter in said or _ALSO_CALLED.get(parameter, parameter) in said


@dataclass(frozen=True)
class Form:
    """How a model is asked, as far as it is known what its endpoint refuses.

    A request keeps the form that it was sent in: while it is under way others may learn more.

    Args:
        refused: what it does without; see `refused_parameter`.
        room: what `max_tokens` is multiplied by.
        streams: whether replies are asked for in pieces.
    """

    refused: frozenset[str] = frozenset()
    room: int = 1
    streams: bool = False

    def parameters(self, request: ChatRequest) -> dict[str, Any]:
        """The parameters as they are sent."""
        sampling: dict[str, Any] = {}
        if request.temperature is not None and "temperature" not in self.refused:
            sampling["temperature"] = request.temperature
        if self.streams and "stream_options" not in self.refused:
            sampling["stream_options"] = {"include_usage": True}  # or a stream does not say what it took
        name = "max_completion_tokens" if "max_tokens" in self.refused else "max_tokens"
        return sampling | {name: request.max_tokens * self.room}

    def messages(self, request: ChatRequest) -> Sequence[Message]:
        """The messages as they are sent."""
        return without_system(request.messages) if "system" in self.refused else request.messages

    def can_do_without(self, request: ChatRequest) -> dict[str, Any]:
        """What is sent and may be refused, for `refused_parameter`."""
        sent = self.parameters(request)
        if self.messages(request)[0]["role"] == "system":
            sent["system"] = True
        if self.room < _MOST_ROOM:
            sent["room"] = True
        return sent

    def without(self, parameter: str, sent: Form) -> Form:
        """The form after a request in the form `sent` was refused."""
        room = max(self.room, 2 * sent.room) if parameter == "room" else self.room
        return replace(self, refused=self.refused | {parameter}, room=room)


def without_system(messages: tuple[Message, ...]) -> list[Message]:
    """The same messages with the instructions at the head of the first one of the user."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    moved: list[Message] = [message for message in messages if message["role"] != "system"]
    if system and moved:
        moved[0] = {"role": moved[0]["role"], "content": f"{system}\n\n{moved[0]['content']}"}
    return moved
