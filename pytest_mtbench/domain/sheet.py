"""What people are given to compare or to rate: answers without a name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .question import Question, QuestionId


@dataclass(frozen=True)
class SheetItem:
    """One turn of a rating sheet: two answers to compare, or one to rate.

    Args:
        question: what was asked.
        turn: up to which turn, from 1.
        left, right: the answers to the turns up to that one, one text a turn, without thinking; nothing says whose
            they are.  `right` is empty where one answer is to be rated.
    """

    question: Question
    turn: int
    left: tuple[str, ...]
    right: tuple[str, ...] = ()

    @cached_property
    def id(self) -> str:
        """The name of the item, made of what is shown; see `sheet_id`."""
        return sheet_id(self.question.id, self.turn, self.left, self.right)


def sheet_id(question_id: QuestionId, turn: int, left: Sequence[str], right: Sequence[str]) -> str:
    """12 hex digits of SHA-256 over what is compared: an id needs no key file, and fits no answer that has changed.

    Args:
        left, right: the answers up to that turn; `right` is empty where one answer is rated.
    """
    text = json.dumps([question_id, turn, list(left), list(right)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
