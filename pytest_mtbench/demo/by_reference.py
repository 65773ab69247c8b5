"""The stand-in judge on questions that are not the house set's: how much of the reference answer an answer has."""

from __future__ import annotations

import re

_TWO_TURNS = re.compile(r"<<< CORRECT SOLUTION, TURN 2 >>>\n(.*?)\n<<< USER, TURN 1 >>>", re.DOTALL)
_ONE_TURN = "<<< CORRECT SOLUTION >>>\n"
_ASSISTANT = "\n<<< ASSISTANT: "
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]{4,}")
_MOST_NAMED = 8


def reference_in(before: str) -> str | None:
    """The reference answer that a judge prompt of the package shows, or None.

    Args:
        before: the prompt up to the answer.
    """
    found = _TWO_TURNS.search(before)
    if found:
        return found[1]
    _, marker, rest = before.rpartition(_ONE_TURN)
    return rest.rpartition(_ASSISTANT)[0] if marker else None


def by_reference(reference: str, answer: str) -> tuple[list[str], int]:
    """What is said of an answer, and its rating: 1 + 9 * (words that it has) / (words of the reference), rounded.

    Words are numbers, and what has at least four letters; in which order they stand does not count.
    """
    wanted = list(dict.fromkeys(_words(reference)))
    there = set(_words(answer))
    missed = [word for word in wanted if word not in there]
    share = 1 - len(missed) / len(wanted) if wanted else float(reference.strip() in answer)
    said = f"{len(wanted) - len(missed)} of {len(wanted)} words of the reference answer are there."
    named = [f"Missed: {', '.join(missed[:_MOST_NAMED])}."] if missed else []
    return [said, *named], 1 + round(9 * share)


def _words(text: str) -> list[str]:
    return [found[0].lower() for found in _WORD.finditer(text)]
