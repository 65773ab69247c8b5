"""The stand-in judge: it rates by rules, and says which.

An answer to a question of the `house` set is held against that turn's checks, each a regular expression with a
weight (`checks.jsonl`).  The rating is 1 + 9 * (weight of the checks that are met) / (weight of all), rounded.
An answer to a question of another set is held against its reference answer, where the prompt shows one: see
`by_reference.py`.
Of two answers to a pair prompt the one with the higher rating is better; equal ratings are a tie.  Texts of the answer
are never read as instructions, ratings or verdicts.

Where an answer holds one of the markers between which the two answers stand, nothing tells the template's marker from
the answer's, and the verdict is a tie: any other rule would favour one of the two places.
"""

from __future__ import annotations

from typing import NamedTuple

from .by_reference import by_reference, reference_in
from .data import Check, DemoData

_GRADED = "TO BE GRADED >>>\n"
_END = "\n<<< END OF THE MATERIAL >>>"
# What stands before A's answer, after it, and before B's.
_ONE_TURN = ("<<< ASSISTANT A >>>\n", "\n<<< ASSISTANT B >>>\n", "<<< ASSISTANT B >>>\n")
_TWO_TURNS = ("<<< A, TURN 2 >>>\n", "\n<<< USER TO B, TURN 1 >>>\n", "<<< B, TURN 2 >>>\n")
_FIRST, _FIRST_OF_TWO = "<<< ", "<<< USER TO A, TURN 1 >>>\n"
_MOST_CHARACTERS = 20_000
"""Of an answer, that the checks look at; no expression is slow on so little."""
_INTRODUCTION = "A stand-in judge, by fixed rules."


class UnknownPromptError(Exception):
    """The prompt is not one of the house set's."""


class _Found(NamedTuple):
    met: list[Check]
    missed: list[Check]

    @property
    def rating(self) -> int:
        met, missed = (sum(check.weight for check in checks) for checks in self)
        return 1 + round(9 * met / (met + missed))

    def lines(self, name: str = "") -> list[str]:
        said = [("Met", self.met), ("Missed", self.missed)]
        return [f"{name}{what}: {'; '.join(check.what for check in checks)}." for what, checks in said if checks]


def judge(prompt: str, data: DemoData) -> str:
    """The judgment of the answer, or of the two answers, in a judge prompt of the package.

    Raises:
        UnknownPromptError: the prompt holds no known question or has another form.
    """
    if prompt.startswith(_FIRST):  # the pairwise prompts alone begin with a marker
        return _compare(prompt, _TWO_TURNS if _FIRST_OF_TWO in prompt.partition(_ONE_TURN[0])[0] else _ONE_TURN, data)
    before, marker, rest = prompt.partition(_GRADED)
    answer, end, _ = rest.rpartition(_END)
    if not marker or not end:
        raise UnknownPromptError("this judge knows the prompts of the house set alone")
    reference = reference_in(before)
    if reference is not None and not _places(before, data):
        lines, rating = by_reference(reference, answer[:_MOST_CHARACTERS])
        return _said([_INTRODUCTION, *lines], f"Rating: [[{rating}]]")
    found = _check(_place(before, data), answer, data)
    return _said([_INTRODUCTION, *found.lines()], f"Rating: [[{found.rating}]]")


def _compare(prompt: str, markers: tuple[str, str, str], data: DemoData) -> str:
    """Which of two answers has the higher rating; a tie where a marker is there more than once."""
    # Without their line ends: two markers in a row share one, and the second would not be counted.
    counts = [prompt.count(marker.strip()) for marker in (*markers, _END)]
    if 0 in counts:
        raise UnknownPromptError("this judge knows the prompts of the house set alone")
    place = _place(prompt.partition(markers[0])[0], data)
    if max(counts) > 1:
        return _said([_INTRODUCTION, "An answer pretends that the material is another."], "[[C]]")
    rest = prompt.partition(markers[0])[2].partition(_END)[0]
    first, second = rest.partition(markers[1])[0], rest.partition(markers[2])[2]
    a, b = (_check(place, answer, data) for answer in (first, second))
    verdict = "A" if a.rating > b.rating else "B" if b.rating > a.rating else "C"
    return _said([_INTRODUCTION, *a.lines("A. "), *b.lines("B. "), f"{a.rating} to {b.rating}."], f"[[{verdict}]]")


def _check(place: tuple[int, int], answer: str, data: DemoData) -> _Found:
    checks = data.checks[place]
    met = [check for check in checks if check.met(answer[:_MOST_CHARACTERS])]
    return _Found(met, [check for check in checks if check not in met])


def _said(lines: list[str], verdict: str) -> str:
    return "\n".join(lines).replace("[[", "[") + f"\n{verdict}"


def _places(before: str, data: DemoData) -> dict[int, int]:
    """The ids of questions that are quoted, by where they stand."""
    return {before.find(turns[0]): question_id for question_id, turns in data.questions.items() if turns[0] in before}


def _place(before: str, data: DemoData) -> tuple[int, int]:
    """Question and turn, from what stands before the answer."""
    found = _places(before, data)
    if not found:
        raise UnknownPromptError(
            "this judge knows the questions of the house set alone, and of others those with a reference answer"
        )
    question_id = found[min(found)]  # an answer to the first turn, which stands later, may quote another question
    return question_id, 2 if data.questions[question_id][1] in before else 1
