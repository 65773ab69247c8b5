"""What the summary says of people beside the judge."""

from __future__ import annotations

from collections.abc import Iterator

from ..scores.agreement import Agreement, Measures, Sides, below_people
from ..scores.agreement_gate import AGREEMENT, PEOPLE, warnings
from ..scores.order import OrderAgreement
from ..scores.shares import Share
from ..scores.shift import Shift
from ..scores.skill import Skill
from ..untrusted.text import one_line
from .line import pieced, style_of
from .run_report import RunReport

PEOPLE_GATES = (AGREEMENT, PEOPLE)
_MOST_SHIFTS = 3


def people_lines(report: RunReport) -> Iterator[str]:
    """Votes, agreement, skill, and where judge and people differ; not yet wrapped."""
    outcome = report.people
    if outcome is None:
        return
    if outcome.agreement is not None:
        yield _votes(outcome.agreement, outcome.stale)
        yield from _of_votes(outcome.agreement)
    if outcome.order is not None:
        yield from _of_ratings(outcome.order, outcome.stale)
    yield from (_shift(shift) for shift in _largest(outcome.shifts))
    yield from _gates(report)
    if report.people_rule is not None and outcome.agreement is not None:
        yield from warnings(report.people_rule, outcome.agreement)
    yield from _rests_on_it(report, outcome.skill)


def _of_votes(agreement: Agreement) -> Iterator[str]:
    if not agreement.votes:
        return
    yield f"judge with people: {_measures(agreement.everything.judge)}"
    if agreement.everything.people.half:
        yield f"people with each other: {_measures(agreement.everything.people)}"
        yield f"where two or more voted: judge {_measures(agreement.shared.judge)}"
    for turn, sides in agreement.turns.items() if len(agreement.turns) > 1 else ():
        yield f"turn {turn}: {_both(sides)}"
    below = below_people(agreement)
    if below:
        said = ", ".join(f"{one_line(name)} ({_both(agreement.categories[name])})" for name in below)
        yield f"below people in: {said}"
    if agreement.least is not None:
        voter = agreement.least
        yield (
            f"least at one with the others: {one_line(voter.name)}, {100 * voter.half:.0f} % "
            f"({voter.couples} votes of others on the same, a tie half)"
        )
    blind = agreement.names_only.s2
    if blind is not None:
        yield f"one who never reads and names the better model agrees in {_share(blind)} of votes without ties"


def _of_ratings(order: OrderAgreement, stale: int) -> Iterator[str]:
    yield (
        f"people: {order.count:,} ratings of {len(order.raters)} on {len(order.ratings):,} answers"
        + _left(stale, order.unjudged, "answers without a score")
    )
    if order.alike is not None:
        people = "" if order.people is None else f", people as each other in {100 * order.people:.0f} %"
        yield f"the judge orders answers as people do in {100 * order.alike:.0f} % of pairs{people}"
    if order.spread is not None:
        yield f"scores beside people's mean ratings: ICC(A,1) {order.spread:.2f}, 1 where they are equal"


def _votes(agreement: Agreement, stale: int) -> str:
    text = f"people: {agreement.votes:,} votes of {len(agreement.ballots.raters)}"
    text += f" on {len(agreement.ballots.votes):,} comparisons"
    return text + _left(stale, agreement.unjudged, "comparisons without a verdict")


def _left(stale: int, unjudged: int, without: str) -> str:
    text = f"; {stale} stale, on answers that this run does not have" if stale else ""
    return text + (f"; {unjudged} on {without}" if unjudged else "")


def _measures(measures: Measures) -> str:
    return f"{_bounded(measures.s1)} with ties, {_bounded(measures.s2)} without"


def _both(sides: Sides) -> str:
    return f"judge {_share(sides.judge.s2)}, people {_share(sides.people.s2)}"


def _bounded(share: Share | None) -> str:
    if share is None or share.low is None or share.high is None:
        return _share(share)
    return f"{_share(share)} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def _share(share: Share | None) -> str:
    return "none" if share is None else f"{100 * share.value:.0f} %"


def _largest(shifts: list[Shift]) -> list[Shift]:
    """Those where judge and people differ most."""
    return sorted(shifts, key=lambda shift: -abs(shift.difference.value))[:_MOST_SHIFTS]


def _shift(shift: Shift) -> str:
    low, high = shift.difference.low, shift.difference.high
    bounds = "" if low is None or high is None else f" [{low:+.2f}, {high:+.2f}]"
    against = f" against {one_line(shift.two)}: win rate" if shift.two else ": mean"
    return (
        f"{one_line(shift.one)}{against} {shift.people:.2f} by people, {shift.judge:.2f} by the judge, "
        f"{shift.difference.value:+.2f}{bounds} ({shift.votes} votes)"
    )


def _gates(report: RunReport) -> Iterator[str]:
    for gate in report.gates:
        if gate.name in PEOPLE_GATES:
            said = gate.message.removeprefix(f"{gate.name}: ").removeprefix(f"{gate.status}: ")
            yield pieced(
                (f"{report.shown_id(gate.id)} ", None), (gate.status, style_of(gate.status)), (f": {said}", None)
            )


def _rests_on_it(report: RunReport, skill: Skill | None) -> Iterator[str]:
    """A warning where gates rest on a judge that is worth less than half a person."""
    ratio = skill.ratio if skill else None
    others = [gate.name for gate in report.gates if gate.name not in PEOPLE_GATES]
    if ratio is not None and ratio < 0.5 and others:
        yield (
            f"warning: {', '.join(f'gate[{one_line(name)}]' for name in others)} rest on a judge with {ratio:.2f} of a "
            "person's skill; below 0.5 a real difference looks half as large"
        )
