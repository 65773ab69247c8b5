"""A judge's text -> a rating or a verdict, or the reason why there is none.

The last mark counts: in 7,230 real GPT-4 judgments the first and the last never differ, and a rating that the
judge quotes from the answer stands before its own as a rule.  A last mark outside the scale, or of another form, never
falls back to an earlier one; nor does one that is quoted from the answer; a text that was cut off may lack its last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .quotation import Material
from .thinking import cut_thinking

_NOT_FINISHED = {
    "length": "the judge's reply was cut off by max_tokens",
    "content_filter": "the endpoint's content filter withheld the judgment",
    "refusal": "the judge refused to judge",
}
NOTHING = Material()

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What a judgment says.

    Args:
        value: the rating, 1-10, or the letter of the verdict: `A`, `B` or `C` for neither; None with its `reason`.
        flags: `several-ratings`, `bare-rating`, `quoted-rating`, `several-verdicts`, `quoted-verdict`.
    """

    value: T | None
    reason: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marking(Generic[T]):
    """One kind of mark that a judge closes with.

    Args:
        name: how reasons and flags call it.
        marks: what is taken for such a mark, also in another form than the one that counts.
        bare: a form that is looked for only where there is none of `marks`, and is flagged.
        worth: two marks are different where this is.
        parse: the value of the last mark in a text, and the reason where it has none.
        in_instructions: whether the judge's system message holds such marks itself, as the pairwise templates' does
            with all three verdicts; a mark that is repeated from there is then none of the judge's.
    """

    name: str
    marks: re.Pattern[str]
    worth: Callable[[re.Match[str]], object]
    parse: Callable[[str, re.Match[str]], tuple[T | None, str | None]]
    bare: re.Pattern[str] | None = None
    in_instructions: bool = False


def read(marking: Marking[T], judgment: str, finish_reason: str = "stop", material: Material = NOTHING) -> Reading[T]:
    """Reads the mark of a judgment: `read(RATING, text)` of one answer, `read(VERDICT, text)` of two.

    Args:
        judgment: the judge's whole text.
        finish_reason: `length`, `content_filter` and `refusal` mean that the judge did not come to its end.
        material: what the judge was shown, to know its own marks from those that it quotes.
    """
    text = _without_thinking(judgment)
    if finish_reason in _NOT_FINISHED:
        return Reading(None, _NOT_FINISHED[finish_reason])
    flags = []
    found = list(marking.marks.finditer(text))
    if not found and marking.bare:
        found = list(marking.bare.finditer(text))
        flags += [f"bare-{marking.name}"] if found else []
    if not found:
        return Reading(None, _why_none(judgment, text, marking.name))
    if len({marking.worth(mark) for mark in found}) > 1:
        flags.append(f"several-{marking.name}s")
    last = found[-1]
    if material.holds(text, *last.span(), instructions=marking.in_instructions):
        # Never an earlier one instead: whoever foresees a judge's words could make its own last mark look quoted.
        reason = f"the judge's last {marking.name} is one that it quotes from the answer"
        return Reading(None, reason, (*flags, f"quoted-{marking.name}"))
    return Reading(*marking.parse(text, last), tuple(flags))


def _without_thinking(judgment: str) -> str:
    # A closing tag alone may be one that the judge quotes from the answer.
    return cut_thinking(judgment) if "<think>" in judgment else judgment


def _why_none(judgment: str, text: str, what: str) -> str:
    if not judgment.strip():
        return "the judge's reply was empty"
    if not text.strip():
        return "the judge's reply holds only thinking"
    return f"the judge's reply holds no {what}"


# Ratings.

_DOUBLE = re.compile(r"\[\[[0-9]+(?:\.[0-9]+)?\]\]")
_DOUBLE_LIKE = re.compile(r"\[\[[ \t]*([-+]?\d+(?:\.\d+)?)(?:[ \t]*/[ \t]*\d+)?[ \t]*\]\]")
_BARE = re.compile(
    r"\b(?:rating|score)\b[*_]*(?:[ \t]*[:=][ \t]*|[ \t]+)[*_]*\[([0-9]+(?:\.[0-9]+)?)\](?!\])", re.IGNORECASE
)


def _number(mark: re.Match[str]) -> float:
    return float(mark[1])


def _parse_rating(text: str, last: re.Match[str]) -> tuple[float | None, str | None]:
    rating, double = _number(last), last[0].startswith("[[")
    if double and not _DOUBLE.fullmatch(last[0]):
        return None, f"the judge's rating {last[0][:16]} is not of the form [[n]]"
    later = [bare for bare in _BARE.finditer(text, last.end()) if _number(bare) != rating]
    if double and later:  # the double one may be quoted without a sign of it
        return None, f"the judge rates {last[0][:16]} and then [{later[-1][1][:12]}]"
    if not 1 <= rating <= 10:
        return None, f"the judge's rating {last[1][:12]} is outside 1-10"
    return rating, None


RATING = Marking("rating", _DOUBLE_LIKE, _number, _parse_rating, bare=_BARE)
"""`[[n]]`, 1-10, of one answer."""


# Verdicts.

_LETTER = re.compile(r"\[\[([ABC])\]\]")
# What a judge may write instead of one of the three: another case, spaces, two letters, a word.
_LETTER_LIKE = re.compile(
    r"\[\[\s*(?:(?:assistant )?[ABC](?: wins)?|[ABC]\s*[<>=/|,]{1,3}\s*[ABC]|tie|draw|neither|none|both)\s*\]\]",
    re.IGNORECASE,
)


def _parse_verdict(text: str, last: re.Match[str]) -> tuple[str | None, str | None]:  # noqa: ARG001
    letter = _LETTER.fullmatch(last[0])
    if letter is None:
        return None, f"the judge's verdict {last[0][:16]} is none of [[A]], [[B]] and [[C]]"
    return letter[1], None


VERDICT = Marking("verdict", _LETTER_LIKE, lambda mark: mark[0], _parse_verdict, in_instructions=True)
"""`[[A]]`, `[[B]]` or `[[C]]` of two answers."""
