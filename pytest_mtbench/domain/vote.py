"""What people and judges say of two models' answers, and people of one answer."""

from __future__ import annotations

from typing import NamedTuple

from .question import Place, QuestionId


class Comparison(NamedTuple):
    """Two models' answers to one turn.

    Args:
        one, two: the models' names; `one` comes first in the alphabet, so that a comparison is equal to itself
            whichever side a model stood on.
    """

    question_id: QuestionId
    turn: int
    one: str
    two: str

    @classmethod
    def of(cls, question_id: QuestionId, turn: int, left: str, right: str) -> Comparison:
        """The comparison of two models, whichever is named first."""
        return cls(question_id, turn, *sorted((left, right)))

    @property
    def place(self) -> Place:
        """The turn that both answered."""
        return self.question_id, self.turn

    @property
    def pair(self) -> tuple[str, str]:
        """The two models."""
        return self.one, self.two

    def value(self, winner: str | None) -> float:
        """A winner as a number: 1 where it is `one`, 0 where it is `two`, 0.5 where it is None, a tie."""
        return 0.5 if winner is None else float(winner == self.one)


class Vote(NamedTuple):
    """One person's word on a comparison.

    Args:
        rater: who says so.
        value: 1 where model `one` is better, 0 where `two` is, 0.5 for a tie.
    """

    comparison: Comparison
    rater: str
    value: float


class PersonRating(NamedTuple):
    """One person's rating of the model's answer to a turn, 1-10."""

    place: Place
    rater: str
    value: float
