"""One turn, measured: what a test item reports and what every score is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from .game import Game
from .question import Question, QuestionId


class TurnKey(NamedTuple):
    """Names one turn of one suite; it crosses process borders as JSON."""

    suite: str
    question_id: QuestionId
    turn: int


@dataclass(frozen=True)
class TurnResult:
    """One turn, measured: what a test item reports and what every score is made of.

    Args:
        score: mean over runs of the runs' scores, 1-10, or 0-1 in pairwise mode; None where no run was scored.
        scores: one a run, None where that run was not scored.
        unscored: why `score` is None or why a run lacks one.
        answer: the first run's answer, thinking included.
        judgment: the first run's judgment.
        answers, judgments: all of them, one a run (None where there was none) and one a run and repeat.
        earlier: the first run's answers to the turns before.
        flags: what a reader should know about these texts, in fixed words.
        games: in pairwise mode, one a run, other model and repeat.
    """

    key: TurnKey
    category: str
    score: float | None
    scores: tuple[float | None, ...]
    unscored: str | None = None
    answer: str = ""
    judgment: str = ""
    answers: tuple[str | None, ...] = ()
    judgments: tuple[tuple[str, ...], ...] = ()
    earlier: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    games: tuple[Game, ...] = ()

    @property
    def ratings(self) -> tuple[float | None, ...]:
        """What the turn should have been rated: once a run, or once a game."""
        return tuple(game.score for game in self.games) if self.games else self.scores

    @property
    def counted(self) -> tuple[float, ...]:
        """What a mean over turns is made of: the turn's score, or that of each of its games."""
        scores = self.ratings if self.games else (self.score,)
        return tuple(score for score in scores if score is not None)

    def against(self, name: str) -> TurnResult:
        """The same turn with the games against one model alone."""
        games = tuple(game for game in self.games if game.against == name)
        return replace(self, games=games, score=None, scores=())

    @property
    def place(self) -> tuple[QuestionId, int]:
        """Question id and turn: where it stands in a set, whichever suite asked."""
        return self.key.question_id, self.key.turn

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, for a report or for another process of the run."""
        return asdict(self) | {"key": list(self.key), "games": [game.as_json() for game in self.games]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> TurnResult:
        """Reads what `as_json` wrote."""
        fields = dict(row)
        fields["key"] = TurnKey(*fields["key"])
        for name in ("scores", "answers", "earlier", "flags"):
            fields[name] = tuple(fields.get(name, ()))
        fields["judgments"] = tuple(tuple(repeats) for repeats in fields["judgments"])
        fields["games"] = tuple(Game.from_json(game) for game in fields.get("games", ()))
        return cls(**fields)


def selected_turns(questions: Sequence[Question], suite: str) -> list[TurnKey]:
    """Every turn of these questions, in order."""
    return [TurnKey(suite, q.id, turn) for q in questions for turn in range(1, len(q.turns) + 1)]
