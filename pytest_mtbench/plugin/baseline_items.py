"""The gates against a baseline, and the looks that every gate of the suite waits for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..domain.result import TurnKey, TurnResult
from ..scores.gates import GateResult
from ..scores.regression_gate import (
    JUDGE,
    RegressionOutcome,
    RegressionSpec,
    judge_result,
    judge_shift,
    outcome_of,
    regression_result,
)
from ..untrusted.text import one_line
from .turn_items import GATE_PROPERTY, measured, place, runner_key

if TYPE_CHECKING:
    from ..suite.resolve import SuiteRun

_outcomes_key = pytest.StashKey[dict[str, tuple[RegressionOutcome, int]]]()
"""What the looks of each suite came to, and the candidate's runs at the last one."""


class _BaselineItem(pytest.Item):
    """A gate against a baseline."""

    def __init__(self, *, run: SuiteRun, spec: RegressionSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.regression = spec
        self.add_marker(pytest.mark.mtbench_gate)
        self.add_marker(pytest.mark.mtbench)

    def report(self, result: GateResult) -> None:
        """Passes a result on, and fails or skips as it says."""
        self.user_properties.append((GATE_PROPERTY, json.dumps(result.as_json())))
        if result.status == "failed":
            pytest.fail(one_line(result.message), pytrace=False)
        if result.status == "inconclusive":
            pytest.skip(one_line(result.message))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that the item stands."""
        return place(self)


class RegressionItem(_BaselineItem):
    """`gate[regression]`: whether the model got worse than the baseline's."""

    @property
    def keys(self) -> list[TurnKey]:
        """Every turn that it needs at its first look, and what is judged again."""
        return [*self.run.plan.turns(), *self.regression.sentinel_keys]

    def setup(self) -> None:
        """Answers and judges until a look decides."""
        if not self.config.getoption("setupplan"):
            looked(self, self.run)

    def runtest(self) -> None:
        """Fails where the model got worse, or where that cannot be told and `on_inconclusive` says so."""
        outcome = looked(self, self.run)
        result = regression_result(self.regression, outcome, self.nodeid)
        # Whoever leaves gate[judge] out must not be let through by a judge that moved.
        if result.status == "inconclusive" and not _selected(self.session, self.run, JudgeItem):
            result = replace(result, status="failed")
        self.report(result)


class JudgeItem(_BaselineItem):
    """`gate[judge]`: whether the judge still rates the baseline's answers as it did."""

    @property
    def keys(self) -> list[TurnKey]:
        """The turns that are judged again."""
        return list(self.regression.sentinel_keys)

    def setup(self) -> None:
        """Waits for every judgment."""
        if not self.config.getoption("setupplan"):
            self.results = [measured(self, key) for key in self.keys]

    def runtest(self) -> None:
        """Fails where the judge moved."""
        self.report(judge_result(judge_shift(self.regression.baseline.judged, self.results), self.nodeid))


def looked(item: pytest.Item, run: SuiteRun) -> RegressionOutcome:
    """What the looks at a suite's baseline come to; once a process."""
    return _looked(item, run)[0]


def runs_for_gates(item: pytest.Item, run: SuiteRun) -> int:
    """How many runs the thresholds of a suite are decided on.

    Where the regression gate runs too, its last look's: the table, the thresholds and the comparison are of the same
    answers then, whichever item is first and in whichever process.
    """
    if run.regression is None or not _selected(item.session, run, RegressionItem):
        return run.plan.runs
    return _looked(item, run)[1]


def _looked(item: pytest.Item, run: SuiteRun) -> tuple[RegressionOutcome, int]:
    known = item.config.stash.setdefault(_outcomes_key, {})
    if run.plan.key not in known:
        known[run.plan.key] = _look(item, run)
    return known[run.plan.key]


def _look(item: pytest.Item, run: SuiteRun) -> tuple[RegressionOutcome, int]:
    spec = run.regression
    if spec is None:
        raise RuntimeError("a suite without a baseline has no looks")
    runner = item.config.stash[runner_key]
    runner.want(spec.sentinel_keys)
    again = [measured(item, key) for key in spec.sentinel_keys]
    turns = run.plan.turns()
    for number, runs in enumerate(spec.rule.looks, start=1):
        runner.want(turns, runs)
        results: Sequence[TurnResult] = [measured(item, key, runs) for key in turns]
        outcome = outcome_of(spec, run.plan, [*results, *again])
        if outcome.blind or len(outcome.looks) < number or outcome.last.verdict != "inconclusive":
            break
    return outcome, runs


def _selected(session: pytest.Session, run: SuiteRun, kind: type[_BaselineItem]) -> bool:
    return any(isinstance(item, kind) and item.run.plan.key == run.plan.key for item in session.items)


def baseline_item(parent: pytest.Collector, run: SuiteRun, kind: str, named: dict[str, str]) -> pytest.Item:
    """The item of a gate against the suite's baseline."""
    cls = JudgeItem if kind == JUDGE else RegressionItem
    item: pytest.Item = cls.from_parent(parent, **named, run=run, spec=run.regression)
    return item
