"""A JSON report that a run wrote -> checked values; what stands in it may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..domain.errors import ConfigError
from ..domain.game import Game
from ..domain.result import TurnResult

FORMAT = "pytest-mtbench/1"

Score = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Verdict = Literal["A", "B", "C"]
Natural = Annotated[int, Field(ge=0, le=2**53)]


def read_report(path: Path) -> dict[str, Any]:
    """Reads a JSON report; what stands in it may come from anywhere, so every value is checked.

    Raises:
        ConfigError: it is missing, not JSON, or not a report of this format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        report = json.loads(text)
        if not isinstance(report, dict) or report.get("format") != FORMAT:
            raise ConfigError(f'{path}: not a report of format "{FORMAT}"')
        _ReportRows.model_validate(report)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(key) for key in first["loc"])
        raise ConfigError(f"{path}: not what a run writes: {place}: {first['msg']}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as a JSON report ({error})") from error
    return report


def read_turns(rows: Sequence[Mapping[str, Any]], suite: str) -> list[TurnResult]:
    """The turns of a report as results again."""
    first_answers = {(row["question_id"], row["turn"]): row["answer"] for row in rows}
    return [
        TurnResult.from_json(
            {
                "key": [suite, row["question_id"], row["turn"]],
                **{name: row[name] for name in ("category", "score", "scores", "answer", "judgment", "flags")},
                "unscored": row["unscored"] or _why_in_part(row),
                "answers": row.get("answers") or [_none_if_unanswered(row)],
                "judgments": row.get("judgments") or _judgments(row),
                "games": row.get("games") or (),
                "earlier": [first_answers.get((row["question_id"], turn), "") for turn in range(1, row["turn"])],
            }
        )
        for row in rows
    ]


def _why_in_part(row: Mapping[str, Any]) -> str | None:
    """Why a turn that has a score lacks a part of it."""
    games = [game["unscored"] for game in row.get("games") or () if game["unscored"] is not None]
    return next(iter(games), "a run of this turn has no score" if None in row["scores"] else None)


def _judgments(row: Mapping[str, Any]) -> list[list[str]]:
    """The judge's texts of each run, where a report does not keep them apart."""
    games = row.get("games")
    if not games:
        return [[row["judgment"]]]
    runs = range(1, len(row["scores"]) + 1)
    return [[text for game in games if game["run"] == run for text in game.get("judgments", ())] for run in runs]


def _none_if_unanswered(row: Mapping[str, Any]) -> str | None:
    answer: str = row["answer"]
    return None if not answer and row["score"] is None else answer


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class _GameRow(_Row):
    against: str
    run: Annotated[int, Field(ge=1, le=100)]
    verdicts: Annotated[list[Verdict | None], Field(min_length=2, max_length=2)]
    unscored: str | None
    answer: str | None = None
    judgments: Annotated[list[str], Field(min_length=2, max_length=2)] = ["", ""]

    @model_validator(mode="after")
    def _unscored_or_not(self) -> _GameRow:
        if (None in self.verdicts) != (self.unscored is not None):
            raise ValueError("a game without a verdict is unscored, and no other is")
        return self


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
    games: list[_GameRow] | None = None

    @model_validator(mode="after")
    def _score_is_that_of_the_runs(self) -> _TurnRow:
        rated = [score for score in self.scores if score is not None]
        if (self.score is None) != (not rated) or (self.score is not None and abs(self.score - fmean(rated)) > 1e-6):
            raise ValueError("score is not the mean of scores")
        if any(texts is not None and len(texts) != len(self.scores) for texts in (self.answers, self.judgments)):
            raise ValueError("answers, judgments and scores are of different numbers of runs")
        return self

    @model_validator(mode="after")
    def _score_is_on_its_scale(self) -> _TurnRow:
        least, most = (0, 1) if self.games else (1, 10)
        if any(score is not None and not least <= score <= most for score in self.scores):
            raise ValueError(f"a score is outside {least}-{most}")
        if any(game.run > len(self.scores) for game in self.games or ()):
            raise ValueError("a game is of a run that there is not")
        return self

    @model_validator(mode="after")
    def _scores_are_those_of_the_games(self) -> _TurnRow:
        for run, score in enumerate(self.scores if self.games else (), start=1):
            games = [Game.from_json(game.model_dump()).score for game in self.games or () if game.run == run]
            known = [one for one in games if one is not None]
            if (score is None) != (not known) or (score is not None and abs(score - fmean(known)) > 1e-6):
                raise ValueError("scores are not those of the games")
        return self


class _Fingerprint(_Row):
    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)
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


class _UsageRows(_Row):
    answers: _UsageRow
    judgments: _UsageRow
    against: _UsageRow | None = None


class _ReportRows(_Row):
    mode: Literal["single", "pairwise"] = "single"
    fingerprint: _Fingerprint
    calls: _CountRows
    usage: _UsageRows
    turns: list[_TurnRow]

    @model_validator(mode="after")
    def _games_in_pairwise_mode_alone(self) -> _ReportRows:
        if any(bool(turn.games) != (self.mode == "pairwise") for turn in self.turns):
            raise ValueError("turns of mode pairwise have games, and no others")
        return self
