"""FastChat's files, row by row: `model_answer/MODEL.jsonl` and `model_judgment/*.jsonl`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..domain.chat import AnswerSource
from ..domain.errors import ConfigError
from ..domain.question import QuestionId
from ..questions.jsonl import read_rows
from ..untrusted.paths import is_file

_LONGEST_NAME = 200
"""Bytes; most file systems take 255."""


class JudgmentRow(NamedTuple):
    """A judgment as a row holds it; a pairwise row holds two.

    Args:
        model: whose answer was judged; None where the row names none, as a pairwise one.
        prompt: the user message that the judge was sent.
    """

    judge: str
    model: str | None
    prompt: str
    text: str


def read_answer_file(file: Path) -> AnswerSource:
    """The answers in a file of FastChat's.

    Raises:
        ConfigError: it cannot be read, or a row is malformed.
    """
    answers: dict[QuestionId, dict[tuple[QuestionId, int, int], str]] = {}
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
        # A later row of a question replaces the whole of an earlier one: turns of two conversations do not mix.
        answers[row["question_id"]] = found
    return {key: text for found in answers.values() for key, text in found.items()}


def read_judgment_file(file: Path) -> Iterator[JudgmentRow]:
    """The judgments in a file of FastChat's; those that say nothing are passed over, as in the cache.

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
            if row.get(f"{game}winner") == "error" or (not game and row.get("score") == -1):
                continue
            prompt, text = row.get(f"{game}user_prompt"), row.get(f"{game}judgment")
            if isinstance(prompt, str) and isinstance(text, str):
                yield JudgmentRow(judge[0], model, prompt, text)


def model_in(file: Path, what: str) -> str:
    """The model whose answers a file holds; empty where it names none.

    Raises:
        ConfigError: it cannot be read, or names several.
    """
    names = {name for _, row in read_rows(file) if isinstance(name := row.get("model_id"), str) and name.strip()}
    if len(names) > 1:
        raise ConfigError(f"{what}: holds answers of several models: {', '.join(sorted(names)[:3])}")
    return names.pop() if names else ""


def answer_file_in(folder: Path, model: str) -> Path | None:
    """The file of a model's answers in a folder of FastChat's layout, where it has one."""
    return next((place.resolve() for place in answer_places(folder, model) if is_file(place)), None)


def answer_places(folder: Path, model: str) -> list[Path]:
    """Where a folder may have the answers of a model."""
    names = [name for name in dict.fromkeys((model, file_name(model))) if name == Path(name).name]
    return [place / f"{name}.jsonl" for place in (folder / "model_answer", folder) for name in names]


def file_name(model: str) -> str:
    """A model's name as the name of a file, as long as file systems take with an ending."""
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in model).lstrip(".")
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[:-1]
    if kept == model:
        return kept
    # `a/b` and `a:b` are two models and must not share a file.
    return f"{kept or 'model'}-{hashlib.sha256(model.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
