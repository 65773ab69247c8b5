"""The items of a suite: its turns, its gates, and the nodes that hold them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..domain.errors import ConfigError
from ..domain.result import TurnResult
from ..scores.gates import GateSpec, decide, decide_pairwise
from ..scores.regression_gate import JUDGE, REGRESSION
from ..scores.scorecard import scorecard
from ..suite.resolve import SuiteRun
from ..untrusted.text import one_line
from .baseline_items import baseline_item, runs_for_gates
from .turn_items import GATE_PROPERTY, TurnItem, item_id, marker_name, measured, place, turn_item_name


class GateItem(pytest.Item):
    """One threshold on the score of a category, a turn or the whole."""

    def __init__(self, *, run: SuiteRun, spec: GateSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        turns = run.plan.turns()
        categories = {question.id: question.category for question in run.plan.selected}
        if spec.kind == "turn":
            turns = [key for key in turns if key.turn == spec.turn]
        elif spec.kind == "category":
            turns = [key for key in turns if categories[key.question_id] == spec.category]
        self.keys = turns
        self._run = run
        self._spec = spec
        self._results: list[TurnResult] = []
        self.add_marker(pytest.mark.mtbench_gate)
        narrowed: dict[str, Any] = {}
        if spec.kind == "category":
            narrowed["category"] = spec.category
            self.add_marker(getattr(pytest.mark, marker_name(spec.category)))
        elif spec.kind == "turn":
            narrowed["turn"] = spec.turn
        self.add_marker(pytest.mark.mtbench(**narrowed))

    def setup(self) -> None:
        """Waits for every turn of the gate's set, whether its items were selected or not."""
        if not self.config.getoption("setupplan"):
            runs = runs_for_gates(self, self._run)
            self._results = [measured(self, key, runs) for key in self.keys]

    def runtest(self) -> None:
        """Fails, passes, or is skipped where rule `confident` cannot tell."""
        selected = self._run.plan.selected
        if self._run.opponents:
            result = decide_pairwise(self._spec, selected, self._results, self.nodeid)
        else:
            result = decide(self._spec, scorecard(selected, self._results), self.nodeid)
        self.user_properties.append((GATE_PROPERTY, json.dumps(result.as_json())))
        message = one_line(result.message)
        if result.status == "failed":
            pytest.fail(message, pytrace=False)
        if result.status == "inconclusive":
            pytest.skip(f"inconclusive: {message}")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that the item stands."""
        return place(self)


class SuiteFileNode(pytest.File):
    """A suite file as a test file."""

    resolve: Callable[[], SuiteRun]

    def collect(self) -> Iterable[pytest.Item]:
        """Its turns, then its gates; only now is it read, since pytest makes nodes of a named file's neighbours too."""
        try:
            run = self.resolve()
        except ConfigError as error:
            raise self.CollectError(str(error)) from error
        return suite_items(self, run)


class VirtualSuiteNode(pytest.Collector):
    """The built-in suite, where there is no file: node id `mtbench`.

    Not a `pytest.File`: `--lf` passes over files that do not exist.
    """

    run: SuiteRun
    names: list[str]

    def collect(self) -> Iterator[pytest.Item]:
        """Its turns and gates, or those that the command line names."""
        for item in suite_items(self, self.run):
            if not self.names or any(name in (item.name, item.name.split("[")[0]) for name in self.names):
                yield item


def suite_items(parent: pytest.Collector, run: SuiteRun) -> list[pytest.Item]:
    """The items of a suite: every turn in the order of the set, then the gates."""
    turns = [
        TurnItem.from_parent(
            parent, **_named(parent, turn_item_name(question, turn)), run=run, question=question, turn=turn
        )
        for question in run.plan.selected
        for turn in range(1, len(question.turns) + 1)
    ]
    return [*turns, *(_gate_item(parent, run, spec) for spec in run.gates)]


def _gate_item(parent: pytest.Collector, run: SuiteRun, spec: GateSpec) -> pytest.Item:
    named = _named(parent, f"gate[{item_id(spec.name)}]")
    if spec.kind in (REGRESSION, JUDGE):
        return baseline_item(parent, run, spec.kind, named)
    item: pytest.Item = GateItem.from_parent(parent, **named, run=run, spec=spec)
    return item


def _named(parent: pytest.Collector, name: str) -> dict[str, str]:
    # The id is given as well: pytest 9.2 keeps the part in brackets apart, which it finds only in a parsed id, and
    # --lf would not know an item again whose id was built from its name.
    return {"name": name, "nodeid": f"{parent.nodeid}::{name}"}
