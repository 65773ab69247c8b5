"""The JSON reports of shares (`--mtbench-shard`) -> the results of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..domain.errors import ConfigError
from ..domain.question import Place
from ..domain.result import TurnResult
from ..domain.tally import Tally
from ..engine.plan import Plan
from ..untrusted.text import listed, shorten
from .fingerprint import differences
from .report_reader import StoredReport, read_report

# What may differ between shares: the judge's own word for itself, since a share may be all cached.
_MAY_DIFFER = ("judge_served", "question_set")


def merge_reports(paths: Sequence[Path], plan: Plan) -> tuple[list[TurnResult], Tally]:
    """Every turn of the plan, from the reports, and what they cost together.

    Raises:
        ConfigError: a report was made with another model, judge, set or parameters (it says which), two reports hold
            the same turn, or turns are missing.
    """
    results: dict[Place, TurnResult] = {}
    tally = Tally()
    for path in paths:
        report = read_report(path)
        _check_same(report, plan)
        tally.join(report.tally)
        for result in report.turns:
            question_id, turn = result.place
            if result.place in results:
                raise ConfigError(f"{path}: question {question_id}, turn {turn} is in two reports")
            if len(result.runs) != plan.runs:
                raise ConfigError(f"{path}: question {question_id}, turn {turn} has not {plan.runs} runs")
            _check_games(path, result, plan)
            results[result.place] = replace(result, key=result.key._replace(suite=plan.key))
    missing = sorted({str(key.question_id) for key in plan.turns() if key.place not in results})
    if missing:
        raise ConfigError(f"--mtbench-merge: the reports lack {len(missing)} questions: {listed(missing)}")
    tally.note(f"joined from {len(paths)} reports; the requests are theirs")
    return list(results.values()), tally


def _check_games(path: Path, result: TurnResult, plan: Plan) -> None:
    """Whether a turn has each of its games, once."""
    there = Counter((game.against, game.run) for game in result.games)
    asked = Counter({(other.label, run): plan.repeats for other in plan.opponents for run in range(1, plan.runs + 1)})
    if there != asked:
        question_id, turn = result.place
        raise ConfigError(f"{path}: question {question_id}, turn {turn} has not the games of this run")


def _check_same(report: StoredReport, plan: Plan) -> None:
    headlines = (
        ("model", report.model, plan.model.name),
        ("judge", report.judge, plan.judge.name),
        ("mode", report.mode, "pairwise" if plan.opponents else "single"),
    )
    problems = [
        f"{report.path}: {name} is {theirs!r}, this run's is {ours!r}"
        for name, theirs, ours in headlines
        if theirs != ours
    ]
    problems += [
        f"{report.path}: fingerprint {name} is {shorten(repr(value), 200)}, this run's is {shorten(repr(ours), 200)}"
        for name, value, ours in differences(report.fingerprint, plan, _MAY_DIFFER)
    ]
    if problems:
        raise ConfigError(*problems)
