"""Cells of votes and of filled sheets: what stands in them, or what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import cycle
from typing import Any, Literal

from ..domain.question import Question, QuestionSet
from ..untrusted.text import one_line

Side = Literal["left", "right"]
_CHOICES: dict[str, Side | None] = {
    "left": "left", "l": "left", "1": "left", "right": "right", "r": "right", "2": "right",
    "tie": None, "t": None, "=": None,
}  # fmt: skip
"""What may stand in the column `choice`; None is a tie."""
_SHEET_ID = re.compile(r"[0-9a-f]{12}")
_NUMBER = re.compile(r"[0-9]{1,9}([.,][0-9]{1,9})?")
_ROLES = ("user", "assistant")
_LONGEST_NAME = 200
"""Characters; what is longer stands in the wrong column."""


class CellError(Exception):
    """A cell that cannot be read: column and what is wrong."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(f"{column}: {message}")


def place_of(values: Mapping[str, Any], questions: QuestionSet) -> tuple[Question, int]:
    """The question of a vote, and its turn."""
    value = values.get("question_id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise CellError("question_id", f"must be a question of {questions.short_name}, not {shown(value)}")
    question = questions.find(value.strip() if isinstance(value, str) else value)
    if question is None:
        raise CellError("question_id", f"{questions.short_name} has no question {shown(value)}")
    turn = _number(values.get("turn"))
    if turn is None or turn not in question.turn_numbers:
        there = f"turns 1 to {len(question.turns)}" if len(question.turns) > 1 else "one turn"
        raise CellError("turn", f"question {question.id} has {there}, not {shown(values.get('turn'))}")
    return question, int(turn)


def winner_of(values: Mapping[str, Any], models: tuple[str, str]) -> tuple[str | None, bool]:
    """The better model, None for a tie, and whether another was better in the other order."""
    value = values.get("winner")
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("model_a", "model_b"):
        return models[word == "model_b"], False
    if word == "tie" or (word.startswith("tie (") and word.endswith(")")):
        return None, "inconsistent" in word
    raise CellError("winner", f"must be model_a, model_b or tie, not {shown(value)}")


def judge_of(values: Mapping[str, Any]) -> str:
    """Who voted; FastChat writes a judge as a list of its name and its prompt."""
    value = values.get("judge")
    if isinstance(value, list) and value:
        value = value[0]
    name = value.strip() if isinstance(value, str) else ""
    # A list that a program has written into a cell would be a person of that name.
    if not name or len(name) > _LONGEST_NAME or name.startswith("["):
        raise CellError("judge", f"must say who voted, not {shown(value)}")
    return one_line(name)


def rater_of(values: Mapping[str, Any]) -> str:
    """Who filled in a row of a sheet; empty where it does not say."""
    name = text_of(values, "rater")
    if len(name) > _LONGEST_NAME:
        raise CellError("rater", f"must be a person's name, not {shown(name)}")
    return one_line(name)


def answers_of(value: object, column: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The answers of a conversation up to a turn, which must ask what the question set asks."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise CellError(column, "is not JSON") from None
    if not isinstance(value, list) or not all(
        isinstance(message, dict) and isinstance(message.get("content"), str) for message in value
    ):
        raise CellError(column, "must be a list of messages with role and content, for both models")
    told = value[1:] if value and value[0].get("role") == "system" else value
    said = {role: [message["content"] for message in told[first::2]] for first, role in enumerate(_ROLES)}
    if any(message.get("role") != role for message, role in zip(told, cycle(_ROLES), strict=False)):
        raise CellError(column, "must have messages of user and assistant in turn")
    if len(said["user"]) < len(asked) or len(said["assistant"]) < len(asked):
        raise CellError(column, f"has {len(said['assistant'])} answers, and the vote is on turn {len(asked)}")
    for turn, (own, other) in enumerate(zip(asked, said["user"], strict=False), start=1):
        if own.split() != other.split():
            raise CellError(column, f"asks something else in turn {turn} than the question set does")
    return tuple(said["assistant"][: len(asked)])


def sheet_id_of(values: Mapping[str, Any]) -> str:
    """The name of an item of a sheet."""
    text = text_of(values, "id").lower()
    if not _SHEET_ID.fullmatch(text):
        raise CellError("id", f"must be the 12 letters and digits that the sheet has, not {shown(values.get('id'))}")
    return text


def choice_of(text: str) -> Side | None:
    """Which side is better; None for a tie."""
    if text.lower() not in _CHOICES:
        raise CellError("choice", f"must be left, right or tie (l r t, 1 2 =), not {shown(text)}")
    return _CHOICES[text.lower()]


def rating_of(text: str) -> float:
    """How good an answer is."""
    number = _number(text)
    if number is None or not 1 <= number <= 10 or not (2 * number).is_integer():
        raise CellError("rating", f"must be a number from 1 to 10, halves allowed, not {shown(text)}")
    return number


def text_of(values: Mapping[str, Any], column: str) -> str:
    """A cell without spaces around it, also where it holds a number; empty where there is none."""
    value = values.get(column)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CellError(column, f"must be a text or a number, not {shown(value)}")
    return str(value).strip()


def model_of(values: Mapping[str, Any], column: str) -> str:
    """The name of a model."""
    value = values.get(column)
    name = value.strip() if isinstance(value, str) else ""
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise CellError(column, f"must be a model's name, not {shown(value)}")
    return name


def _number(value: object) -> float | None:
    """A number as a person or a spreadsheet writes it, also with a decimal comma."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def shown(value: object) -> str:
    """The beginning of a cell, for messages."""
    if value is None:
        return "nothing"
    text = one_line(repr(value) if isinstance(value, str) else json.dumps(value, default=str))
    return text if len(text) <= 40 else f"{text[:37]}..."
