"""Answers of the model under test that exist already, and whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..engine.plan import Plan
from ..files.fastchat import answer_file_in
from ..files.recorded import Recorded, read_answers, read_judgments
from ..files.report_reader import read_report
from .opponents import Opponent
from .settings import Settings


def existing_answers(plan: Plan, settings: Settings, opponents: Sequence[Opponent]) -> tuple[Plan, Recorded | None]:
    """The plan with the name that the answers are found under, and what `--mtbench-answers` holds.

    Raises:
        ConfigError: the files are malformed, of several models, or a selected question has no answer.
    """
    source = settings.answers
    if source is None:
        graded = [read_report(path).answers_of for path in settings.shares]
        return _named(plan, next(iter(graded), "")), None
    # A folder may hold the answers of the other side alone; the model's own are asked for then.
    there = any(other.source == str(source) for other in opponents)
    judged_alone = there and answer_file_in(source, plan.model.name) is None
    recorded = read_judgments(source, plan) if judged_alone else read_answers(source, plan)
    return _named(plan, recorded.model), recorded


def _named(plan: Plan, model: str) -> Plan:
    return replace(plan, answers_of="" if model == plan.model.name else model)
