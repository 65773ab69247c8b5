"""What a user's own test sees of one turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..domain.chat import Message
from ..domain.game import Game
from ..domain.question import Question
from ..domain.result import TurnResult
from ..engine.plan import Plan
from ..protocol.prompts import answer_messages

Judged = Callable[[str], TurnResult]
"""The turn with its score, for the attribute of that name; waits for it, and fails the test where there is none."""


@dataclass(frozen=True)
class MtbenchTurn:
    """One turn, as the `mtbench_turn` fixture gives it.

    `judgment`, `score` and `games` ask the judge when the first of them is read.

    Args:
        question: the question; `question.turns` are its texts.
        turn: 1 or 2.
        category: the question's category.
        messages: the conversation that the model was sent for this turn.
        answer: what the model said, thinking included.
        reference: the reference answer to this turn, or None.
        extra: what your own chatbot gave beside the answer (`Reply.extra`), as JSON reads it back; else None.
    """

    question: Question
    turn: int
    category: str
    messages: list[Message] = field(repr=False)
    answer: str
    reference: str | None = field(repr=False)
    _judged: Judged = field(repr=False, compare=False)
    _has_games: bool = field(repr=False, default=False)
    extra: Any = field(repr=False, default=None)

    @property
    def judgment(self) -> str:
        """What the judge said, of a jury the first."""
        return self._judged("judgment").judgment

    @property
    def score(self) -> float:
        """The judge's rating, 1-10, the mean where there are several; in pairwise mode 1, 0.5 or 0 (win, tie, loss)."""
        score = self._judged("score").score
        if score is None:
            raise RuntimeError("a turn without a score was given to a test")
        return score

    @property
    def games(self) -> tuple[Game, ...]:
        """In pairwise mode, what came of it against each other model; else none, and nobody is asked."""
        return self._judged("games").games if self._has_games else ()

    @classmethod
    def from_result(cls, plan: Plan, question: Question, result: TurnResult, judged: Judged) -> MtbenchTurn:
        """The view of an answered turn.

        Args:
            judged: gives the same turn with its score.
        """
        turn = result.key.turn
        return cls(
            question=question,
            turn=turn,
            category=question.category,
            messages=answer_messages(question, list(result.runs[0].earlier), plan.model.system_prompt),
            answer=result.answer,
            reference=question.reference[turn - 1] if question.reference else None,
            _judged=judged,
            _has_games=bool(plan.opponents),
            extra=result.extra,
        )
