"""The JSON reports of shares (`--mtbench-shard`) -> the results of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..domain.chat import Usage
from ..domain.errors import ConfigError
from ..domain.result import TurnResult
from ..domain.tally import Tally
from ..engine.plan import Plan
from ..untrusted.text import shorten
from .fingerprint import differences
from .report_reader import read_report, read_turns

# What may differ between shares: the judge's own word for itself, since a share may be all cached.
_MAY_DIFFER = ("judge_served", "question_set")


def merge_reports(paths: Sequence[Path], plan: Plan) -> tuple[list[TurnResult], Tally]:
    """Every turn of the plan, from the reports, and what they cost together.

    Raises:
        ConfigError: a report was made with another model, judge, set or parameters (it says which), two reports hold
            the same turn, or turns are missing.
    """
    results: dict[tuple[object, int], TurnResult] = {}
    tally = Tally()
    for path in paths:
        report = read_report(path)
        _check_same(path, report, plan)
        _add(tally, report)
        for result in read_turns(report["turns"], plan.key):
            place = (result.key.question_id, result.key.turn)
            if place in results:
                raise ConfigError(f"{path}: question {place[0]}, turn {place[1]} is in two reports")
            if len(result.scores) != plan.runs:
                raise ConfigError(f"{path}: question {place[0]}, turn {place[1]} has not {plan.runs} runs")
            _check_games(path, result, plan)
            results[place] = result
    missing = sorted({str(key.question_id) for key in plan.turns() if (key.question_id, key.turn) not in results})
    if missing:
        named = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        raise ConfigError(f"--mtbench-merge: the reports lack {len(missing)} questions: {named}")
    tally.note(f"joined from {len(paths)} reports; the requests are theirs")
    return list(results.values()), tally


def _check_games(path: Path, result: TurnResult, plan: Plan) -> None:
    """Whether a turn has each of its games, once."""
    there = Counter((game.against, game.run) for game in result.games)
    asked = Counter({(other.label, run): plan.repeats for other in plan.opponents for run in range(1, plan.runs + 1)})
    if there != asked:
        question_id, turn = result.place
        raise ConfigError(f"{path}: question {question_id}, turn {turn} has not the games of this run")


def _add(tally: Tally, report: Mapping[str, Any]) -> None:
    for kind, count in (("answers", tally.answers), ("judgments", tally.judgments)):
        calls = report["calls"][kind]
        count.made += calls["made"]
        count.cached += calls["cached"]
        count.retried += calls["retried"]
    tally.answer_usage += Usage(**report["usage"]["answers"])
    tally.judgment_usage += Usage(**report["usage"]["judgments"])
    tally.against_usage += Usage(**(report["usage"].get("against") or {}))
    served = report["fingerprint"].get("judge_served", [])
    for name in [served] if isinstance(served, str) else served:
        if name not in tally.judges_served:
            tally.judges_served.append(name)


def _headlines(plan: Plan) -> dict[str, str]:
    return {
        "model": plan.model.name,
        "judge": plan.judge.name,
        "mode": "pairwise" if plan.opponents else "single",
    }


def _check_same(path: Path, report: Mapping[str, Any], plan: Plan) -> None:
    theirs = report.get("fingerprint")
    problems = [
        f"{path}: {name} is {report.get(name)!r}, this run's is {value!r}"
        for name, value in _headlines(plan).items()
        if report.get(name) != value
    ]
    if not isinstance(theirs, dict):
        problems.append(f"{path}: has no fingerprint")
    else:
        problems += [
            f"{path}: fingerprint {name} is {shorten(repr(value), 200)}, this run's is {shorten(repr(ours), 200)}"
            for name, value, ours in differences(theirs, plan, _MAY_DIFFER)
        ]
    if problems:
        raise ConfigError(*problems)
