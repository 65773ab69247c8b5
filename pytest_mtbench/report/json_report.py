"""The JSON report; it is also what `--mtbench-merge` and `--mtbench-answers` read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .. import gates, rating
from ..errors import ConfigError
from ..model import TurnResult
from ..plan import Plan, Role
from ..prompts import JUDGE_TEMPERATURE
from ..scoring import Score as CardScore
from .run_report import RunReport

FORMAT = "pytest-mtbench/1"

Score = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]
Natural = Annotated[int, Field(ge=0)]


def as_json(report: RunReport) -> dict[str, Any]:
    """The report as plain JSON values."""
    plan, card = report.plan, report.card
    return {
        "format": FORMAT,
        "model": plan.model.name,
        "judge": plan.judge.name,
        "mode": "single",
        "started": datetime.fromtimestamp(report.started, timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "fingerprint": fingerprint(plan, report.tally.judges_served),
        "scores": {
            "overall": _score(card.overall),
            "turns": {str(turn): _score(score) for turn, score in card.turns.items()},
            "categories": {
                name: _score(score) | {"turns": {str(turn): mean for turn, mean in score.turns.items()}}
                for name, score in card.categories.items()
            },
        },
        "gates": [gate.as_json() for gate in report.gates],
        "turns": [_turn(result) for result in card.results],
        "calls": {"answers": asdict(report.tally.answers), "judgments": asdict(report.tally.judgments)},
        "usage": {"answers": asdict(report.tally.answer_usage), "judgments": asdict(report.tally.judgment_usage)},
        "cost_usd": report.cost,
        "notes": [*plan.questions.notes, *report.remarks, *report.tally.notes],
    }


def fingerprint(plan: Plan, judges_served: list[str]) -> dict[str, Any]:
    """What two runs must share for their scores to be comparable."""
    identity = plan.questions.identity
    return {
        "questions": identity.questions,
        "references": identity.references,
        "prompts": identity.prompts,
        "question_set": plan.questions.name,
        "judge_requested": plan.judge.name,
        "judge_served": judges_served[0] if len(judges_served) == 1 else judges_served,
        "judge_parameters": _parameters(plan.judge, JUDGE_TEMPERATURE) | {"repeats": plan.repeats},
        "model_parameters": _parameters(plan.model, None)
        | {"system_prompt": plan.system_prompt, "revision": plan.revision, "runs": plan.runs},
        "rules": {"rating": rating.RULE, "gates": gates.RULE},
    }


def read_report(path: Path) -> dict[str, Any]:
    """Reads a JSON report; what stands in it may come from anywhere, so every value is checked.

    Raises:
        ConfigError: it is missing, not JSON, or not a report of this format.
    """
    try:
        text = path.read_text(encoding="utf-8")
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
        return self


class _CountRow(_Row):
    made: Natural
    cached: Natural
    retried: Natural


class _CountRows(_Row):
    answers: _CountRow
    judgments: _CountRow


class _UsageRow(_Row):
    input_tokens: Natural
    output_tokens: Natural


class _UsageRows(_Row):
    answers: _UsageRow
    judgments: _UsageRow


class _ReportRows(_Row):
    fingerprint: dict[str, Any]
    calls: _CountRows
    usage: _UsageRows
    turns: list[_TurnRow]


def _parameters(role: Role, default_temperature: float | None) -> dict[str, Any]:
    temperature = default_temperature if role.temperature is None else role.temperature
    return {
        "temperature": "by category" if temperature is None else temperature,
        "max_tokens": role.max_tokens,
        "extra_body": dict(role.extra_body),
    }


def _score(score: CardScore) -> dict[str, Any]:
    return {"mean": score.mean, "n": score.n, "unscored": score.unscored, "low": score.low, "high": score.high}


def _turn(result: TurnResult) -> dict[str, Any]:
    row: dict[str, Any] = {
        "question_id": result.key.question_id,
        "category": result.category,
        "turn": result.key.turn,
        "score": result.score,
        "scores": list(result.scores),
        "unscored": result.unscored if result.score is None else None,
        "answer": result.answer,
        "judgment": result.judgment,
        "flags": list(result.flags),
    }
    if len(result.answers) > 1 or any(len(repeats) > 1 for repeats in result.judgments):
        row |= {"answers": list(result.answers), "judgments": [list(repeats) for repeats in result.judgments]}
    return row
