"""A JSON report that a run wrote -> checked values; what stands in it may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import ConfigError
from .model import TurnResult

FORMAT = "pytest-mtbench/1"

Score = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]
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
                **{
                    name: row[name]
                    for name in ("category", "score", "scores", "unscored", "answer", "judgment", "flags")
                },
                "answers": row.get("answers") or [_none_if_unanswered(row)],
                "judgments": row.get("judgments") or [[row["judgment"]]],
                "earlier": [first_answers.get((row["question_id"], turn), "") for turn in range(1, row["turn"])],
            }
        )
        for row in rows
    ]


def _none_if_unanswered(row: Mapping[str, Any]) -> str | None:
    answer: str = row["answer"]
    return None if not answer and row["score"] is None else answer


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

    @model_validator(mode="after")
    def _score_is_that_of_the_runs(self) -> _TurnRow:
        rated = [score for score in self.scores if score is not None]
        if (self.score is None) != (not rated) or (self.score is not None and abs(self.score - fmean(rated)) > 1e-6):
            raise ValueError("score is not the mean of scores")
        if any(texts is not None and len(texts) != len(self.scores) for texts in (self.answers, self.judgments)):
            raise ValueError("answers, judgments and scores are of different numbers of runs")
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


class _ReportRows(_Row):
    fingerprint: _Fingerprint
    calls: _CountRows
    usage: _UsageRows
    turns: list[_TurnRow]
