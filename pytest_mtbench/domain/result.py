"""One turn, measured: what a test item reports and what every score is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from statistics import fmean
from typing import Any, NamedTuple

from .game import Game
from .question import Place, Question, QuestionId

APART = 3.0
"""Points by which two judges' scores of one answer differ so far that a person should look."""
JUDGES_DIFFER = "judges-differ"
"""The flag that says so."""
NOT_JUDGED = "not judged"
"""What is said in the place of a score of an answer about which nobody asked the judge."""


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
        judge: which judge of a jury said it; empty where there is one judge.
    """

    text: str
    score: float | None
    reason: str | None = None
    judge: str = ""


@dataclass(frozen=True)
class Run:
    """One answer to a turn and what the judge said of it.

    Args:
        answer: thinking included; None where there is none.
        earlier: the answers to the turns before, in the same conversation.
        judgments: one a judge and repeat, in single grading.
        games: one an opponent and repeat, in pairwise mode; a jury's hold those of its judges.
        flags: what a reader should know about these texts, in fixed words.
        failed: why it could not be judged at all.
        elsewhere: what a reply without an answer held in another field.
        extra: what a user's own chatbot said beside the answer, as plain JSON values.
    """

    answer: str | None
    earlier: tuple[str, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    games: tuple[Game, ...] = ()
    flags: tuple[str, ...] = ()
    failed: str | None = None
    elsewhere: str = ""
    extra: Any = field(default=None, hash=False)

    @cached_property
    def score(self) -> float | None:
        """The mean of its ratings, 1-10, or of its games, 0-1; None where there is none.

        With a jury it is the mean over judges of each one's mean, and None where one of them has none: a mean over
        fewer judges is another measure.
        """
        if self.games:
            return _mean(game.score for game in self.games)
        of_judges = list(self.by_judge.values())
        return None if None in of_judges else _mean(of_judges)

    @cached_property
    def by_judge(self) -> dict[str, float | None]:
        """The score of each judge, the mean of its ratings or games; under no name where there is one judge."""
        said: dict[str, list[float | None]] = {}
        for judge, score in self._said():
            said.setdefault(judge, []).append(score)
        return {judge: _mean(scores) for judge, scores in said.items()}

    def _said(self) -> Iterator[tuple[str, float | None]]:
        """The score of each judgment or game, with the judge of a jury that gave it."""
        for game in self.games:
            yield from ((part.judge, part.score) for part in game.parts)
        yield from ((judgment.judge, judgment.score) for judgment in self.judgments)

    @property
    def judges_differ(self) -> bool:
        """Whether two judges of a jury rate the answer differently by `APART` or more."""
        known = [score for score in self.by_judge.values() if score is not None]
        return not self.games and bool(known) and max(known) - min(known) >= APART

    @property
    def unscored(self) -> str | None:
        """Why it has no score, or why one of its games has none."""
        if self.games:
            return next((game.unscored for game in self.games if game.unscored is not None), self.failed)
        # A rating that is missing among several is made up for; a game that is missing is one.
        if self.score is not None:
            return None
        missing = [judge for judge, score in self.by_judge.items() if score is None]
        why = next((one for one in self.judgments if one.judge in missing and one.reason is not None), None)
        return self.failed if why is None else f"{why.judge}: {why.reason}" if why.judge else why.reason

    @property
    def judged(self) -> bool:
        """Whether the judge was asked, or had nothing to judge; else it is an answer alone, which nobody measured."""
        return bool(self.judgments or self.games) or self.failed is not None

    @property
    def no_score(self) -> str | None:
        """`unscored`, or that it was not judged."""
        return self.unscored if self.judged else NOT_JUDGED

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that the judge said of it."""
        if self.games:
            return tuple(text for game in self.games for part in game.parts for text in part.judgments if text)
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

    @cached_property
    def score(self) -> float | None:
        """The mean over runs of the runs' scores, 1-10, or 0-1 in pairwise mode; None where no run was scored."""
        return _mean(self.scores)

    @cached_property
    def scores(self) -> tuple[float | None, ...]:
        """One a run, None where that run was not scored."""
        return tuple(run.score for run in self.runs)

    @property
    def unscored(self) -> str | None:
        """Why `score` is None or why a part of it is missing."""
        return next((run.unscored for run in self.runs if run.unscored is not None), None)

    @property
    def judged(self) -> bool:
        """Whether it was measured; else there is an answer alone."""
        return all(run.judged for run in self.runs)

    @property
    def no_score(self) -> str | None:
        """`unscored`, or that it was not judged."""
        return self.unscored if self.judged else NOT_JUDGED

    @property
    def answer(self) -> str:
        """The first run's answer, thinking included."""
        return self.runs[0].answer or ""

    @property
    def extra(self) -> Any:
        """What a user's own chatbot said beside the first run's answer, as plain JSON values; None where nothing."""
        return self.runs[0].extra

    @property
    def answers(self) -> tuple[str | None, ...]:
        """One a run, None where there was none."""
        return tuple(run.answer for run in self.runs)

    @property
    def judgment(self) -> str:
        """The first thing that the judge, or the first of a jury, said of the first run."""
        return next(iter(self.runs[0].texts), "")

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader should know about the texts of all runs, each word once."""
        return tuple(dict.fromkeys(flag for run in self.runs for flag in run.flags))

    @cached_property
    def games(self) -> tuple[Game, ...]:
        """In pairwise mode, one a run, other model and repeat."""
        return tuple(game for run in self.runs for game in run.games)

    @cached_property
    def ratings(self) -> tuple[float | None, ...]:
        """What the turn should have been rated: once a run, or once a game."""
        games = self.games
        return tuple(game.score for game in games) if games else self.scores

    @property
    def marks(self) -> int:
        """How many judgments its score is made of: each judge and repeat of each run, or each game."""
        if self.games:
            return sum(game.score is not None for game in self.games)
        scored = [run for run in self.runs if run.score is not None]
        return sum(judgment.score is not None for run in scored for judgment in run.judgments)

    @cached_property
    def counted(self) -> tuple[float, ...]:
        """What a mean over turns is made of: the turn's score, or that of each of its games."""
        scores = self.ratings if self.games else (self.score,)
        return tuple(score for score in scores if score is not None)

    def against(self, name: str) -> TurnResult:
        """The same turn with the games against one model alone."""
        runs = (replace(run, games=tuple(game for game in run.games if game.against == name)) for run in self.runs)
        return replace(self, runs=tuple(runs))

    @property
    def by_judge(self) -> dict[str, float | None]:
        """The score that each judge of a jury alone gives the turn; empty where there is one judge."""
        names = dict.fromkeys(judge for run in self.runs for judge in run.by_judge if judge)
        return {name: self.of_judge(name).score for name in names}

    def of_judge(self, name: str) -> TurnResult:
        """The same turn as one judge of a jury alone measured it: its score, outcomes and texts.

        Args:
            name: how the jury's results call that judge.
        """
        runs = (
            replace(
                run,
                judgments=tuple(replace(one, judge="") for one in run.judgments if one.judge == name),
                games=tuple(_game_of(game, name) for game in run.games),
            )
            for run in self.runs
        )
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


def _game_of(game: Game, judge: str) -> Game:
    """A jury's game as one of its judges saw it; one that was not played is the same for all."""
    return next((replace(part, judge="") for part in game.by_judge if part.judge == judge), game)


def _run_from_json(row: Mapping[str, Any]) -> Run:
    return Run(
        answer=row["answer"],
        earlier=tuple(row["earlier"]),
        judgments=tuple(Judgment(**judgment) for judgment in row["judgments"]),
        games=tuple(Game.from_json(game) for game in row["games"]),
        flags=tuple(row["flags"]),
        failed=row["failed"],
        elsewhere=row["elsewhere"],
        extra=row["extra"],
    )


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return fmean(known) if known else None
