"""Removes keys and URL passwords from text, also where they stand escaped or in base64."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

_SHORTEST_RUN = 8
"""So many characters of the beginning of a secret are cut out too."""
_SHORTEST = 4
_WORD = re.compile(r"[a-z]{,12}|[A-Z]{,12}|[A-Z][a-z]{,11}|[0-9]{,4}")
"""What is typed where no key is needed (`EMPTY`, `ollama`), or in a header that tells no secret: cut out, it would
change answers that speak of it."""


def userinfo(url: str) -> str:
    """User and password of a URL as they are sent: `user:password`."""
    parts = urlsplit(url)
    return "" if parts.username is None else f"{unquote(parts.username)}:{unquote(parts.password or '')}"


def secrets_of(key: str, url: str, others: Sequence[str] = ()) -> list[str]:
    """A key, what a URL holds of user and password, and other secrets, each in every form, longest first.

    A key, or another secret, that is one word of letters, or a short number, is none.
    """
    parts = urlsplit(url)
    pair = userinfo(url)
    words = (word for other in others for word in other.split(" ") if len(word) >= _SHORTEST_RUN)  # of `Bearer X`
    plain = {text for text in (key, *others, *words) if not _WORD.fullmatch(text)}
    # A user name without a password is a token as a rule.
    plain |= {parts.password or "", unquote(parts.password or ""), pair, "" if parts.password else pair.rstrip(":")}
    forms: set[str] = set()
    for text in plain:
        forms |= {text, quote(text, safe=""), json.dumps(text)[1:-1], text.replace("/", "\\/")}
        forms.add(b64encode(text.encode()).decode())
    return sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)


def redacted(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret as `***`, in either case, and also where its beginning alone stands."""
    for secret in secrets:
        text = _without(text, secret) if len(secret) >= _SHORTEST else text
    return text


def _without(text: str, secret: str) -> str:
    lowered, wanted = _lower(text), _lower(secret)
    start = wanted[:_SHORTEST_RUN]
    if start not in lowered:
        return text
    parts = []
    position = 0
    while (found := lowered.find(start, position)) >= 0:
        end = found + len(start)
        while end - found < len(wanted) and lowered[end : end + 1] == wanted[end - found]:
            end += 1
        parts += [text[position:found], "***"]
        position = end
    return "".join([*parts, text[position:]])


def _lower(text: str) -> str:
    """In small letters, each in the place where it stood: those of a few letters, as of \u0130, are two characters."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(low if len(low := c.lower()) == 1 else c for c in text)
