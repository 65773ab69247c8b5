"""Everything that a report of one suite is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..domain.result import TurnResult
from ..domain.tally import Tally
from ..engine.plan import Plan
from ..scores.agreement_gate import AgreementRule
from ..scores.biases import Biases
from ..scores.gates import GateResult, GateSpec
from ..scores.people import PeopleOutcome
from ..scores.regression_gate import RegressionOutcome, RegressionSpec
from ..scores.scorecard import Scorecard


@dataclass(frozen=True)
class Ending:
    """What a run came to.

    Args:
        exit_status: pytest's.
        reason: why it was aborted, or what is wrong that no item tells.
    """

    status: Literal["passed", "failed", "aborted"] = "passed"
    exit_status: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class RunReport:
    """One run of one suite.

    Args:
        specs: the gates that the suite asks for, whether they ran or not.
        gates: what those that ran decided.
        started: seconds since the epoch; `seconds`: how long it took.
        ids: node ids of the turns, by question id and turn.
        shown_id: a node id as the terminal shows it: relative to where pytest was started.
        remarks: lines for the summary about how the run was made.
        against: the scores against each of the other models, in pairwise mode.
        ending: what the run came to, as a whole.
        answered_by: who answered for the model under test.
        people: what people say beside the judge, where anybody did; `people_rule`: what the judge must reach.
        biases: what the judge's verdicts depend on beside the answers.
        is_audition: there is no model under test; `compared`: what the judge said of the answers in the files;
            `models`: whose they are, first the one whose win it is, by the suite in the key of a result.
        floor: the least score of a single turn by category, or under `default`.
        regression, outcome: what the gate against a baseline asks, and what the results say of it.
    """

    plan: Plan
    card: Scorecard
    specs: tuple[GateSpec, ...]
    gates: tuple[GateResult, ...]
    tally: Tally
    started: float
    seconds: float
    ids: Mapping[tuple[object, int], str] = field(default_factory=dict)
    shown_id: Callable[[str], str] = str
    remarks: tuple[str, ...] = ()
    against: Mapping[str, Scorecard] = field(default_factory=dict)
    regression: RegressionSpec | None = None
    outcome: RegressionOutcome | None = None
    ending: Ending = Ending()
    answered_by: str = ""
    people: PeopleOutcome | None = None
    people_rule: AgreementRule | None = None
    biases: Biases = field(default_factory=Biases)
    compared: tuple[TurnResult, ...] = ()
    models: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_audition: bool = False
    floor: Mapping[str, float] = field(default_factory=dict)

    def id_of(self, result: TurnResult) -> str:
        """The node id of a turn, as a person can paste it back."""
        return self.shown_id(self.ids[result.place])

    def is_below_floor(self, result: TurnResult) -> bool:
        """Whether a turn's score is so low that its item fails."""
        floor = self.floor.get(result.category, self.floor.get("default"))
        return floor is not None and result.score is not None and result.score < floor

    @property
    def cost(self) -> float | None:
        """USD for the requests of this run, or None where a price is missing."""
        return self.plan.cost(self.tally)

    def cost_of_judging(self) -> dict[str, float | None]:
        """USD for each judge's judgments, by its name, or None where its price is missing."""
        return self.plan.cost_of_judging(self.tally)

    @property
    def whole_original(self) -> bool:
        """Whether the scores may stand beside published ones: every turn of the original set is rated."""
        plan = self.plan
        whole = len(plan.selected) == len(plan.questions.questions)
        return plan.questions.original and whole and self.card.overall.complete and not self.card.overall.unscored
