"""A suite, resolved: what every other part of a run is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..domain.result import TurnKey
from ..engine.plan import Plan
from ..files.recorded import Recorded
from ..scores.gates import GateSpec
from ..scores.people import PeopleSpec
from ..scores.regression_gate import RegressionSpec
from .audition import Bout
from .opponents import Opponent


@dataclass(frozen=True)
class ResolvedSuite:
    """One suite, resolved.

    Args:
        gates: the thresholds as gates, in the order of the table; none where a part of the questions is asked.
        thresholds: what the gates would be if all were asked.
        floor: the least score of a single turn by category.
        header: label, value and source of what is not a default.
        path: the suite file, or None for the built-in suite.
        regression: what the gate against a baseline asks, where there is one.
        opponents: the models that answers are compared with, in pairwise mode.
        recorded: the answers and judgments that exist already.
        people: what people said of the answers, where anybody did.
        sheet: how many answers a rating sheet has, and the seed that draws them.
        names_endpoint: somebody said where the model under test is asked, and it is not only the usual place.
        is_audition: there is no model under test; the judge is tried on `bouts`: answers that people compared.
    """

    plan: Plan
    gates: tuple[GateSpec, ...]
    floor: Mapping[str, float]
    header: tuple[tuple[str, str, str], ...]
    path: Path | None = None
    remarks: tuple[str, ...] = ()
    regression: RegressionSpec | None = None
    opponents: tuple[Opponent, ...] = ()
    recorded: Recorded | None = field(default=None, repr=False)
    thresholds: tuple[GateSpec, ...] = ()
    people: PeopleSpec | None = None
    sheet: tuple[int, int] = (80, 0)
    bouts: tuple[Bout, ...] = ()
    is_audition: bool = False
    names_endpoint: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        """What is taken from files and what is left, a line of the header a kind."""
        against = [f"answers of {other.who.label}: {other.said_source}" for other in self.opponents if other.source]
        people = [self.people.shown] if self.people else []
        return (self.plan.questions.files, *([self.recorded.shown] if self.recorded else []), *against, *people)

    @property
    def id(self) -> str:
        """Its node id."""
        return self.plan.key

    @property
    def keys(self) -> tuple[TurnKey, ...]:
        """Every turn that it measures, in order."""
        return (*self.plan.turns(), *(key for bout in self.bouts for key in bout.keys))

    @property
    def gate_order(self) -> list[str]:
        """The names of its gates in the order of the table."""
        return [spec.name for spec in self.gates]
