"""Nothing in the package stands in the published data: no eight words in a row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .conftest import DATA

PACKAGE = Path(__file__).parents[2] / "pytest_mtbench"
LENGTH = 8


def runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9']+", text.lower())
    return {tuple(words[start : start + LENGTH]) for start in range(len(words) - LENGTH + 1)}


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def texts_of(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield from texts(json.loads(line))


def test_no_eight_words_in_a_row() -> None:
    published = [DATA / "question.jsonl", DATA / "judge_prompts.jsonl", *DATA.glob("reference_answer/*.jsonl")]
    known = {run for path in published for text in texts_of(path) for run in runs_of_words(text)}
    assert len(known) > 5000
    for path in PACKAGE.rglob("*.jsonl"):
        for text in texts_of(path):
            assert not runs_of_words(text) & known, path
