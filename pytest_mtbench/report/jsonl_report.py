"""The JSON lines of a run: a flat row a turn and run, for pandas and jq."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from ..domain.game import Game
from ..domain.question import Place
from ..domain.result import Run, TurnResult
from ..untrusted.text import join_surrogates
from .run_report import RunReport


def jsonl_report(reports: Sequence[RunReport]) -> str:
    """The file: the rows of every suite, all with the same keys."""
    # Escaped beyond ASCII, so that no text ends a line for a reader that knows other ends, nor acts in a terminal.
    return "".join(json.dumps(row) + "\n" for report in reports for row in _rows(report))


def _rows(report: RunReport) -> Iterator[dict[str, Any]]:
    """A row a turn and run; in pairwise mode one a game."""
    baseline = _baseline_scores(report)
    for result in (*report.card.listed, *report.compared):
        for number, run in enumerate(result.runs, start=1):
            said: dict[str, Any] = {
                "suite": report.plan.key,
                "model": report.plan.model.name or None,
                "judge": report.plan.judge_name,
                "question_id": result.key.question_id,
                "category": result.category,
                "turn": result.key.turn,
                "run": number,
            }
            for row in _of_run(report, result, run, baseline):
                yield {name: join_surrogates(value) if isinstance(value, str) else value
                       for name, value in (said | row).items()}  # fmt: skip


def _of_run(
    report: RunReport, result: TurnResult, run: Run, baseline: Mapping[Place, float]
) -> Iterator[dict[str, Any]]:
    before = baseline.get(result.place)
    common: dict[str, Any] = {
        "score": run.score,
        "unscored": run.no_score,
        "answer": run.answer,
        "judgment": next(iter(run.texts), None),
        "flags": " ".join(run.flags),
        "baseline_score": before,
        "change": None if before is None or run.score is None else run.score - before,
        "against": None,
        "outcome": None,
        "other_answer": None,
        "judgment_swapped": None,
    }
    for game in run.games:
        # In an audition nobody is under test.
        named = {"model": report.models[result.key.suite][0]} if report.is_audition else {}
        yield common | _of_game(game) | named
    if not run.games:
        yield common


def _of_game(game: Game) -> dict[str, Any]:
    return {
        "score": game.score,
        "unscored": game.unscored,
        "judgment": game.judgments[0] or None,
        "against": game.against,
        "outcome": game.outcome,
        "other_answer": game.answer,
        "judgment_swapped": game.judgments[1] or None,
    }


def _baseline_scores(report: RunReport) -> dict[Place, float]:
    """The baseline's score of each turn; none where the answers say nothing of the candidate."""
    if report.regression is None or report.outcome is None or report.outcome.old:
        return {}
    known = {
        place: [score for score in scores if score is not None]
        for place, scores in report.regression.baseline.scores.items()
    }
    return {place: fmean(scores) for place, scores in known.items() if scores}
