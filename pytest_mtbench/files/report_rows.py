"""What may stand in a JSON report, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..domain.chat import Usage
from ..domain.question import Place
from ..domain.result import NOT_JUDGED, Judgment, Run, TurnKey, TurnResult
from .judged_rows import GameRow, JudgedRow, JurorRow, Natural, Score


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class _TurnRow(_Row):
    question_id: int | str
    category: str
    turn: Literal[1, 2]
    score: Score | None
    scores: Annotated[list[Score | None], Field(min_length=1)]
    unscored: str | None
    answer: str
    judgment: str
    flags: list[str]
    answers: list[str | None] | None = None
    judgments: list[list[str]] | None = None
    ratings: list[list[Score | None]] | None = None
    games: list[GameRow] | None = None
    judged: list[JudgedRow] | None = None
    by_judge: dict[str, Score | None] = {}
    extra: Any = None

    @model_validator(mode="after")
    def _score_is_that_of_the_runs(self) -> _TurnRow:
        if not _is_mean(self.score, self.scores):
            raise ValueError("score is not the mean of scores")
        if any(texts is not None and len(texts) != len(self.scores) for texts in (self.answers, self.judgments)):
            raise ValueError("answers, judgments and scores are of different numbers of runs")
        return self

    @model_validator(mode="after")
    def _score_is_on_its_scale(self) -> _TurnRow:
        least, most = (0, 1) if self.games else (1, 10)
        if any(score is not None and not least <= score <= most for score in self.scores):
            raise ValueError(f"a score is outside {least}-{most}")
        for what, rows in (("game", self.games or ()), ("judgment", self.judged or ())):
            if any(row.run > len(self.scores) for row in rows):
                raise ValueError(f"a {what} is of a run that there is not")
        return self

    @model_validator(mode="after")
    def _scores_are_those_of_the_games(self) -> _TurnRow:
        for run, score in enumerate(self.scores if self.games else (), start=1):
            games = [game.game().score for game in self.games or () if game.run == run]
            if not _is_mean(score, games):
                raise ValueError("scores are not those of the games")
        return self

    @model_validator(mode="after")
    def _ratings_are_of_the_judgments(self) -> _TurnRow:
        if self.ratings is None:
            return self
        if [len(found) for found in self.ratings] != [len(texts) for texts in self.judgments or ()]:
            raise ValueError("ratings and judgments are of different numbers")
        if not all(map(_is_mean, self.scores, self.ratings)):
            raise ValueError("scores are not those of the ratings")
        return self

    @model_validator(mode="after")
    def _scores_are_those_of_the_jury(self) -> _TurnRow:
        for number, score in enumerate(self.scores if self.judged is not None else ()):
            if not _is_mean(score, [Run("", judgments=tuple(self._judgments(number, score, ""))).score]):
                raise ValueError("scores are not those of the judges")
        alone = self.result({})
        if not all(_is_mean(score, alone.of_judge(judge).scores) for judge, score in self.by_judge.items()):
            raise ValueError("by_judge is not what the judges said")
        return self

    @property
    def was_judged(self) -> bool:
        """Whether it was judged, or could not be."""
        return self.unscored != NOT_JUDGED

    @model_validator(mode="after")
    def _nothing_was_said_where_nobody_judged(self) -> _TurnRow:
        said = (*self.scores, *(self.games or ()), *(self.judged or ()), self.judgment or None)
        if not self.was_judged and any(one is not None for one in said):
            raise ValueError("a turn that was not judged has no score, no judgment and no game")
        return self

    def is_judged_by(self, jury: Sequence[str]) -> bool:
        """Whether each judge of a jury, and no other, judged each run and game that has a score."""
        whole = sorted(jury)
        for number, score in enumerate(self.scores if not self.games else (), start=1):
            judges = {row.judge for row in self.judged or () if row.run == number}
            if sorted(judges) != whole and (judges or score is not None):
                return False
        return all(sorted(game.judges) == whole or (not game.judges and game.unscored) for game in self.games or ())

    def result(self, first_answers: Mapping[Place, str]) -> TurnResult:
        """The turn as a run measured it.

        Args:
            first_answers: the answers of the first run to every turn of the report.
        """
        key = TurnKey("", self.question_id, self.turn)
        earlier = tuple(first_answers.get((self.question_id, turn), "") for turn in range(1, self.turn))
        return TurnResult(key, self.category, tuple(self._runs(earlier)))

    def _runs(self, earlier: tuple[str, ...]) -> Iterator[Run]:
        reason = self.unscored or "a run of this turn has no score"
        if not self.was_judged:
            yield Run(self.answer, earlier, flags=tuple(self.flags))
            return
        for number, score in enumerate(self.scores):
            games = tuple(row.game() for row in self.games or () if row.run == number + 1)
            first = number == 0
            yield Run(
                answer=self._answer(number),
                earlier=earlier if first else (),
                judgments=() if games else tuple(self._judgments(number, score, reason)),
                games=games,
                flags=tuple(self.flags) if first else (),
                failed=reason if score is None else None,
                extra=self.extra if first else None,
            )

    def _answer(self, number: int) -> str | None:
        if self.answers is not None:
            return self.answers[number]
        return self.answer if number == 0 and (self.answer or self.score is not None) else None

    def _judgments(self, number: int, score: float | None, reason: str) -> Iterator[Judgment]:
        """The judgments of a run; where their own ratings are not told, each has the run's score."""
        if self.judged is not None:
            yield from (row.said for row in self.judged if row.run == number + 1)
            return
        texts = [self.judgment] if number == 0 else [""]
        if self.judgments is not None:
            texts = self.judgments[number]
        ratings = self.ratings[number] if self.ratings is not None else [score] * len(texts)
        for text, rating in zip(texts, ratings, strict=True):
            yield Judgment(text, rating, reason if rating is None else None)


