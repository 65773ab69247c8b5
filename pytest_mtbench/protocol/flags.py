"""What an answer holds that might sway a judge."""

from __future__ import annotations

import re

from .judgment import in_plain_brackets

_RATING_LIKE = re.compile(
    r"\[\[\s*(?:[0-9]{1,3}(?:\.[0-9]+)?(?:\s*/\s*10)?|[ABC])\s*\]\]|\b(?:rating|score)\b[*_ \t:=]+\[[0-9.]+\]",
    re.IGNORECASE,
)


def answer_flags(text: str, markers: frozenset[str]) -> list[str]:
    """What an answer holds that might sway a judge: a rating or verdict, or a marker of the judge's prompt.

    Args:
        text: the answer as the judge will see it.
        markers: the fixed marker lines of the prompt templates.
    """
    flags = []
    if _RATING_LIKE.search(in_plain_brackets(text)):
        flags.append("rating-in-answer")
    if any(marker in text for marker in markers):
        flags.append("end-marker-in-answer")
    return flags


def template_markers(templates: list[str]) -> frozenset[str]:
    """The lines of judge templates that mark where material starts and ends."""
    lines = (line.strip() for template in templates for line in template.splitlines())
    return frozenset(line for line in lines if line[:1] in ("[", "<", "#") and "{" not in line and len(line) > 8)
