"""The JSON reports of shares (`--mtbench-shard`) -> the results of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
        ConfigError: a report was made with another model, judge, set or parameters (it says which), its judge was
            served otherwise than that of another one, two reports are the same share or hold the same turn, or turns
            are missing.
    """
    results: dict[Place, TurnResult] = {}
    tally = Tally()
    categories = {(q.id, turn): q.category for q in plan.questions.questions for turn in q.turn_numbers}
    reports = [read_report(path, plan.questions) for path in paths]
    for report in reports:
        _check_same(report, plan)
    _check_together(reports)
    for report in reports:
        tally.join(report.tally)
        for result in report.turns:
            _check_turn(report.at(result), result, plan, categories)
            if result.place in results:
                raise ConfigError(f"{report.at(result)} is in two reports")
            results[result.place] = replace(result, key=result.key._replace(suite=plan.key))
    missing = sorted({str(key.question_id) for key in plan.turns() if key.place not in results})
    if missing:
        lacking = f"the reports lack {len(missing)} questions: {listed(missing)}"
        raise ConfigError(f"--mtbench-merge: {_missing_shares(reports)}{lacking}")
    tally.note(f"joined from {len(paths)} reports; the requests are theirs")
    return list(results.values()), tally


def _check_turn(where: str, result: TurnResult, plan: Plan, categories: Mapping[Place, str]) -> None:
    """Whether a turn is one of the set, with each of its runs and games, once."""
    if categories.get(result.place) != result.category:
        raise ConfigError(f"{where} is not of the question set, or not of category {result.category!r} there")
    if len(result.runs) != plan.runs:
        raise ConfigError(f"{where} has not {plan.runs} runs")
    there = Counter((game.against, game.run) for game in result.games)
    asked = Counter({(other.label, run): plan.repeats for other in plan.opponents for run in range(1, plan.runs + 1)})
    if there != asked:
        raise ConfigError(f"{where} has not the games of this run")


def _check_together(reports: Sequence[StoredReport]) -> None:
    """Whether the reports can be shares of one run: of as many shares, each once, and judged by the same."""
    shares: dict[str, StoredReport] = {}
    for report in reports:
        first = shares.setdefault(report.shard, report) if report.shard else report
        if first is not report:
            raise ConfigError(f"{report.path}: share {report.shard} is in two reports, also in {first.path}; leave one")
        other = next((known for known in shares.values() if _count_of(known) != _count_of(report)), None)
        if report.shard and other is not None:
            raise ConfigError(
                f"{report.path}: is share {report.shard}, and {other.path} is {other.shard} of another run"
            )
        if report.answers_of != reports[0].answers_of:
            raise ConfigError(
                f"{report.path}: graded answers of {report.answers_of or report.model}, and {reports[0].path} those "
                f"of {reports[0].answers_of or reports[0].model}"
            )
    for judge in dict.fromkeys(judge for report in reports for judge in report.judges or ("",)):
        # A share whose judgments were all cached knows no name.
        told = [(report, sorted(report.tally.served(judge))) for report in reports]
        served = [(report, names) for report, names in told if names]
        for report, names in served:
            first, known = served[0]
            if names != known:
                raise ConfigError(
                    f"{report.path}: its judge {judge and judge + ' '}was served as {' and '.join(names)}, that of "
                    f"{first.path} as {' and '.join(known)}; two judges give no one score, so run the share again"
                )


def _missing_shares(reports: Sequence[StoredReport]) -> str:
    """The shares that are not there, in words, where every report says which it is."""
    shares = {report.shard for report in reports}
    if not shares or "" in shares:
        return ""
    count = _count_of(reports[0])
    lost = [share for share in (f"{n}/{count}" for n in range(1, int(count) + 1)) if share not in shares]
    return f"share {listed(lost)} is not among them; " if lost else ""


def _count_of(report: StoredReport) -> str:
    return report.shard.partition("/")[2]


def _check_same(report: StoredReport, plan: Plan) -> None:
    headlines = (
        ("model", report.model, plan.model.name),
        # In which order a jury is named does not count; the fingerprint tells one from another.
        *((("judge", report.judge, plan.judge_name),) if not (plan.jury or report.judges) else ()),
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
