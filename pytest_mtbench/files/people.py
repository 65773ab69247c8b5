"""What people say of answers, read from files: published votes, or filled rating sheets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ..domain.errors import ConfigError
from ..domain.question import QuestionId, QuestionSet
from ..untrusted.text import one_line, shorten
from .people_cells import (
    CellError,
    Side,
    answers_of,
    choice_of,
    judge_of,
    model_of,
    place_of,
    rater_of,
    rating_of,
    sheet_id_of,
    shown,
    text_of,
    winner_of,
)
from .table_rows import TableRow, read_table

VOTE_COLUMNS = ("question_id", "model_a", "model_b", "winner", "judge", "turn")
SHEET_COLUMNS = ("id", "choice", "rating", "rater")
_TEXT_COLUMNS = ("conversation_a", "conversation_b")
_MOST_PROBLEMS = 20


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


def read_people(path: Path, what: str, questions: QuestionSet) -> PeopleRows:
    """The votes or ratings in a file.

    Args:
        what: the option or key that names it.
        questions: what the votes are about.

    Raises:
        ConfigError: it cannot be read, or a row is none; every one with file, line and column.
    """
    wrong: dict[str, list[int]] = defaultdict(list)
    votes, choices, ratings, unrated = [], [], [], 0
    for row in read_table(path, what, (*VOTE_COLUMNS, *SHEET_COLUMNS, *_TEXT_COLUMNS)):
        try:
            found = _read(row, path, questions)
        except CellError as error:
            wrong[str(error)].append(row.line)
            continue
        if isinstance(found, VoteRow):
            votes.append(found)
        elif isinstance(found, ChoiceRow):
            choices.append(found)
        elif isinstance(found, RatingRow):
            ratings.append(found)
        else:
            unrated += 1
    if wrong:
        raise ConfigError(*_problems(path, wrong))
    rows = PeopleRows(tuple(votes), tuple(choices), tuple(ratings), unrated)
    _check_kinds(rows, path, what)
    return rows


def _problems(path: Path, wrong: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What is wrong in which lines, each once, with the first line that it is wrong in."""
    for message, lines in islice(wrong.items(), _MOST_PROBLEMS):
        yield f"{path}:{lines[0]}: {message}{and_more(lines)}"
    left = sum(map(len, islice(wrong.values(), _MOST_PROBLEMS, None)))
    if left:
        yield f"{path}: {left:,} rows more have something wrong"


def and_more(rows: Sequence[object]) -> str:
    """That what is wrong with the first of these rows is wrong with the others too."""
    more = len(rows) - 1
    return f" (and {more:,} {'row' if more == 1 else 'rows'} more)" if more > 0 else ""


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
            raise CellError("winner", "stands beside `choice` or `rating`; a file holds votes or a sheet")
        return _vote(row, path, questions)
    if "choice" in values or "rating" in values:
        return _sheet_row(row, path)
    columns = ", ".join(shorten(name, 40) for name in list(values)[:8]) or "none"
    raise CellError(
        "columns",
        f"none that is known: votes have {', '.join(VOTE_COLUMNS)}, and a filled sheet id, rater and choice or rating; "
        f"there is {columns}",
    )


def _vote(row: TableRow, path: Path, questions: QuestionSet) -> VoteRow:
    values = row.values
    question, turn = place_of(values, questions)
    models = model_of(values, "model_a"), model_of(values, "model_b")
    if models[0] == models[1]:
        raise CellError("model_b", f"is {shown(models[1])} as model_a is; a vote is on two models")
    winner, flipped = winner_of(values, models)
    given = [values.get(name) for name in _TEXT_COLUMNS]
    answers = None
    if any(text not in (None, "") for text in given):
        left, right = (
            answers_of(text, name, question.turns[:turn]) for text, name in zip(given, _TEXT_COLUMNS, strict=True)
        )
        answers = left, right
    return VoteRow(f"{path}:{row.line}", question.id, turn, models, winner, flipped, judge_of(values), answers)


def _sheet_row(row: TableRow, path: Path) -> ChoiceRow | RatingRow | None:
    values = row.values
    choice, rating = (text_of(values, name) for name in ("choice", "rating"))
    if choice and rating:
        raise CellError("rating", "stands beside a choice; a sheet has votes or ratings")
    if not choice and not rating:
        return None
    identity = sheet_id_of(values)
    where, rater = f"{path}:{row.line}", rater_of(values) or one_line(path.stem)
    if choice:
        return ChoiceRow(where, identity, rater, choice_of(choice))
    return RatingRow(where, identity, rater, rating_of(rating))
