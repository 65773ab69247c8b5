"""A judge's text -> a rating or a verdict, or the reason why there is none.

Marks that differ give none: in 7,230 real GPT-4 judgments the first and the last never differ, and of 16,259 ratings
of many judges three are lost by it.  Whoever reads the first mark, or the last, lets an answer talk the judge into it.
A mark that is quoted from the answer is none either; a text that is not whole may lack its last.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from . import whole
from .quotation import Material
from .thinking import cut_thinking

NOTHING = Material()

# What stands in double brackets of any kind, also with spaces between them; code such as `[[1, 2], [3]]` does not.
_DOUBLE = re.compile(r"\[\s*\[([^\[\]]{0,500})\]\s*\]")
_OTHER_BRACKETS = str.maketrans(
    {"⟦": "[[", "⟧": "]]", "〚": "[[", "〛": "]]", "【": "[", "】": "]", "〔": "[", "〕": "]"}
)
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\\\\(?=[\\[\\]])")

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What a judgment says.

    Args:
        value: the rating, 1-10, or the letter of the verdict: `A`, `B` or `C` for neither; None with its `reason`.
        flags: `bare-rating`, `quoted-rating`, `quoted-verdict`.
    """

    value: T | None
    reason: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marking(Generic[T]):
    """One kind of mark that a judge closes with.

    Args:
        name: how reasons and flags call it.
        form: the mark as it must be, with its value in a group; `no_form`: what is said of another one.
        parse: the value of that group.
        fault: what is wrong with a value, or None.
        bare: a form that counts only where there is nothing in double brackets, and is flagged.
        words: the value said in words, which must not differ from a mark that the answer holds too.
    """

    name: str
    form: re.Pattern[str]
    no_form: str
    parse: Callable[[str], T]
    fault: Callable[[T], str | None]
    bare: re.Pattern[str] | None = None
    words: re.Pattern[str] | None = None


def read(marking: Marking[T], judgment: str, finish_reason: str = "stop", material: Material = NOTHING) -> Reading[T]:
    """Reads the mark of a judgment: `read(RATING, text)` of one answer, `read(VERDICT, text)` of two.

    Args:
        judgment: the judge's whole text.
        finish_reason: the endpoint's word for how the reply ended.
        material: what the judge was shown, to know its own marks from those that it quotes.
    """
    name, text = marking.name, _without_thinking(judgment)
    broken = whole.judgment_fault(finish_reason)
    if broken is not None:
        return Reading(None, broken)
    seen = in_plain_brackets(text)
    marks = [mark[1].strip() for mark in _DOUBLE.finditer(seen)]
    exact = list(marking.form.finditer(text))
    bare = _values(marking, marking.bare, seen)
    flags: tuple[str, ...] = ()
    if not marks and bare and marking.bare is not None:
        exact, flags = list(marking.bare.finditer(text)), (f"bare-{name}",)
    elif len(exact) != len(marks):  # another form, which is no mark and hides none
        return Reading(None, _of_another_form(marking, marks))
    if not exact:
        return Reading(None, _why_none(judgment, text, name))
    last, value = exact[-1], marking.parse(exact[-1][1])
    said = {marking.parse(mark[1]) for mark in exact} | bare
    if material.mentions(last[0]):
        said |= _values(marking, marking.words, seen)
    if said != {value}:
        return Reading(None, f"the judge's {name}s differ: {_listed(said)}", flags)
    if material.holds(text, *last.span()):
        return Reading(
            None, f"the judge's {name} is one that it quotes from what it was shown", (*flags, f"quoted-{name}")
        )
    fault = marking.fault(value)
    return Reading(None, fault, flags) if fault else Reading(value, None, flags)


def marks_in(marking: Marking[T], judgment: str, value: T | None) -> list[tuple[int, int]]:
    """Where a judgment says what was read from it, for a person who looks for it.

    Args:
        value: what was read; where nothing was, everything in double brackets is given, which may be why.
    """
    if value is None:
        return [found.span() for found in _DOUBLE.finditer(judgment)]
    forms = [form for form in (marking.form, marking.bare) if form is not None]
    spans = ([found.span() for found in form.finditer(judgment) if marking.parse(found[1]) == value] for form in forms)
    return next(filter(None, spans), [])


def in_plain_brackets(text: str) -> str:
    """The text with square brackets of every kind as `[` and `]`: full-width, escaped, with unseen characters."""
    if text.isascii() and "\\" not in text:
        return text
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text).translate(_OTHER_BRACKETS))


def _values(marking: Marking[T], pattern: re.Pattern[str] | None, text: str) -> set[T]:
    return {marking.parse(found[1]) for found in pattern.finditer(text)} if pattern else set()


def _of_another_form(marking: Marking[T], marks: list[str]) -> str:
    shown = list(dict.fromkeys(f"[[{mark[:16]}]]" for mark in marks))
    if len(shown) == 1:
        return f"the judge's {marking.name} {shown[0]} {marking.no_form}"
    return f"the judge's {marking.name}s differ: {' and '.join(shown[:3])}"


def _listed(said: set[T]) -> str:
    shown = sorted(f"{value:g}" if isinstance(value, float) else str(value) for value in said)
    return " and ".join(shown[:3])


def _without_thinking(judgment: str) -> str:
    # A closing tag alone may be one that the judge quotes from the answer.
    return cut_thinking(judgment, closed_by_server=False)


def _why_none(judgment: str, text: str, what: str) -> str:
    if not judgment.strip():
        return "the judge's reply was empty"
    if not text.strip():
        return "the judge's reply holds only thinking"
    return f"the judge's reply holds no {what}"


def _outside(rating: float) -> str | None:
    return None if 1 <= rating <= 10 else f"the judge's rating {rating:g} is outside 1-10"


RATING = Marking(
    "rating",
    re.compile(r"\[\[([0-9]+(?:\.[0-9]+)?)\]\]"),
    "is not of the form [[n]]",
    float,
    _outside,
    bare=re.compile(
        r"\b(?:rating|score)\b[*_]*(?:[ \t]*[:=][ \t]*|[ \t]+)[*_]*\[([0-9]+(?:\.[0-9]+)?)\](?!\])", re.IGNORECASE
    ),
    words=re.compile(r"\b(?:rating|score)\b[*_]*(?: is|[ \t]*[:=])[ \t]*[*_]*([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE),
)
"""`[[n]]` or `[[n.n]]`, 1-10, of one answer; `[n]` right after the word Rating or Score."""

VERDICT = Marking(
    "verdict", re.compile(r"\[\[([ABC])\]\]"), "is none of [[A]], [[B]] and [[C]]", str, lambda letter: None
)
"""`[[A]]`, `[[B]]` or `[[C]]` of two answers."""
