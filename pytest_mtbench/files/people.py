"""What people say of answers, read from files: published votes, or filled rating sheets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..domain.errors import ConfigError
from ..domain.question import Question, QuestionId, QuestionSet
from ..untrusted.text import one_line
from .table_rows import TableRow, read_table

VOTE_COLUMNS = ("question_id", "model_a", "model_b", "winner", "judge", "turn")
SHEET_COLUMNS = ("id", "choice", "rating", "rater")
Side = Literal["left", "right"]

_CHOICES: dict[str, Side | None] = {
    "left": "left", "l": "left", "1": "left", "right": "right", "r": "right", "2": "right",
    "tie": None, "t": None, "=": None,
}  # fmt: skip
"""What may stand in the column `choice`; None is a tie."""
_ID = re.compile(r"[0-9a-f]{12}")
_NUMBER = re.compile(r"[0-9]{1,9}([.,][0-9]{1,9})?")


@dataclass(frozen=True)
class VoteRow:
    """A vote on two models, or a judge's verdict.

    Args:
        where: file and line, for messages.
        models: as the row names them, first the one on the left.
        winner: the better one; None for a tie.
        flipped: another was better in the other order, which makes the verdict a tie.
        rater: who says so.
        answers: both models' answers up to the turn, where the row holds the conversations.
    """

    where: str
    question_id: QuestionId
    turn: int
    models: tuple[str, str]
    winner: str | None
    flipped: bool
    rater: str
    answers: tuple[tuple[str, ...], tuple[str, ...]] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ChoiceRow:
    """A row of a sheet: which side is better, None for a tie."""

    where: str
    id: str
    rater: str
    choice: Side | None


@dataclass(frozen=True)
class RatingRow:
    """A row of a sheet: how good an answer is, 1-10."""

    where: str
    id: str
    rater: str
    rating: float


@dataclass(frozen=True)
class PeopleRows:
    """What stands in one or more files.

    Args:
        unrated: rows of sheets that nobody filled in.
    """

    votes: tuple[VoteRow, ...] = ()
    choices: tuple[ChoiceRow, ...] = ()
    ratings: tuple[RatingRow, ...] = ()
    unrated: int = 0

    @property
    def places(self) -> list[str]:
        """File and line of every row, ratings first."""
        rows: tuple[VoteRow | ChoiceRow | RatingRow, ...] = (*self.ratings, *self.choices, *self.votes)
        return [row.where for row in rows]

    def __add__(self, other: PeopleRows) -> PeopleRows:
        return PeopleRows(
            self.votes + other.votes,
            self.choices + other.choices,
            self.ratings + other.ratings,
            self.unrated + other.unrated,
        )


class _CellError(Exception):
    """A cell that cannot be read: column and what is wrong."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(f"{column}: {message}")


def read_people(path: Path, what: str, questions: QuestionSet) -> PeopleRows:
    """The votes or ratings in a file.

    Args:
        what: the option or key that names it.
        questions: what the votes are about.

    Raises:
        ConfigError: it cannot be read, or a row is none; every one with file, line and column.
    """
    rows, problems = PeopleRows(), []
    votes, choices, ratings, unrated = [], [], [], 0
    for row in read_table(path, what, (*VOTE_COLUMNS, *SHEET_COLUMNS)):
        try:
            found = _read(row, path, questions)
        except _CellError as wrong:
            problems.append(f"{path}:{row.line}: {wrong}")
            continue
        if isinstance(found, VoteRow):
            votes.append(found)
        elif isinstance(found, ChoiceRow):
            choices.append(found)
        elif isinstance(found, RatingRow):
            ratings.append(found)
        else:
            unrated += 1
    if problems:
        raise ConfigError(*problems)
    rows = PeopleRows(tuple(votes), tuple(choices), tuple(ratings), unrated)
    _check_kinds(rows, path, what)
    return rows


def _check_kinds(rows: PeopleRows, path: Path, what: str) -> None:
    if rows.ratings and (rows.choices or rows.votes):
        place = rows.ratings[0].where
        raise ConfigError(f"{place}: rating: {path.name} holds votes too; one file holds votes or ratings")
    if not (rows.votes or rows.choices or rows.ratings):
        why = "nobody filled in the sheet: `choice` or `rating` is empty everywhere" if rows.unrated else "has no row"
        raise ConfigError(f"{what}: {why}")


def _read(row: TableRow, path: Path, questions: QuestionSet) -> VoteRow | ChoiceRow | RatingRow | None:
    values = row.values
    if "winner" in values:
        if {"choice", "rating"} & values.keys():
            raise _CellError("winner", "stands beside `choice` or `rating`; a file holds votes or a sheet")
        return _vote(row, path, questions)
    if "choice" in values or "rating" in values:
        return _sheet_row(row, path)
    columns = ", ".join(one_line(str(name)) for name in list(values)[:8]) or "none"
    raise _CellError(
        "columns",
        f"none that is known: votes have {', '.join(VOTE_COLUMNS)}, and a filled sheet id, rater and choice or rating; "
        f"there is {columns}",
    )


