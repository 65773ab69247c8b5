"""What a user's own test sees of one turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..domain.chat import Message
from ..domain.game import Game
from ..domain.question import Question
from ..domain.result import TurnResult
from ..engine.plan import Plan
from ..protocol.prompts import answer_messages


@dataclass(frozen=True)
class MtbenchTurn:
    """One measured turn, as the `mtbench_turn` fixture gives it.

    Args:
        question: the question; `question.turns` are its texts.
        turn: 1 or 2.
        category: the question's category.
        messages: the conversation that the model was sent for this turn.
        answer: what the model said, thinking included.
        judgment: what the judge said, of a jury the first.
        score: the judge's rating, 1-10 (the mean where there are several, also of a jury); in pairwise mode 1 for a
            win, 0.5 for a tie and 0 for a loss.
        reference: the reference answer to this turn, or None.
        games: in pairwise mode, what came of it against each other model.
    """

    question: Question
    turn: int
    category: str
    messages: list[Message] = field(repr=False)
    answer: str
    judgment: str = field(repr=False)
    score: float
    reference: str | None = field(repr=False)
    games: tuple[Game, ...] = field(repr=False, default=())

    @classmethod
    def from_result(cls, plan: Plan, question: Question, result: TurnResult) -> MtbenchTurn:
        """The view of a scored result."""
        turn = result.key.turn
        return cls(
            question=question,
            turn=turn,
            category=question.category,
            messages=answer_messages(question, list(result.runs[0].earlier), plan.model.system_prompt),
            answer=result.answer,
            judgment=result.judgment,
            score=result.score or 0.0,
            reference=question.reference[turn - 1] if question.reference else None,
            games=result.games,
        )
