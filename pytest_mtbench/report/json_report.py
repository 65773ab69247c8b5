"""The JSON report; it is also what `--mtbench-baseline`, `--mtbench-merge` and `--mtbench-answers` read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from ..domain.result import TurnResult
from ..files.fingerprint import fingerprint
from ..files.report_reader import AUDITION, FORMAT
from ..scores.biases import Biases
from ..scores.ranking import bradley_terry
from ..scores.scorecard import MeanScore, Scorecard, Tournament, scorecard
from .jury import judge_names, jury_json, jury_row
from .people_json import people_as_json
from .run_report import RunReport

_TEXTS_OF_ALL_RUNS = ("answers", "judgments", "ratings")
_TEXTS_OF_ONE_RUN = ("answer", "judgments", "judgment")


def as_json(report: RunReport) -> dict[str, Any]:
    """The report as plain JSON values."""
    plan, card = report.plan, report.card
    return {
        "format": FORMAT,
        **asdict(report.ending),
        "model": plan.model.name or None,
        "judge": plan.judge_name,
        "answered_by": report.answered_by,
        **({"answers_of": plan.answers_of} if plan.answers_of else {}),
        **({"shard": plan.shard} if plan.shard else {}),
        "mode": AUDITION if report.is_audition else "pairwise" if plan.opponents else "single",
        "started": datetime.fromtimestamp(report.started, timezone.utc).isoformat(),
        "seconds": round(report.seconds, 3),
        "fingerprint": fingerprint(plan, report.tally.judges_served, report.tally.moved, report.tally.jury),
        "scores": _scores(card, pairwise=bool(plan.opponents)),
        **_against(report),
        **({"agreement": people_as_json(report.people)} if report.people else {}),
        **({"biases": report.biases.as_json()} if report.biases != Biases() else {}),
        "gates": [gate.as_json() for gate in report.gates],
        **(jury_json(report, _of_judges(report)) if plan.jury else {}),
        "turns": [_turn(result, judge_names(plan)) for result in card.listed]
        # A comparison of an audition is nobody's score: its answers are two models'.
        + [
            _turn(result, judge_names(plan)) | {"models": list(report.models[result.key.suite])}
            for result in report.compared
        ],
        "calls": {"answers": asdict(report.tally.answers), "judgments": asdict(report.tally.judgments)},
        "usage": _usage(report),
        "cost_usd": report.cost,
        "notes": [*plan.questions.notes, *report.remarks, *report.tally.notes],
    }


def as_text(written: Mapping[str, Any], *, every_run: bool = False) -> str:
    """The file: keys sorted, one turn a line, so that a difference between two of them can be read.

    Args:
        every_run: keep the texts of every run and not of the first alone, as a share needs that is to be joined; the
            scores of every run are always there.
    """
    parts = []
    for key in sorted(written):
        value = written[key]
        if key == "turns" and not every_run:
            value = [_texts_of_first_run(row) for row in value]
        if key in ("gates", "turns") and value:
            rows = ",\n".join("  " + json.dumps(row, sort_keys=True) for row in value)
            parts.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            # Categories stay in the order of the set, which is as fixed as the alphabet's.
            lines = json.dumps(value, indent=1, sort_keys=key not in ("scores", "against")).replace("\n", "\n ")
            parts.append(f" {json.dumps(key)}: {lines}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _texts_of_first_run(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in row if name not in _TEXTS_OF_ALL_RUNS}
    for part in ("games", "judged"):
        if part in row:
            kept[part] = [one if one["run"] == 1 else _without_texts(one) for one in row[part]]
    return kept


def _without_texts(row: Mapping[str, Any]) -> dict[str, Any]:
    """A game or a judgment without its texts, and without those of a jury's judges."""
    kept = {name: row[name] for name in row if name not in _TEXTS_OF_ONE_RUN}
    return kept | ({"by_judge": [_without_texts(one) for one in row["by_judge"]]} if "by_judge" in row else {})


def _scores(card: Scorecard, *, pairwise: bool) -> dict[str, Any]:
    one = _win_rate if pairwise else _score
    return {
        "overall": one(card.overall),
        "turns": {str(turn): one(score) for turn, score in card.turns.items()},
        "categories": {
            name: one(score) | {"turns": {str(turn): mean for turn, mean in score.turns.items()}}
            for name, score in card.categories.items()
        },
    }


def _score(score: MeanScore) -> dict[str, Any]:
    return {"mean": score.mean, "n": score.n, "unscored": score.unscored, "low": score.low, "high": score.high}


def _win_rate(score: MeanScore) -> dict[str, Any]:
    games = score.games or Tournament.of([])
    return {
        "win_rate": score.mean,
        "wins": games.wins,
        "losses": games.losses,
        "ties": games.ties,
        "consistent": games.consistent,
        "flips": games.flips,
        "flips_to_first": games.to_first,
        "n": score.n,
        "unscored": score.unscored,
        "low": score.low,
        "high": score.high,
    }


def _of_judges(report: RunReport) -> dict[str, dict[str, Any]]:
    """What the judgments of each judge of a jury alone come to."""
    plan, one = report.plan, _win_rate if report.plan.opponents else _score
    alone = {judge: [result.of_judge(judge) for result in report.card.results] for judge in judge_names(plan)}
    return {judge: one(scorecard(plan.selected, results).overall) for judge, results in alone.items()}


def _against(report: RunReport) -> dict[str, Any]:
    """The scores against each of the other models, in pairwise mode."""
    if not report.plan.opponents:
        return {}
    strengths = bradley_terry(report.against)
    rows = [
        {"name": name, "scores": _scores(card, pairwise=True), "strength": strengths.get(name)}
        for name, card in report.against.items()
    ]
    return {"against": rows}


def _usage(report: RunReport) -> dict[str, Any]:
    tally = report.tally
    usage = {"answers": asdict(tally.answer_usage), "judgments": asdict(tally.judgment_usage)}
    return usage | ({"against": asdict(tally.against_usage)} if report.plan.opponents else {})


def _turn(result: TurnResult, jury: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "question_id": result.key.question_id,
        "category": result.category,
        "turn": result.key.turn,
        "score": result.score,
        "scores": list(result.scores),
        "unscored": result.no_score if result.score is None else None,
        "answer": result.answer,
        "judgment": result.judgment,
        "flags": list(result.flags),
    }
    if result.runs[0].elsewhere:
        row["elsewhere"] = result.runs[0].elsewhere
    if result.extra is not None:
        row["extra"] = result.extra
    if result.games:
        one = len(result.games) == 1
        row |= {"outcome": result.games[0].outcome if one else None, "games": [game.as_json() for game in result.games]}
    if result.games or jury:
        row |= jury_row(result, jury)
        return row | ({"answers": list(result.answers)} if len(result.runs) > 1 else {})
    repeated = any(len(run.judgments) > 1 for run in result.runs)
    if len(result.runs) > 1 or repeated:
        row |= {"answers": list(result.answers), "judgments": [list(run.texts) for run in result.runs]}
    if repeated:
        row["ratings"] = [[judgment.score for judgment in run.judgments] for run in result.runs]
    return row
