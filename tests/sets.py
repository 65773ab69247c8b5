"""A small question set in FastChat's layout, written for the tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

QUESTIONS: list[dict[str, Any]] = [
    {"question_id": 1, "category": "writing", "turns": ["Write a line about rain.", "Now without the letter e."]},
    {"question_id": 2, "category": "writing", "turns": ["Name a colour.", "Praise it in three words."]},
    {"question_id": 3, "category": "math", "turns": ["What is 6 times 7?", "And that minus 2?"]},
    {"question_id": 4, "category": "math", "turns": ["What is 9 plus 8?", "Double it."]},
    {"question_id": "five", "category": "trivia", "turns": ["How many legs has a spider?"]},
]
REFERENCES: list[dict[str, Any]] = [
    {"question_id": 3, "choices": [{"index": 0, "turns": ["42", "40"]}]},
    {"question_id": 4, "choices": [{"index": 0, "turns": ["17", "34"]}]},
]
TURNS = 9
CALLS = 18
"""Answers and judgments of the whole set."""


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_set(folder: Path, questions: Iterable[dict[str, Any]] = QUESTIONS) -> Path:
    """Writes the set without judge prompts, so that the package's own are used."""
    write_jsonl(folder / "question.jsonl", questions)
    write_jsonl(folder / "reference_answer" / "reference.jsonl", REFERENCES)
    return folder
