"""The reference answers of the house set, for the tests that recompute them."""

from __future__ import annotations

from pytest_mtbench.questions import HOUSE, load_folder

_QUESTIONS = {question.id: question for question in load_folder(HOUSE).questions}


def reference(question_id: int, turn: int) -> str:
    """The reference answer to turn 1 or turn 2 of a question."""
    texts = _QUESTIONS[question_id].reference
    assert texts is not None
    return texts[turn - 1]
