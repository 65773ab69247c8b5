"""The nodes that hold the items of a suite: its file, or the built-in suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ..scores.agreement_gate import AGREEMENT, PEOPLE
from ..scores.gates import GateSpec
from ..scores.regression_gate import JUDGE, REGRESSION
from ..suite.resolved import ResolvedSuite
from .baseline_items import JudgeItem, RegressionItem
from .gate_items import GateItem
from .names import comparison_item_name, gate_item_name, turn_item_name
from .needs import FIXTURE
from .options import VIRTUAL
from .people_items import ComparisonItem, PeopleItem
from .registry import AddedSuite
from .turn_items import TurnItem


class SuiteFileNode(pytest.File):
    """A suite file as a test file.

    Args:
        suite: None for one that does not run; pytest makes nodes of a named file's neighbours too.
        unless_used: it has no items where a test collected before it uses `mtbench_turn`.
    """

    def __init__(self, *, suite: ResolvedSuite | None, unless_used: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._suite = suite
        self._unless_used = unless_used

    def collect(self) -> Iterator[pytest.Item]:
        """Its turns, then its gates."""
        if self._suite is None:
            raise self.CollectError(
                f"{self.path}: found only after the run had begun; name this suite file on the command line"
            )
        if not (self._unless_used and _uses_turns(self.session)):
            yield from _suite_items(self, self._suite)


class VirtualSuiteNode(pytest.Collector):
    """The built-in suite, where there is no file: node id `mtbench`.

    Not a `pytest.File`: `--lf` passes over files that do not exist.

    Args:
        names: those of its items, or of groups of them, that the command line asks for; all where there are none.
    """

    def __init__(self, *, suite: ResolvedSuite, names: Sequence[str], unless_used: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._suite = suite
        self._names = names
        self._unless_used = unless_used

    def collect(self) -> Iterator[pytest.Item]:
        """Its turns and gates, or those that the command line names."""
        if self._unless_used and _uses_turns(self.session):
            return
        for item in _suite_items(self, self._suite):
            if not self._names or not {item.name, item.name.partition("[")[0]}.isdisjoint(self._names):
                yield item


def suite_file_node(
    parent: pytest.Collector, path: Path, suite: ResolvedSuite | None, *, unless_used: bool = False
) -> SuiteFileNode:
    """The node of a suite file; see `SuiteFileNode`."""
    # pytest would give the same id, but to a file outside of the rootdir an empty one, which cannot be pasted back.
    node_id = None if suite is None else suite.id
    node: SuiteFileNode = SuiteFileNode.from_parent(
        parent, path=path, nodeid=node_id, suite=suite, unless_used=unless_used
    )
    return node


def added_node(session: pytest.Session, added: AddedSuite) -> pytest.Collector:
    """The node of a suite that pytest does not find by itself."""
    suite = added.suite
    if suite.path is None:
        virtual: VirtualSuiteNode = VirtualSuiteNode.from_parent(
            session, name=VIRTUAL, nodeid=VIRTUAL, suite=suite, names=added.names, unless_used=added.unless_used
        )
        return virtual
    return suite_file_node(session, suite.path, suite, unless_used=added.unless_used)


def _uses_turns(session: pytest.Session) -> bool:
    """Whether a test that is collected already uses `mtbench_turn`."""
    return any(FIXTURE in getattr(item, "fixturenames", ()) for item in session.items)


def _suite_items(parent: pytest.Collector, suite: ResolvedSuite) -> Iterator[pytest.Item]:
    """The items of a suite: every turn in the order of the set, then the gates."""
    for question in suite.plan.selected:
        for turn in question.turn_numbers:
            named = _named(parent, turn_item_name(question, turn))
            yield TurnItem.from_parent(parent, **named, suite=suite, question=question, turn=turn)
    for bout in suite.bouts:
        for key in bout.keys:
            named = _named(parent, comparison_item_name(bout, key))
            yield ComparisonItem.from_parent(parent, **named, suite=suite, bout=bout, key=key)
    for spec in suite.gates:
        yield _gate_item(parent, suite, spec)


def _gate_item(parent: pytest.Collector, suite: ResolvedSuite, spec: GateSpec) -> pytest.Item:
    named = _named(parent, gate_item_name(spec.name))
    against_baseline = {REGRESSION: RegressionItem, JUDGE: JudgeItem}.get(spec.kind)
    if against_baseline is not None:
        other: pytest.Item = against_baseline.from_parent(parent, **named, suite=suite, regression=suite.regression)
        return other
    if spec.kind in (AGREEMENT, PEOPLE):
        people: pytest.Item = PeopleItem.from_parent(parent, **named, suite=suite, people=suite.people, spec=spec)
        return people
    item: pytest.Item = GateItem.from_parent(parent, **named, suite=suite, spec=spec)
    return item


def _named(parent: pytest.Collector, name: str) -> dict[str, str]:
    # The id is given as well: pytest 9.2 keeps the part in brackets apart, which it finds only in a parsed id, and
    # --lf would not know an item again whose id was built from its name.
    return {"name": name, "nodeid": f"{parent.nodeid}::{name}"}
