"""What judges said, as rows of a JSON report: a rating of a jury's judge, a game, what a judge of a jury cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..domain.chat import Usage
from ..domain.game import Game
from ..domain.result import Judgment
from ..domain.tally import JudgeTally

Score = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Letter = Literal["A", "B", "C"]
Letters = Annotated[list[Letter | None], Field(min_length=2, max_length=2)]
Texts = Annotated[list[str], Field(min_length=2, max_length=2)]
RunNumber = Annotated[int, Field(ge=1, le=100)]
Natural = Annotated[int, Field(ge=0, le=2**53)]


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class _SeenRow(_Row):
    """What one judge says of a game."""

    verdicts: Letters = [None, None]
    unscored: str | None
    judgments: Texts = ["", ""]


class _PartRow(_SeenRow):
    judge: str

    @model_validator(mode="after")
    def _unscored_or_not(self) -> _PartRow:
        _check_unscored(self)
        return self

    def game(self, whole: GameRow) -> Game:
        """The game as one judge of a jury saw it."""
        return _game(whole, self, self.judge)


class GameRow(_SeenRow):
    """A game; of a jury with what each of its judges says, and no verdicts of its own."""

    against: str
    run: RunNumber
    answer: str | None = None
    by_judge: list[_PartRow] = []

    @model_validator(mode="after")
    def _unscored_or_not(self) -> GameRow:
        if not self.by_judge:
            _check_unscored(self)
        elif self.unscored != self.game().unscored:
            raise ValueError("a jury's game is unscored where one of its judges has no verdict, and no other is")
        return self

    @property
    def judges(self) -> list[str]:
        """The judges of a jury that saw it; none where there is one judge, and where it was not played."""
        return [part.judge for part in self.by_judge]

    def game(self) -> Game:
        """The game."""
        if self.by_judge:
            return Game.of_jury([part.game(self) for part in self.by_judge])
        return _game(self, self)


class JudgedRow(_Row):
    """One judgment of a jury's judge.

    Args:
        run: of the answers that it judges, from 1.
        unscored: why there is no rating.
    """

    judge: str
    run: RunNumber
    rating: Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)] | None
    unscored: str | None = None
    judgment: str = ""

    @model_validator(mode="after")
    def _unscored_or_not(self) -> JudgedRow:
        if (self.rating is None) != (self.unscored is not None):
            raise ValueError("a judgment without a rating is unscored, and no other is")
        return self

    @property
    def said(self) -> Judgment:
        """The judgment."""
        return Judgment(self.judgment, self.rating, self.unscored, self.judge)


class JurorRow(_Row):
    """What one judge of a jury cost."""

    made: Natural
    cached: Natural
    input_tokens: Natural
    output_tokens: Natural

    def tally(self, served: Sequence[str], *, moved: bool) -> JudgeTally:
        """The same, with how it was served."""
        return JudgeTally(self.made, self.cached, Usage(self.input_tokens, self.output_tokens), list(served), moved)


def _check_unscored(row: _SeenRow) -> None:
    if (None in row.verdicts) != (row.unscored is not None):
        raise ValueError("a game without a verdict is unscored, and no other is")


def _game(whole: GameRow, seen: _SeenRow, judge: str = "") -> Game:
    first, second = seen.verdicts
    texts = (seen.judgments[0], seen.judgments[1])
    return Game(whole.against, whole.run, (first, second), whole.answer, texts, seen.unscored, judge)
