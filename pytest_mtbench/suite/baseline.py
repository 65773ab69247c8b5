"""What a suite's baseline makes of its plan, and what the gate against it asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..domain.errors import ConfigError
from ..engine.plan import Plan
from ..files.report_reader import read_report
from ..scores.baseline import baseline_of
from ..scores.regression_gate import RegressionSpec
from ..untrusted.paths import is_same_file
from .choices import Choices
from .file import SuiteFile
from .settings import Settings


def against_baseline(
    plan: Plan, file: SuiteFile, folder: Path, choices: Choices, settings: Settings
) -> tuple[Plan, RegressionSpec | None]:
    """The plan as a baseline makes it, and what the regression gate asks; a share has no gate.

    Args:
        folder: where the suite file's paths start.

    Raises:
        ConfigError: the baseline cannot be read or compared, or is a file of this run.
    """
    section = file.content.baseline
    if not choices.baseline.is_given:
        if section.model_fields_set:
            raise ConfigError(file.at(("baseline",), "names no file; add `file:`, or give --mtbench-baseline=FILE"))
        return plan, None
    name = choices.baseline.value
    path = settings.baseline.path if settings.baseline else folder / name
    baseline = baseline_of(read_report(path, plan.questions), name, plan)
    _check_apart(path, name, settings)
    # The baseline's own answers, found in the cache, are no evidence about the candidate: not in a share of it either.
    plan = replace(plan, answers_after=baseline.made)
    if settings.is_part:
        return plan, None
    # Answers that exist already cannot become more.
    exist = bool(settings.answers or settings.merge)
    rule, remarks = baseline.rule(section.model_dump(), plan.runs if exist or choices.runs.is_given else None)
    if exist:
        rule = replace(rule, looks=rule.looks[:1])
    plan = replace(plan, runs=rule.looks[0], judges_served=baseline.judges_served, judge_moved=baseline.judge_moved)
    plan = replace(plan, jury=baseline.jury)
    sentinel = baseline.sentinel(plan, section.sentinel) if section.sentinel else None
    return plan, RegressionSpec(baseline, rule, sentinel, section.on_inconclusive, remarks)


def _check_apart(path: Path, name: str, settings: Settings) -> None:
    """Sees to it that the baseline is neither what the run writes nor what it takes for the candidate."""
    given = [(f"--mtbench-report={report}", report, "which would be overwritten") for report in settings.reports]
    given += [(f"--mtbench-merge={share}", share, "which is no candidate") for share in settings.shares]
    if settings.answers is not None:
        given.append((f"--mtbench-answers={settings.answers}", settings.answers, "which is no candidate"))
    for option, other, why in given:
        if is_same_file(path, other):
            raise ConfigError(f"{option} is the baseline itself ({name}), {why}; name another file")
