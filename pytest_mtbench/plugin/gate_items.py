"""The items that decide thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ..domain.result import TurnKey, TurnResult
from ..scores.gates import GateSpec, decide, decide_pairwise
from ..scores.scorecard import scorecard
from ..suite.resolved import ResolvedSuite
from .baseline_items import runs_for_gates
from .item import GateItemBase, SuiteItem, measured
from .names import marker_name
from .options import plans_only


class GateItem(GateItemBase):
    """One threshold on the score of a category, a turn or the whole."""

    def __init__(self, *, suite: ResolvedSuite, spec: GateSpec, **kwargs: Any) -> None:
        super().__init__(suite=suite, keys=list(_turns_of(suite, spec)), **kwargs)
        self._spec = spec
        self._results: list[TurnResult] = []
        self._played: list[TurnResult] = []
        narrowed: dict[str, Any] = {}
        if spec.kind == "category":
            narrowed["category"] = spec.category
            self.add_marker(getattr(pytest.mark, marker_name(spec.category)))
        elif spec.kind == "turn":
            narrowed["turn"] = spec.turn
            self.add_marker(getattr(pytest.mark, spec.name))
        self.add_marker(pytest.mark.mtbench(**narrowed))

    def setup(self) -> None:
        """Waits for every turn of the gate's set, whether its items were selected or not."""
        if not plans_only(self.config):
            runs = runs_for_gates(self, self.suite)
            self._results = [measured(self, key, runs) for key in self.keys]
            if self.suite.opponents:
                # The judge's agreement with itself is that of all that is played, in whichever process this is.
                others = dict.fromkeys(key for item in self.session.items for key in _keys_of(item, self.suite))
                self._played = [measured(self, key) for key in others]

    def runtest(self) -> None:
        """Fails, passes, or is skipped where rule `confident` cannot tell."""
        selected = self.suite.plan.selected
        if self.suite.opponents:
            self.tell(decide_pairwise(self._spec, selected, self._results, self.nodeid, self._played))
        else:
            self.tell(decide(self._spec, scorecard(selected, self._results), self.nodeid))


def _keys_of(item: pytest.Item, suite: ResolvedSuite) -> Sequence[TurnKey]:
    """The turns of a suite that another item needs."""
    return item.keys if isinstance(item, SuiteItem) and item.suite.id == suite.id else ()


def _turns_of(suite: ResolvedSuite, spec: GateSpec) -> Iterator[TurnKey]:
    """The turns that a gate's score is of."""
    for question in suite.plan.selected:
        for turn in question.turn_numbers:
            other_turn = spec.kind == "turn" and turn != spec.turn
            other_category = spec.kind == "category" and question.category != spec.category
            if not other_turn and not other_category:
                yield TurnKey(suite.id, question.id, turn)
