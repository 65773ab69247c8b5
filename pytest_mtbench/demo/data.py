"""What the stand-ins know: the questions, the answers written for them, and the judge's checks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..questions import HOUSE

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Check:
    """One thing that a good answer has.

    Args:
        pattern: searched in the answer; `absent` turns it into something that must not be found.
        what: names the thing in a few words.
        weight: how much it counts.
    """

    pattern: re.Pattern[str]
    what: str
    weight: int = 1
    absent: bool = False

    def met(self, answer: str) -> bool:
        """Whether an answer has it."""
        return (self.pattern.search(answer) is None) == self.absent


class DemoData:
    """The files of the demo, read when they are first needed."""

    @cached_property
    def questions(self) -> dict[int, tuple[str, ...]]:
        """The turns of each question by its id."""
        return {row["question_id"]: tuple(row["turns"]) for row in _rows(HOUSE / "question.jsonl")}

    @cached_property
    def answers(self) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
        """The answers by model and question; the regressed model's differ in math and coding."""
        good = {row["question_id"]: tuple(row["turns"]) for row in _rows(_FOLDER / "answers.jsonl")}
        spoilt = {row["question_id"]: tuple(row["turns"]) for row in _rows(_FOLDER / "answers-regressed.jsonl")}
        return {"demo": good, "demo-regressed": good | spoilt}

    @cached_property
    def checks(self) -> dict[tuple[int, int], list[Check]]:
        """The judge's checks by question id and turn."""
        return {
            (row["question_id"], turn): [_check(fields) for fields in checks]
            for row in _rows(_FOLDER / "checks.jsonl")
            for turn, checks in enumerate(row["turns"], start=1)
        }


def _check(fields: Mapping[str, Any]) -> Check:
    pattern = re.compile(fields["find"], re.IGNORECASE | re.MULTILINE)
    return Check(pattern, fields["what"], fields.get("weight", 1), fields.get("absent", False))


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