def _vote(row: TableRow, path: Path, questions: QuestionSet) -> VoteRow:
    values = row.values
    question, turn = _place(values, questions)
    models = _text(values, "model_a"), _text(values, "model_b")
    if models[0] == models[1]:
        raise _CellError("model_b", f"is {_shown(models[1])} as model_a is; a vote is on two models")
    winner, flipped = _winner(values, models)
    given = [values.get(name) for name in ("conversation_a", "conversation_b")]
    answers = None
    if any(text not in (None, "") for text in given):
        left, right = (
            _answers(text, name, question.turns[:turn])
            for text, name in zip(given, ("conversation_a", "conversation_b"), strict=True)
        )
        answers = left, right
    return VoteRow(f"{path}:{row.line}", question.id, turn, models, winner, flipped, _judge(values), answers)


def _place(values: Mapping[str, Any], questions: QuestionSet) -> tuple[Question, int]:
    value = values.get("question_id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _CellError("question_id", f"must be a question of {questions.short_name}, not {_shown(value)}")
    question = questions.find(value.strip() if isinstance(value, str) else value)
    if question is None:
        raise _CellError("question_id", f"{questions.short_name} has no question {_shown(value)}")
    turn = _number(values.get("turn"))
    if turn is None or turn not in question.turn_numbers:
        there = f"turns 1 to {len(question.turns)}" if len(question.turns) > 1 else "one turn"
        raise _CellError("turn", f"question {question.id} has {there}, not {_shown(values.get('turn'))}")
    return question, int(turn)


def _winner(values: Mapping[str, Any], models: tuple[str, str]) -> tuple[str | None, bool]:
    value = values.get("winner")
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("model_a", "model_b"):
        return models[word == "model_b"], False
    if word == "tie" or (word.startswith("tie (") and word.endswith(")")):
        return None, "inconsistent" in word
    raise _CellError("winner", f"must be model_a, model_b or tie, not {_shown(value)}")


def _judge(values: Mapping[str, Any]) -> str:
    """Who voted; FastChat writes a judge as a list of its name and its prompt."""
    value = values.get("judge")
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, str) or not value.strip():
        raise _CellError("judge", f"must say who voted, not {_shown(value)}")
    return value.strip()


def _answers(value: object, column: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The answers of a conversation up to a turn, which must ask what the question set asks."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _CellError(column, "is not JSON") from None
    if not isinstance(value, list) or not all(
        isinstance(message, dict) and isinstance(message.get("content"), str) for message in value
    ):
        raise _CellError(column, "must be a list of messages with role and content, for both models")
    said = {
        role: [message["content"] for message in value if message.get("role") == role] for role in ("user", "assistant")
    }
    if len(said["user"]) < len(asked) or len(said["assistant"]) < len(asked):
        raise _CellError(column, f"has {len(said['assistant'])} answers, and the vote is on turn {len(asked)}")
    for turn, (own, other) in enumerate(zip(asked, said["user"], strict=False), start=1):
        if own.split() != other.split():
            raise _CellError(column, f"asks something else in turn {turn} than the question set does")
    return tuple(said["assistant"][: len(asked)])


def _sheet_row(row: TableRow, path: Path) -> ChoiceRow | RatingRow | None:
    values = row.values
    choice, rating = (_cell(values, name) for name in ("choice", "rating"))
    if choice and rating:
        raise _CellError("rating", "stands beside a choice; a sheet has votes or ratings")
    if not choice and not rating:
        return None
    identity = _cell(values, "id").lower()
    if not _ID.fullmatch(identity):
        raise _CellError("id", f"must be the 12 digits of the sheet, not {_shown(values.get('id'))}")
    where, rater = f"{path}:{row.line}", one_line(_cell(values, "rater")) or path.stem
    if choice:
        if choice.lower() not in _CHOICES:
            raise _CellError("choice", f"must be left, right or tie (l r t, 1 2 =), not {_shown(choice)}")
        return ChoiceRow(where, identity, rater, _CHOICES[choice.lower()])
    number = _number(rating)
    if number is None or not 1 <= number <= 10 or not (2 * number).is_integer():
        raise _CellError("rating", f"must be a number from 1 to 10, halves allowed, not {_shown(rating)}")
    return RatingRow(where, identity, rater, number)


def _cell(values: Mapping[str, Any], column: str) -> str:
    value = values.get(column)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _CellError(column, f"must be a text or a number, not {_shown(value)}")
    return str(value).strip()


def _text(values: Mapping[str, Any], column: str) -> str:
    value = values.get(column)
    if not isinstance(value, str) or not value.strip():
        raise _CellError(column, f"must be a model's name, not {_shown(value)}")
    return value.strip()


def _number(value: object) -> float | None:
    """A number as a person or a spreadsheet writes it, also with a decimal comma."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = one_line(repr(value) if isinstance(value, str) else json.dumps(value, default=str))
    return text if len(text) <= 40 else f"{text[:37]}..."
