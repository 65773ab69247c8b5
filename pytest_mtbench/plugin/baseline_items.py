"""The gates against a baseline, and the looks that every gate of the suite waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ..domain.result import TurnResult
from ..scores.regression_gate import (
    RegressionOutcome,
    RegressionSpec,
    judge_result,
    judge_shift,
    outcome_of,
    regression_result,
)
from ..suite.resolved import ResolvedSuite
from .item import GateItemBase, measured, want
from .options import plans_only

_looks_key = pytest.StashKey[dict[str, tuple[RegressionOutcome, int]]]()
"""What the looks of each suite came to, and the candidate's runs at the last one."""


class RegressionItem(GateItemBase):
    """`gate[regression]`: whether the model got worse than the baseline's.

    Args:
        regression: what it asks; its keys are those of the first look, and what is judged again.
    """

    def __init__(self, *, suite: ResolvedSuite, regression: RegressionSpec, **kwargs: Any) -> None:
        super().__init__(suite=suite, keys=[*suite.plan.turns(), *regression.sentinel_keys], **kwargs)
        self._regression = regression
        self.add_marker(pytest.mark.mtbench)

    def setup(self) -> None:
        """Answers and judges until a look decides."""
        if not plans_only(self.config):
            decided_looks(self, self.suite)

    def runtest(self) -> None:
        """Fails where the model got worse, or where that cannot be told and `on_inconclusive` says so."""
        outcome, _ = decided_looks(self, self.suite)
        result = regression_result(self._regression, outcome, self.nodeid)
        # Whoever leaves gate[judge] out must not be let through by a judge that moved.
        if result.status == "inconclusive" and not _is_selected(self.session, self.suite, JudgeItem):
            result = replace(result, status="failed")
        self.tell(result)


class JudgeItem(GateItemBase):
    """`gate[judge]`: whether the judge still rates the baseline's answers as it did.

    Args:
        regression: says which turns are judged again.
    """

    def __init__(self, *, suite: ResolvedSuite, regression: RegressionSpec, **kwargs: Any) -> None:
        super().__init__(suite=suite, keys=regression.sentinel_keys, **kwargs)
        self._judged = regression.baseline.judged
        self._results: list[TurnResult] = []
        self.add_marker(pytest.mark.mtbench)

    def setup(self) -> None:
        """Waits for every judgment."""
        if not plans_only(self.config):
            self._results = [measured(self, key) for key in self.keys]

    def runtest(self) -> None:
        """Fails where the judge moved."""
        self.tell(judge_result(judge_shift(self._judged, self._results), self.nodeid))


def runs_for_gates(item: pytest.Item, suite: ResolvedSuite) -> int:
    """How many runs the thresholds of a suite are decided on.

    Where the regression gate runs too, its last look's: the table, the thresholds and the comparison are of the same
    answers then, whichever item is first and in whichever process.
    """
    if suite.regression is None or not _is_selected(item.session, suite, RegressionItem):
        return suite.plan.runs
    return decided_looks(item, suite)[1]


def decided_looks(item: pytest.Item, suite: ResolvedSuite) -> tuple[RegressionOutcome, int]:
    """What the looks at a suite's baseline come to, and the candidate's runs at the last one; once a process."""
    known = item.config.stash.setdefault(_looks_key, {})
    if suite.id not in known:
        known[suite.id] = _look_until_decided(item, suite)
    return known[suite.id]


def _look_until_decided(item: pytest.Item, suite: ResolvedSuite) -> tuple[RegressionOutcome, int]:
    spec = suite.regression
    if spec is None:
        raise RuntimeError("a suite without a baseline has no looks")
    want(item, spec.sentinel_keys)
    again = [measured(item, key) for key in spec.sentinel_keys]
    turns = suite.plan.turns()
    for runs in spec.rule.looks:
        want(item, turns, runs)
        results: Sequence[TurnResult] = [measured(item, key, runs) for key in turns]
        outcome = outcome_of(spec, suite.plan, [*results, *again])
        if outcome.decided:
            break
    return outcome, runs


def _is_selected(session: pytest.Session, suite: ResolvedSuite, kind: type[GateItemBase]) -> bool:
    return any(isinstance(item, kind) and item.suite.id == suite.id for item in session.items)
