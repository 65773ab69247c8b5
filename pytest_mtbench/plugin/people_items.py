"""The gates on what people say, and the comparisons that put a judge to the test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from ..domain.result import TurnKey, TurnResult
from ..report.turn_texts import passed_text
from ..scores.agreement_gate import PEOPLE, agreement_result
from ..scores.gates import GateSpec
from ..scores.people import PeopleOutcome, PeopleSpec, outcome_of
from ..scores.people_gate import people_result
from ..scores.shown import Shown, baseline_label, shown_alone, shown_beside, shown_games
from ..suite.audition import Bout
from ..suite.resolved import ResolvedSuite
from .baseline_items import runs_for_gates
from .item import GateItemBase, SuiteItem, end_with, measured, show_texts
from .options import plans_only
from .turn_items import scored_turn, turn_marks


class ComparisonItem(SuiteItem):
    """Two models' answers that people compared, and the judge's verdict in both orders."""

    def __init__(self, *, suite: ResolvedSuite, bout: Bout, key: TurnKey, **kwargs: Any) -> None:
        super().__init__(suite=suite, keys=[key], **kwargs)
        self._question = bout.question(key)
        self._result: TurnResult | None = None
        for mark in turn_marks(self._question, key.turn):
            self.add_marker(mark)

    def setup(self) -> None:
        """Waits for both verdicts; a comparison without them is an error with its reason."""
        if not plans_only(self.config):
            self._result = scored_turn(self, self.suite, self.keys[0], self._question)

    def runtest(self) -> None:
        """Passes: what the judge is worth is told by all verdicts together."""
        if self._result is not None:
            show_texts(self, "call", passed_text(self.suite.plan.questions, self._question, self._result))


class PeopleItem(GateItemBase):
    """`gate[agreement]`: whether the judge judges as people do; `gate[people]`: whether people find the model good.

    Args:
        spec: which of both.
    """

    def __init__(self, *, suite: ResolvedSuite, people: PeopleSpec, spec: GateSpec, **kwargs: Any) -> None:
        super().__init__(suite=suite, keys=list(suite.keys), **kwargs)
        self._spec = spec
        self._people = people
        self._results: list[TurnResult] = []
        self.add_marker(pytest.mark.mtbench)

    def setup(self) -> None:
        """Waits for everything that people may have seen."""
        if not plans_only(self.config):
            runs = runs_for_gates(self, self.suite)
            self._results = [measured(self, key, runs) for key in self.keys]

    def runtest(self) -> None:
        """Fails where what is asked is not reached, and is skipped where that cannot be told."""
        outcome = people_outcome(self.suite, self._people, self._results)
        if outcome.is_stale:
            end_with(
                self,
                f"{self._people.files}: all {outcome.stale} rows are stale: none is on an answer of this run; the "
                "answers have changed, or the sheet is of another run (a new one: --mtbench-rate-sheet=sheet.csv)",
            )
        if self._spec.kind == PEOPLE and self._people.bar is not None:
            self.tell(people_result(self._people.bar, outcome.of_people(), self.nodeid))
        else:
            alone = judges_alone(self.suite, self._people, self._results)
            members = {name: one.evidence for name, one in alone.items()}
            self.tell(agreement_result(self._people.rule, outcome.evidence, self.nodeid, members))


def people_outcome(suite: ResolvedSuite, people: PeopleSpec, results: Iterable[TurnResult]) -> PeopleOutcome:
    """People beside the judge, as far as the results go."""
    model, others = "", [other.label for other in suite.plan.opponents]
    if not suite.is_audition:
        model = suite.plan.model.label
    if suite.regression is not None:
        others = [baseline_label(suite.plan, suite.regression.baseline)]
    return outcome_of(people, suite.plan.questions, shown_of(suite, results), model, others)


def judges_alone(suite: ResolvedSuite, people: PeopleSpec, results: Sequence[TurnResult]) -> dict[str, PeopleOutcome]:
    """People beside each judge of a jury; none where there is one judge, or a baseline that has the jury's scores."""
    if not suite.plan.jury or (suite.regression is not None and not people.ratings):
        return {}
    return {
        judge.label: people_outcome(suite, people, [result.of_judge(judge.label) for result in results])
        for judge in suite.plan.judges
    }


def shown_of(suite: ResolvedSuite, results: Iterable[TurnResult]) -> list[Shown]:
    """The answers of a suite as people are shown them."""
    own = list(results)
    if suite.is_audition:
        return [
            one
            for bout in suite.bouts
            for one in shown_games(bout.plan, [result for result in own if result.key.suite == bout.plan.key])
        ]
    own = [result for result in own if result.key.suite == suite.id]
    if suite.plan.opponents:
        return list(shown_games(suite.plan, own))
    baseline = suite.regression.baseline if suite.regression else None
    rated = suite.people is not None and bool(suite.people.ratings)
    if baseline is not None and baseline.answers and not rated:
        return list(shown_beside(suite.plan, own, baseline))
    return list(shown_alone(suite.plan, own))
