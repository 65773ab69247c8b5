"""A turn as a person reads it: what was asked, said and judged; shortened, and printable whatever a model says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from ..domain.question import Question, QuestionSet
from ..domain.result import TurnResult
from ..scores.rounding import beside
from ..untrusted.text import BAR, one_line, shorten, shorten_block

_OF_A_QUESTION = 400
_OF_A_TEXT = 600
_ANSWER = "answer:"
_FEWEST = 20
"""Characters of an answer below which none are shown."""


def score_text(score: float) -> str:
    """A rating as the judge gave it, and a mean of several with two decimals."""
    return f"{score:g}" if score == round(score, 1) else f"{score:.2f}"


def passed_text(questions: QuestionSet, question: Question, result: TurnResult) -> str:
    """The texts of a turn with its score below them."""
    return "\n".join([*_lines(questions, question, result), *(_score(result) if not result.games else ())]) + "\n"


def too_low(questions: QuestionSet, question: Question, result: TurnResult, floor: float) -> str:
    """Why a turn fails, in one line, and its texts below it."""
    score = result.score or 0.0
    shown = score_text(score) if score == round(score, 1) else beside(score, floor)
    why = f"score {shown} is below the floor {floor:g} of {one_line(question.category)}"
    return "\n".join([why + _made_of(result), *_lines(questions, question, result)])


def in_short(text: str, width: int) -> str:
    """What came of a turn and the beginning of its answer, of the `passed_text` of it, in at most so many characters.

    Whatever a model said stands behind a bar there; what is left are headings and outcomes.
    """
    lines = text.splitlines()
    outcome = ", ".join(line for line in lines if line and not line.startswith(BAR) and not line.endswith(":"))
    answer = takewhile(lambda line: line.startswith(BAR), lines[lines.index(_ANSWER) + 1 :]) if _ANSWER in lines else ()
    said = " ".join(line.removeprefix(BAR) for line in answer)
    room = width - len(outcome) - 2
    return f"{outcome}: {shorten(said, room)}" if room > _FEWEST and said.strip() else outcome


def _score(result: TurnResult) -> Iterator[str]:
    if result.score is not None:
        yield f"score {score_text(result.score)}{_made_of(result)}"


def _made_of(result: TurnResult) -> str:
    scores = [score for score in result.scores if score is not None]
    judges = [f"{one_line(judge)} {score_text(score)}" for judge, score in result.by_judge.items() if score is not None]
    if judges:
        return f" ({', '.join(judges)})"
    return f" (the mean of {', '.join(map(score_text, scores))})" if len(scores) > 1 else ""


def _lines(questions: QuestionSet, question: Question, result: TurnResult) -> Iterator[str]:
    # The turn before, question, answer, reference where the judge saw one, judgment; of several runs the first one's.
    turn, run = result.key.turn, result.runs[0]
    for number, answer in enumerate(run.earlier, start=1):
        yield from _part(f"question, turn {number}", question.turns[number - 1], _OF_A_QUESTION)
        yield from _part(f"answer, turn {number}", answer, _OF_A_TEXT)
    yield from _part(f"question, turn {turn}", question.turns[turn - 1], _OF_A_QUESTION)
    if run.answer is not None:
        yield _ANSWER
        yield shorten_block(run.answer, _OF_A_TEXT)
    reference = question.reference if question.category in questions.reference_categories else None
    if reference is not None and len(reference) >= turn:
        yield from _part("reference", reference[turn - 1], _OF_A_TEXT)
    for game in run.games:
        if game.answer is not None:
            yield from _part(f"answer of {one_line(game.against)}", game.answer, _OF_A_TEXT)
        for letter, said in zip("AB", game.judgments, strict=True):
            if said:
                yield from _part(f"judgment, the first answer as assistant {letter}", said, _OF_A_TEXT)
        yield f"{game.outcome or 'no outcome'} against {one_line(game.against)}"
    for judgment in run.judgments:
        if judgment.text:
            yield from _part("judgment", judgment.text, _OF_A_TEXT)


def _part(name: str, text: str, most: int) -> Iterator[str]:
    yield f"{name}:"
    yield shorten_block(text, most)
