"""The reference answers of the house set, for the tests that recompute them."""

from __future__ import annotations

import re

from pytest_mtbench.questions import HOUSE, load_folder

_QUESTIONS = {question.id: question for question in load_folder(HOUSE).questions}


def asked(question_id: int, turn: int) -> str:
    """What a user says in turn 1 or turn 2 of a question."""
    return _QUESTIONS[question_id].turns[turn - 1]


def reference(question_id: int, turn: int) -> str:
    """The reference answer to turn 1 or turn 2 of a question."""
    texts = _QUESTIONS[question_id].reference
    assert texts is not None
    return texts[turn - 1]


def answer(question_id: int, turn: int) -> str:
    """What stands after `Answer:` in the reference's last line."""
    found = re.fullmatch(r"Answer: (.+)", reference(question_id, turn).splitlines()[-1])
    assert found, f"question {question_id}, turn {turn}: no line 'Answer: ...' at the end"
    return found[1]


def code(text: str, language: str) -> str:
    """The one block of code of a language in a text."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert isinstance(block, str)
    return block
