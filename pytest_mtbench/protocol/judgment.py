"""A judge's text -> a rating or a verdict, or the reason why there is none.

The last mark counts: in 7,230 real GPT-4 judgments the first and the last never differ, and a rating that the
judge quotes from the answer stands before its own as a rule.  A last mark outside the scale, or of another form, never
falls back to an earlier one; nor does one that is quoted from the answer; a text that was cut off may lack its last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .quotation import Shown
from .thinking import cut_thinking

_MARK = re.compile(r"\[\[[0-9]+(?:\.[0-9]+)?\]\]")
_MARK_LIKE = re.compile(r"\[\[[ \t]*([-+]?\d+(?:\.\d+)?)(?:[ \t]*/[ \t]*\d+)?[ \t]*\]\]")
_BARE = re.compile(
    r"\b(?:rating|score)\b[*_]*(?:[ \t]*[:=][ \t]*|[ \t]+)[*_]*\[([0-9]+(?:\.[0-9]+)?)\](?!\])", re.IGNORECASE
)
_NOT_FINISHED = {
    "length": "the judge's reply was cut off by max_tokens",
    "content_filter": "the endpoint's content filter withheld the judgment",
    "refusal": "the judge refused to judge",
}
NOTHING = Shown()
_QUOTED = "the judge's last {} is one that it quotes from the answer"
_VERDICT = re.compile(r"\[\[([ABC])\]\]")
# What a judge may write instead of one of the three: another case, spaces, two letters, a word.
_VERDICT_LIKE = re.compile(
    r"\[\[\s*(?:(?:assistant )?[ABC](?: wins)?|[ABC]\s*[<>=/|,]{1,3}\s*[ABC]|tie|draw|neither|none|both)\s*\]\]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rating:
    """What a judgment says.

    Args:
        score: 1-10, or None.
        reason: why there is no score.
        flags: `several-ratings`, `bare-rating`, `quoted-rating`.
    """

    score: float | None
    reason: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a judgment of two answers says.

    Args:
        letter: `A`, `B` or `C` for neither, or None.
        reason: why there is none.
        flags: `several-verdicts`, `quoted-verdict`.
    """

    letter: str | None
    reason: str | None = None
    flags: tuple[str, ...] = ()


def read_rating(judgment: str, finish_reason: str = "stop", shown: Shown = NOTHING) -> Rating:
    """Reads the rating of a single-answer judgment.

    Args:
        judgment: the judge's whole text.
        finish_reason: `length`, `content_filter` and `refusal` mean that the judge did not come to its end.
        shown: what the judge was shown, to know its own marks from those that it quotes.
    """
    text = _without_thinking(judgment)
    if finish_reason in _NOT_FINISHED:
        return Rating(None, _NOT_FINISHED[finish_reason])
    flags = []
    found = list(_MARK_LIKE.finditer(text))
    if not found:
        found = list(_BARE.finditer(text))
        flags += ["bare-rating"] if found else []
    if not found:
        return Rating(None, _why_none(judgment, text, "rating"), tuple(flags))
    if len({float(mark[1]) for mark in found}) > 1:
        flags.append("several-ratings")
    last = found[-1]
    if shown.holds(text, *last.span()):
        # Never an earlier one instead: whoever foresees a judge's words could make its own last mark look quoted.
        return Rating(None, _QUOTED.format("rating"), (*flags, "quoted-rating"))
    if last[0].startswith("[[") and not _MARK.fullmatch(last[0]):
        return Rating(None, f"the judge's rating {last[0][:16]} is not of the form [[n]]", tuple(flags))
    later = [bare for bare in _BARE.finditer(text, last.end()) if float(bare[1]) != float(last[1])]
    if last[0].startswith("[[") and later:  # the double one may be quoted without a sign of it
        return Rating(None, f"the judge rates {last[0][:16]} and then [{later[-1][1][:12]}]", tuple(flags))
    score = float(last[1])
    if not 1 <= score <= 10:
        return Rating(None, f"the judge's rating {last[1][:12]} is outside 1-10", tuple(flags))
    return Rating(score, None, tuple(flags))


def read_verdict(judgment: str, finish_reason: str = "stop", shown: Shown = NOTHING) -> Verdict:
    """Reads the verdict of a pairwise judgment, as `read_rating` reads a rating."""
    text = _without_thinking(judgment)
    if finish_reason in _NOT_FINISHED:
        return Verdict(None, _NOT_FINISHED[finish_reason])
    found = list(_VERDICT_LIKE.finditer(text))
    if not found:
        return Verdict(None, _why_none(judgment, text, "verdict"))
    flags = ["several-verdicts"] if len({mark[0] for mark in found}) > 1 else []
    last = found[-1]
    if shown.holds(text, *last.span()):
        return Verdict(None, _QUOTED.format("verdict"), (*flags, "quoted-verdict"))
    verdict = _VERDICT.fullmatch(last[0])
    if verdict is None:
        reason = f"the judge's verdict {last[0][:16]} is none of [[A]], [[B]] and [[C]]"
        return Verdict(None, reason, tuple(flags))
    return Verdict(verdict[1], None, tuple(flags))


def _without_thinking(judgment: str) -> str:
    # A closing tag alone may be one that the judge quotes from the answer.
    return cut_thinking(judgment) if "<think>" in judgment else judgment


def _why_none(judgment: str, text: str, what: str) -> str:
    if not judgment.strip():
        return "the judge's reply was empty"
    if not text.strip():
        return "the judge's reply holds only thinking"
    return f"the judge's reply holds no {what}"
