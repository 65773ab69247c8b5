"""People's own votes or ratings -> what `gate[people]` says.  Decides, and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .agreement_gate import PEOPLE
from .gates import GateResult, Status
from .rounding import ROUNDING, beside
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
    of = f"{bar.kind}{against} {beside(figure.value, bar.minimum)} by people"
    kind = "votes" if bar.kind == "win rate" else "ratings"
    made_of = f"({said.n:,} {kind} of {said.people} {'person' if said.people == 1 else 'people'})"
    bounds = "" if figure.low is None else f", 95 % interval {figure.low:.2f}-{figure.high:.2f}"
    if bar.rule == "mean":
        below = figure.value < bar.minimum - ROUNDING
        verb = "is below" if below else "reaches"
        return "failed" if below else "passed", f"{of} {verb} the threshold {bar.minimum:g}{bounds} {made_of}"
    if figure.low is None or figure.high is None:
        return "inconclusive", f"{of}: too few questions for an interval, so rule `confident` cannot decide {made_of}"
    if figure.low >= bar.minimum:
        return "passed", f"{of}{bounds} is above the threshold {bar.minimum:g} {made_of}"
    if figure.high < bar.minimum:
        return "failed", f"{of}{bounds} is below the threshold {bar.minimum:g} {made_of}"
    return "inconclusive", (
        f"{of}{bounds} holds the threshold {bar.minimum:g}, so rule `confident` cannot tell; more {kind} narrow it "
        f"{made_of}"
    )


def _rows(decided: list[_Decided]) -> Iterator[dict[str, object]]:
    for one, status, _ in decided:
        figure = one.figure.as_json() if one.figure else {"value": None, "low": None, "high": None}
        yield {"name": one.against, "status": status, **figure}
