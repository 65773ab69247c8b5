"""Which answers of a run people are given to compare or to rate.  Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..domain.question import QuestionId
from ..domain.sheet import SheetItem
from .shown import Shown


def sheet_items(shown: Iterable[Shown], sample: int, seed: int) -> list[SheetItem]:
    """A sample of a run's answers, one a question over all categories in turn, turns alternating.

    Nothing looks at a verdict or a score.  A longer sheet begins with the shorter one of the same seed; where there
    are fewer questions than asked for, they come again with their other turns.

    Args:
        shown: what may be on the sheet; answers that are the same to the letter are left out.
        sample: how many at most.
    """
    chosen = [one for one in _in_turn(shown, seed) if one.own != one.other][:sample]
    return [one.item(turned=_is_turned(one, seed)) for one in chosen]


def _is_turned(one: Shown, seed: int) -> bool:
    """Whether the model under test stands on the right."""
    return bool(one.other) and _draw(seed, "side", one.place, one.comparison) % 2 == 1


def _in_turn(shown: Iterable[Shown], seed: int) -> Iterator[Shown]:
    """Everything, in rounds over the questions; the questions go round over the categories."""
    by_question: dict[QuestionId, list[Shown]] = defaultdict(list)
    for one in shown:
        by_question[one.question.id].append(one)
    questions = list(_over_categories(by_question, seed))
    for number in range(max((len(found) for found in by_question.values()), default=0)):
        for place, question in enumerate(questions):
            # The first question is shown to its first turn, the second to its second, and the other way round again.
            wanted = 1 + (place + number) % 2
            left = sorted(
                by_question[question],
                key=lambda one: (one.turn != wanted, _draw(seed, "opponent", one.place, one.comparison)),
            )
            if left:
                by_question[question].remove(left[0])
                yield left[0]


def _over_categories(by_question: dict[QuestionId, list[Shown]], seed: int) -> Iterator[QuestionId]:
    """The questions, one of each category in turn."""
    by_category: dict[str, list[QuestionId]] = defaultdict(list)
    for question, found in by_question.items():
        by_category[found[0].question.category].append(question)
    for questions in by_category.values():
        questions.sort(key=lambda question: _draw(seed, "question", question))
    names = sorted(by_category)  # whichever was answered first
    for number in range(max(map(len, by_category.values()), default=0)):
        yield from (by_category[name][number] for name in names if number < len(by_category[name]))
        if len(names) % 2 == 0:  # turns alternate over the sheet; each category is to be asked in both
            names = [*names[1:], names[0]]


def _draw(seed: int, *what: object) -> int:
    """A number that is drawn once and for all: the same on every machine and in every version of Python."""
    return int.from_bytes(hashlib.sha256(repr((seed, *what)).encode("utf-8", "surrogatepass")).digest()[:8], "big")
