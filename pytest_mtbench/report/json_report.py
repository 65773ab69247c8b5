"""The JSON report; it is also what `--mtbench-merge` and `--mtbench-answers` read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import gates, rating
from ..errors import ConfigError
from ..model import TurnResult
from ..plan import Plan, Role
from ..prompts import JUDGE_TEMPERATURE
from ..scoring import Score
from .run_report import RunReport

FORMAT = "pytest-mtbench/1"


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
    """Reads a JSON report.

    Raises:
        ConfigError: it is missing, not JSON, or not a report of this format.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as a JSON report ({error})") from error
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise ConfigError(f'{path}: not a report of format "{FORMAT}"')
    if not all(isinstance(report.get(key), dict) for key in ("fingerprint", "calls", "usage")):
        raise ConfigError(f"{path}: not a whole report; it lacks fingerprint, calls or usage")
    if not isinstance(report.get("turns"), list) or not all(map(_is_turn, report["turns"])):
        raise ConfigError(f"{path}: its turns are not those of a report")
    return report


def read_turn(row: Mapping[str, Any], suite: str) -> TurnResult:
    """A row of a report's turns as a result again."""
    return TurnResult.from_json(
        {
            "key": [suite, row["question_id"], row["turn"]],
            **{name: row[name] for name in ("category", "score", "scores", "unscored", "answer", "judgment", "flags")},
            "answers": row.get("answers") or [row["answer"]],
            "judgments": row.get("judgments") or [[row["judgment"]]],
        }
    )


def _is_turn(row: object) -> bool:
    keys = ("question_id", "category", "turn", "score", "scores", "unscored", "answer", "judgment", "flags")
    return isinstance(row, dict) and all(key in row for key in keys)


def _parameters(role: Role, default_temperature: float | None) -> dict[str, Any]:
    temperature = default_temperature if role.temperature is None else role.temperature
    return {
        "temperature": "by category" if temperature is None else temperature,
        "max_tokens": role.max_tokens,
        "extra_body": dict(role.extra_body),
    }


def _score(score: Score) -> dict[str, Any]:
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
