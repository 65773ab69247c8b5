"""What a judge and people say of the same answers, in the figures and the words of a gate.  Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .agreement import Agreement
from .order import OrderAgreement
from .shares import Share
from .skill import Skill

_MUCH_ALIKE = 0.02


class Evidence(NamedTuple):
    """What a judge and people say of the same answers, in figures and in words.

    Args:
        agreement: how far they agree; `failing`: the same beside one who never reads.
        skill: None where it cannot be told; `shared`: whether two persons or more said something of one answer.
        share: the agreement without ties, of votes.
        made_of: what the figures are of, and `n` of them.
    """

    agreement: str
    failing: str
    skill: Skill | None
    shared: bool
    share: Share | None
    made_of: str
    n: int
    kind: Literal["votes", "ratings"] = "votes"


def evidence_of_votes(agreement: Agreement) -> Evidence:
    """Votes beside verdicts."""
    people = len(agreement.ballots.raters)
    return Evidence(
        agreement=_agreement(agreement),
        failing=_beside_names_only(agreement),
        skill=agreement.skill,
        shared=agreement.shared.people.half is not None,
        share=agreement.everything.judge.s2,
        made_of=f"{agreement.votes:,} votes of {_persons(people)}, {agreement.questions} questions",
        n=agreement.votes,
    )


def evidence_of_ratings(found: OrderAgreement) -> Evidence:
    """Ratings beside scores."""
    alike = "none" if found.alike is None else percent(found.alike)
    said = f"orders answers as people do in {alike} of pairs"
    people = "" if found.people is None else f", people as each other in {percent(found.people)}"
    return Evidence(
        agreement=said + people,
        failing=said,
        skill=found.skill,
        shared=any(len(given) > 1 for given in found.ratings.values()),
        share=None,
        made_of=f"{found.count:,} ratings of {_persons(len(found.raters))}, {found.questions} questions",
        n=found.count,
        kind="ratings",
    )


def _agreement(agreement: Agreement) -> str:
    """How far the judge and people agree, in words."""
    judge, people = agreement.everything.judge.s2, agreement.everything.people.s2
    said = f"agrees with people in {in_percent(judge)} of votes without ties"
    return f"{said}, people with each other in {in_percent(people)}"


def _beside_names_only(agreement: Agreement) -> str:
    """The judge beside one who never reads."""
    judge, blind = agreement.everything.judge.s2, agreement.names_only.s2
    said = f"agrees with people in {in_percent(judge)} of votes without ties"
    if judge is None or blind is None:
        return said
    if abs(blind.value - judge.value) <= _MUCH_ALIKE:
        return f"{said}, and so does one who knows only which model is better"
    return f"{said}, one who knows only which model is better in {in_percent(blind)}"


def _persons(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"


def in_percent(share: Share | None) -> str:
    return "none" if share is None else percent(share.value)


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
