"""Comparisons that a judge ruled on, with the texts that it saw.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..domain.question import QuestionId
from ..domain.result import TurnResult
from ..domain.vote import Comparison
from ..protocol.thinking import cut_thinking


@dataclass(frozen=True)
class Judged:
    """A verdict and the two answers that it is about.

    Args:
        verdict: 1 where model `comparison.one` is better, 0 where `comparison.two` is, 0.5 for a tie or where the two
            orders do not agree.
        one, two: the last answers of these models, without thinking.
    """

    comparison: Comparison
    verdict: float
    one: str
    two: str

    @classmethod
    def of(
        cls, question_id: QuestionId, turn: int, left: tuple[str, str], right: tuple[str, str], verdict: float
    ) -> Judged:
        """The same, whichever side is named first.

        Args:
            left, right: a model's name and its answer.
            verdict: 1 where the left one is better.
        """
        comparison = Comparison.of(question_id, turn, left[0], right[0])
        if comparison.one == left[0]:
            return cls(comparison, verdict, left[1], right[1])
        return cls(comparison, 1 - verdict, right[1], left[1])


def judged_games(results: Iterable[TurnResult], model: str, shown: Callable[[str], str] = cut_thinking) -> list[Judged]:
    """The games of a run that have an outcome and both texts.

    Args:
        model: the name of the model under test; the others have the names that their games are against.
        shown: an answer as the judge sees it.
    """
    return [
        Judged.of(
            result.key.question_id,
            result.key.turn,
            (model, shown(run.answer)),
            (game.against, shown(game.answer)),
            game.score,
        )
        for result in results
        for run in result.runs
        for game in run.games
        if run.answer is not None and game.answer is not None and game.score is not None
    ]
