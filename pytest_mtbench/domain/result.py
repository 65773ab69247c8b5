"""One turn, measured: what a test item reports and what every score is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import fmean
from typing import Any, NamedTuple

from .game import Game
from .question import Place, Question, QuestionId


class TurnKey(NamedTuple):
    """Names one turn of one suite; it crosses process borders as JSON."""

    suite: str
    question_id: QuestionId
    turn: int

    @property
    def place(self) -> Place:
        """Where the turn stands in its set, whichever suite asks."""
        return self.question_id, self.turn


@dataclass(frozen=True)
class Judgment:
    """What the judge said of an answer once.

    Args:
        text: the whole reply.
        score: the rating, 1-10, or None with its `reason`.
    """

    text: str
    score: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Run:
    """One answer to a turn and what the judge said of it.

    Args:
        answer: thinking included; None where there is none.
        earlier: the answers to the turns before, in the same conversation.
        judgments: one a repeat, in single grading.
        games: one an opponent and repeat, in pairwise mode.
        flags: what a reader should know about these texts, in fixed words.
        failed: why it could not be judged at all.
        elsewhere: what a reply without an answer held in another field.
    """

    answer: str | None
    earlier: tuple[str, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    games: tuple[Game, ...] = ()
    flags: tuple[str, ...] = ()
    failed: str | None = None
    elsewhere: str = ""

    @property
    def score(self) -> float | None:
        """The mean of its ratings, 1-10, or of its games, 0-1; None where there is none."""
        return _mean(game.score for game in self.games) if self.games else _mean(one.score for one in self.judgments)

    @property
    def unscored(self) -> str | None:
        """Why it has no score, or why one of its games has none."""
        if self.games:
            return next((game.unscored for game in self.games if game.unscored is not None), self.failed)
        # A rating that is missing among several is made up for; a game that is missing is one.
        if self.score is not None:
            return None
        return next((one.reason for one in self.judgments if one.reason is not None), self.failed)

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that the judge said of it."""
        if self.games:
            return tuple(text for game in self.games for text in game.judgments if text)
        return tuple(one.text for one in self.judgments)


@dataclass(frozen=True)
class Spent:
    """What a turn took in this run.

    Args:
        replies: answers and judgments that are new; none where all were there already.
        cost: USD for them; None where a price is missing.
    """

    replies: int = 0
    cost: float | None = 0.0

    def plus(self, cost: float | None) -> Spent:
        """With one reply more."""
        return Spent(self.replies + 1, None if cost is None or self.cost is None else self.cost + cost)


@dataclass(frozen=True)
class TurnResult:
    """One turn, measured once a run; every other figure is derived.

    Args:
        runs: one or more, in order.
        spent: what it took; no part of what was measured.
    """

    key: TurnKey
    category: str
    runs: tuple[Run, ...]
    spent: Spent = field(default=Spent(), compare=False)

    @property
    def score(self) -> float | None:
        """The mean over runs of the runs' scores, 1-10, or 0-1 in pairwise mode; None where no run was scored."""
        return _mean(self.scores)

    @property
    def scores(self) -> tuple[float | None, ...]:
        """One a run, None where that run was not scored."""
        return tuple(run.score for run in self.runs)

    @property
    def unscored(self) -> str | None:
        """Why `score` is None or why a part of it is missing."""
        return next((run.unscored for run in self.runs if run.unscored is not None), None)

    @property
    def answer(self) -> str:
        """The first run's answer, thinking included."""
        return self.runs[0].answer or ""

    @property
    def answers(self) -> tuple[str | None, ...]:
        """One a run, None where there was none."""
        return tuple(run.answer for run in self.runs)

    @property
    def judgment(self) -> str:
        """The first thing that the judge said of the first run."""
        return next(iter(self.runs[0].texts), "")

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader should know about the texts of all runs, each word once."""
        return tuple(dict.fromkeys(flag for run in self.runs for flag in run.flags))

    @property
    def games(self) -> tuple[Game, ...]:
        """In pairwise mode, one a run, other model and repeat."""
        return tuple(game for run in self.runs for game in run.games)

    @property
    def ratings(self) -> tuple[float | None, ...]:
        """What the turn should have been rated: once a run, or once a game."""
        games = self.games
        return tuple(game.score for game in games) if games else self.scores

    @property
    def marks(self) -> int:
        """How many judgments of it hold a mark: each repeat of each run, or each game."""
        if self.games:
            return sum(game.score is not None for game in self.games)
        return sum(judgment.score is not None for run in self.runs for judgment in run.judgments)

    @property
    def counted(self) -> tuple[float, ...]:
        """What a mean over turns is made of: the turn's score, or that of each of its games."""
        scores = self.ratings if self.games else (self.score,)
        return tuple(score for score in scores if score is not None)

    def against(self, name: str) -> TurnResult:
        """The same turn with the games against one model alone."""
        runs = (replace(run, games=tuple(game for game in run.games if game.against == name)) for run in self.runs)
        return replace(self, runs=tuple(runs))

    @property
    def place(self) -> Place:
        """Question id and turn: where it stands in a set, whichever suite asked."""
        return self.key.place

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, for another process of the run."""
        runs = [asdict(run) | {"games": [game.as_json() for game in run.games]} for run in self.runs]
        return {"key": list(self.key), "category": self.category, "runs": runs, "spent": asdict(self.spent)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> TurnResult:
        """Reads what `as_json` wrote."""
        runs = tuple(_run_from_json(run) for run in row["runs"])
        return cls(TurnKey(*row["key"]), row["category"], runs, Spent(**row["spent"]))


def selected_turns(questions: Sequence[Question], suite: str) -> list[TurnKey]:
    """Every turn of these questions, in order."""
    return [TurnKey(suite, question.id, turn) for question in questions for turn in question.turn_numbers]


def _run_from_json(row: Mapping[str, Any]) -> Run:
    return Run(
        answer=row["answer"],
        earlier=tuple(row["earlier"]),
        judgments=tuple(Judgment(**judgment) for judgment in row["judgments"]),
        games=tuple(Game.from_json(game) for game in row["games"]),
        flags=tuple(row["flags"]),
        failed=row["failed"],
        elsewhere=row["elsewhere"],
    )


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return fmean(known) if known else None
