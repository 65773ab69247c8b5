"""People's own votes or ratings -> what `gate[people]` says.  Decides, and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .agreement_gate import PEOPLE
from .gates import GateResult, Status, verdict_on
from .rounding import beside
from .shares import Mean, Share


@dataclass(frozen=True)
class PeopleBar:
    """What the model under test must reach with people.

    Args:
        minimum: a win rate, 0-1, or a mean rating, 1-10.
        kind: which of both.
        rule: `mean` compares the mean, `confident` the 95 % interval.
    """

    minimum: float
    kind: Literal["win rate", "mean"]
    rule: Literal["mean", "confident"] = "mean"


class OfPeople(NamedTuple):
    """What people say of a model.

    Args:
        against: the model that it is compared with; empty for ratings.
        figure: the win rate or the mean rating; None where nobody says anything.
        n: votes or ratings; `people`: who gave them.
    """

    against: str
    figure: Share | Mean | None
    n: int
    people: int


_Decided = tuple[OfPeople, Status, str]


def people_result(bar: PeopleBar, said: list[OfPeople], gate_id: str) -> GateResult:
    """What `gate[people]` says; a win rate must hold against all other models."""
    decided = [(one, *_decide(bar, one)) for one in said or [OfPeople("", None, 0, 0)]]
    worst, status, _ = min(decided, key=_badness)
    message = f"{PEOPLE}: " + "; ".join(message for _, _, message in decided)
    details = {"against": list(_rows(decided))} if len(said) > 1 else {}
    value, low, high = (worst.figure.value, worst.figure.low, worst.figure.high) if worst.figure else (None, None, None)
    return GateResult(gate_id, status, value, bar.minimum, message, PEOPLE, low, high, worst.n, 0, details)


def _badness(row: _Decided) -> tuple[int, float]:
    """The worst first: by what was decided, then by the figure."""
    said, status, _ = row
    return ("failed", "inconclusive", "passed").index(status), said.figure.value if said.figure else -1.0


def _decide(bar: PeopleBar, said: OfPeople) -> tuple[Status, str]:
    against = f" against {said.against}" if said.against else ""
    figure = said.figure
    if figure is None:
        return "failed", f"nobody has said anything{against or ' of these answers'}"
    kind = "votes" if bar.kind == "win rate" else "ratings"
    of = f"{bar.kind}{against} {beside(figure.value, bar.minimum)} by people"
    made_of = f"({said.n:,} {kind} of {said.people} {'person' if said.people == 1 else 'people'})"
    status = verdict_on(bar.rule, bar.minimum, figure.value, figure.low, figure.high)
    return status, f"{of}{_why(bar, figure, status, kind)} {made_of}"


def _why(bar: PeopleBar, figure: Share | Mean, status: Status, kind: str) -> str:
    """Figure, bounds and threshold, as the rule holds them against each other."""
    threshold, bounds = f"the threshold {bar.minimum:g}", ""
    if figure.low is not None and figure.high is not None:
        bounds = f", 95 % interval {beside(figure.low, bar.minimum)}-{beside(figure.high, bar.minimum)}"
    if bar.rule == "mean":
        return f" {'reaches' if status == 'passed' else 'is below'} {threshold}{bounds}"
    if not bounds:
        return ": too few questions for an interval, so rule `confident` cannot decide"
    if status == "inconclusive":
        return f"{bounds} holds {threshold}, so rule `confident` cannot tell; more {kind} narrow it"
    return f"{bounds} is {'above' if status == 'passed' else 'below'} {threshold}"


def _rows(decided: list[_Decided]) -> Iterator[dict[str, object]]:
    for one, status, _ in decided:
        figure = one.figure.as_json() if one.figure else {"value": None, "low": None, "high": None}
        yield {"name": one.against, "status": status, **figure}