class _Summary(_Row):
    mean: Annotated[float, Field(allow_inf_nan=False)] | None = None
    n: Natural = 0


class _Summaries(_Row):
    overall: _Summary | None = None
    turns: dict[str, _Summary] = {}
    categories: dict[str, _Summary] = {}

    def by_name(self) -> dict[str, _Summary]:
        """All of them, under the names by which messages call them."""
        named = {"overall": self.overall} if self.overall else {}
        named |= {f"turns.{turn}": summary for turn, summary in self.turns.items()}
        return named | {f"categories.{category}": summary for category, summary in self.categories.items()}


class _Fingerprint(_Row):
    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)
    judge_requested: str | None = None
    judge_served: str | list[str] = ""


class _CountRow(_Row, extra="forbid"):
    made: Natural
    cached: Natural
    retried: Natural


class _CountRows(_Row):
    answers: _CountRow
    judgments: _CountRow


class _UsageRow(_Row, extra="forbid"):
    input_tokens: Natural
    output_tokens: Natural

    def usage(self) -> Usage:
        """The tokens."""
        return Usage(self.input_tokens, self.output_tokens)


class _UsageRows(_Row):
    answers: _UsageRow
    judgments: _UsageRow
    against: _UsageRow | None = None


class _Jury(_Row):
    judges: dict[str, JurorRow] = {}


class ReportRows(_Row):
    """A report, its values checked one by one and against each other."""

    model: str
    judge: str
    judges: list[str] = []
    jury: _Jury = _Jury()
    answers_of: str | None = None
    shard: Annotated[str, Field(pattern="^[1-9][0-9]{0,5}/[1-9][0-9]{0,5}$")] | None = None
    mode: Literal["single", "pairwise"] = "single"
    fingerprint: _Fingerprint
    calls: _CountRows
    usage: _UsageRows
    scores: _Summaries = _Summaries()
    turns: list[_TurnRow]

    @model_validator(mode="after")
    def _games_in_pairwise_mode_alone(self) -> ReportRows:
        if any(bool(turn.games) != (self.mode == "pairwise") for turn in self.turns if turn.was_judged):
            raise ValueError("turns of mode pairwise have games, and no others")
        return self

    @model_validator(mode="after")
    def _each_judge_judged(self) -> ReportRows:
        """A mean over some judges of a jury is no score of the jury."""
        judged = [turn for turn in self.turns if turn.judged or any(game.judges for game in turn.games or ())]
        if not all(turn.is_judged_by(self.judges) for turn in (self.turns if self.judges else judged)):
            raise ValueError("a turn is not judged by the judges of the report, by each of them and no other")
        return self

    def says_otherwise(self) -> str | None:
        """What stands above the turns and is not what the turns and the fingerprint say."""
        if self.fingerprint.judge_requested not in (None, self.judge):
            return "`judge` is another one than in the fingerprint"
        if self.judges and self.judge != " + ".join(self.judges):
            return "`judge` is not `judges`"
        found: dict[str, list[float]] = {}
        for row in self.turns if self.mode == "single" else ():
            for name in ("overall", f"turns.{row.turn}", f"categories.{row.category}"):
                found.setdefault(name, []).extend([] if row.score is None else [row.score])
        told = self.scores.by_name()
        for name, scores in found.items():
            if name in told and (told[name].n != len(scores) or not _is_mean(told[name].mean, scores)):
                return f"`scores.{name}` is not that of the turns"
        return None


def _is_mean(score: float | None, parts: Sequence[float | None]) -> bool:
    """Whether a score is the mean of the parts that are known, or is missing where none is."""
    known = [part for part in parts if part is not None]
    return not known if score is None else bool(known) and abs(score - fmean(known)) <= 1e-6
