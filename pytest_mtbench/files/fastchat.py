"""FastChat's files, row by row: `model_answer/MODEL.jsonl` and `model_judgment/*.jsonl`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..domain.chat import AnswerSource
from ..domain.errors import ConfigError
from ..domain.question import QuestionId
from ..questions.jsonl import read_rows
from ..untrusted.paths import file_name, is_file


class JudgmentRow(NamedTuple):
    """A judgment as a row holds it; a pairwise row holds two.

    Args:
        model: whose answer was judged; None where the row names none, as a pairwise one.
        prompt: the user message that the judge was sent.
        pairwise: it is of two answers.
        score: what the row says that the text says, where it does.
    """

    judge: str
    model: str | None
    prompt: str
    text: str
    pairwise: bool
    score: float | None


class AnswerFile(NamedTuple):
    """The answers in a file, and the model that it says they are of; empty where it names none."""

    answers: AnswerSource
    model: str


def read_answer_file(file: Path) -> AnswerFile:
    """The answers in a file of FastChat's.

    Raises:
        ConfigError: it cannot be read, a row is malformed, or its rows are of several models.
    """
    answers: dict[str, dict[tuple[QuestionId, int, int], str]] = {}
    model, line = "", 0
    for number, row in read_rows(file):
        try:
            choices = [choice["turns"] for choice in row["choices"]]
            lists = all(isinstance(turns, list) for turns in choices)
            found = {
                (row["question_id"], turn, run): text
                for run, turns in enumerate(choices)
                for turn, text in enumerate(turns, 1)
            }
        except (LookupError, TypeError):
            lists, found = False, {}
        if not lists or not found or not all(isinstance(text, str) for text in found.values()):
            raise ConfigError(f"{file}:{number}: not a row of answers (question_id and choices[].turns are needed)")
        name = row.get("model_id")
        if isinstance(name, str) and name.strip():
            if model and name != model:
                raise ConfigError(
                    f"{file}:{number}: holds answers of several models: {model} (line {line}) and {name}; "
                    "one file is of one model"
                )
            model, line = name, line or number
        # A later row of a question replaces the whole of an earlier one: turns of two conversations do not mix.
        answers[str(row["question_id"])] = found
    return AnswerFile({key: text for found in answers.values() for key, text in found.items()}, model)


def judgment_files(folder: Path) -> list[Path]:
    """The files of judgments beside answers; they may lie in folders of their own."""
    return sorted(file for file in (folder / "model_judgment").rglob("*.jsonl") if not file.name.startswith("."))


def read_judgment_file(file: Path) -> Iterator[JudgmentRow]:
    """The judgments in a file of FastChat's; rows that are none are passed over.

    A judgment that FastChat marks as without a rating or verdict has an empty text.

    Raises:
        ConfigError: it cannot be read.
    """
    for _, row in read_rows(file):
        judge, model = row.get("judge"), row.get("model")
        if not isinstance(judge, list) or not judge or not isinstance(judge[0], str):
            continue
        if "model" in row and not isinstance(model, str):
            continue
        for game in ("", "g1_", "g2_"):  # a pairwise row holds both orders
            prompt, text = row.get(f"{game}user_prompt"), row.get(f"{game}judgment")
            if isinstance(prompt, str) and isinstance(text, str):
                score = None if game else row.get("score")
                useless = row.get(f"{game}winner") == "error" or (not game and not _may_be_rated(row))
                said = "" if useless else text
                yield JudgmentRow(judge[0], model, prompt, said, bool(game), score)


def _may_be_rated(row: dict[str, Any]) -> bool:
    """Whether a row states a score from 1 to 10, or none at all; FastChat's mark of a missing one is -1."""
    score = row.get("score", 1)
    return isinstance(score, int | float) and 1 <= score <= 10


def answer_file_in(folder: Path, model: str) -> Path | None:
    """The file of a model's answers in a folder of FastChat's layout, where it has one."""
    return next((place.resolve() for place in answer_places(folder, model) if is_file(place)), None)


def answer_places(folder: Path, model: str) -> list[Path]:
    """Where a folder may have the answers of a model."""
    names = [name for name in dict.fromkeys((model, file_name(model))) if name == Path(name).name]
    return [place / f"{name}.jsonl" for place in (folder / "model_answer", folder) for name in names]
