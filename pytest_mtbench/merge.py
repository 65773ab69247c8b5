"""The JSON reports of shares (`--mtbench-shard`) -> the results of the whole run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .errors import ConfigError
from .model import TurnResult
from .plan import Plan
from .report.json_report import fingerprint, read_report, read_turn

# What may differ between shares: the judge's own word for itself, since a share may be all cached.
_MAY_DIFFER = frozenset({"judge_served", "question_set"})


def merge_reports(paths: Sequence[Path], plan: Plan) -> list[TurnResult]:
    """Every turn of the plan, from the reports.

    Raises:
        ConfigError: a report was made with another model, judge, set or parameters (it says which), two reports hold
            the same turn, or turns are missing.
    """
    results: dict[tuple[object, int], TurnResult] = {}
    for path in paths:
        report = read_report(path)
        _check_same(path, report, plan)
        for row in report["turns"]:
            if (row["question_id"], row["turn"]) in results:
                raise ConfigError(f"{path}: question {row['question_id']}, turn {row['turn']} is in two reports")
            results[row["question_id"], row["turn"]] = read_turn(row, plan.key)
    missing = sorted({str(key.question_id) for key in plan.turns() if (key.question_id, key.turn) not in results})
    if missing:
        named = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        raise ConfigError(f"--mtbench-merge: the reports lack {len(missing)} questions: {named}")
    return list(results.values())


def _check_same(path: Path, report: dict[str, object], plan: Plan) -> None:
    theirs = report.get("fingerprint")
    ours = fingerprint(plan, [])
    problems = [
        f"{path}: {name} is {report.get(name)!r}, this run's is {value!r}"
        for name, value in (("model", plan.model.name), ("judge", plan.judge.name))
        if report.get(name) != value
    ]
    if not isinstance(theirs, dict):
        problems.append(f"{path}: has no fingerprint")
    else:
        problems += [
            f"{path}: fingerprint {name} is {theirs.get(name)!r}, this run's is {value!r}"
            for name, value in ours.items()
            if name not in _MAY_DIFFER and theirs.get(name) != value
        ]
    if problems:
        raise ConfigError(*problems)
