"""People beside the judge, as the JSON report has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..scores.agreement import Agreement, Measures, Sides, below_people
from ..scores.order import OrderAgreement
from ..scores.people import PeopleOutcome
from ..scores.shares import Share
from ..scores.skill import Skill


def people_as_json(outcome: PeopleOutcome) -> dict[str, Any]:
    """Plain JSON values."""
    said = {} if outcome.agreement is None else _of_votes(outcome.agreement)
    said |= {} if outcome.order is None else _of_ratings(outcome.order)
    return said | {"stale": outcome.stale, "shift": [shift.as_json() for shift in outcome.shifts]}


def _of_votes(agreement: Agreement) -> dict[str, Any]:
    shared, blind, least = agreement.ballots.shared(), agreement.names_only, agreement.least
    return {
        "votes": agreement.votes,
        "voters": len(agreement.ballots.raters),
        "comparisons": len(agreement.ballots.votes),
        "questions": agreement.questions,
        "unjudged": agreement.unjudged,
        "flipped": agreement.flipped,
        **_sides(agreement.everything),
        "shared": _sides(agreement.shared) | {"votes": shared.count, "comparisons": len(shared.votes)},
        "turns": {str(turn): _sides(sides) for turn, sides in agreement.turns.items()},
        "categories": {name: _sides(sides) for name, sides in agreement.categories.items()},
        "below_people": list(below_people(agreement)),
        "skill": _skill(agreement.skill),
        "names_only": {
            "S2": blind.s2.value if blind.s2 else None,
            "ratio": blind.skill.ratio if blind.skill else None,
        },
        "least": None if least is None else {"voter": least.name, "half": least.half, "n": least.couples},
    }


def _of_ratings(order: OrderAgreement) -> dict[str, Any]:
    return {
        "ratings": order.count,
        "voters": len(order.raters),
        "answers": len(order.ratings),
        "questions": order.questions,
        "unjudged": order.unjudged,
        "order": {"judge": order.alike, "people": order.people},
        "skill": _skill(order.skill),
        "spread": order.spread,
    }


def _skill(skill: Skill | None) -> dict[str, Any] | None:
    if skill is None:
        return None
    low, high = skill.bounds or (None, None)
    return {
        "judge": skill.judge.value,
        "people": skill.people.value,
        "ratio": skill.ratio,
        "low": low,
        "high": high,
        "votes": skill.votes,
        "questions": skill.questions,
    }


def _sides(sides: Sides) -> dict[str, Any]:
    return {
        name: {"judge": _share(judge), "people": _share(people)}
        for (name, judge), (_, people) in zip(_measures(sides.judge), _measures(sides.people), strict=True)
    }


def _measures(measures: Measures) -> Iterator[tuple[str, Share | None]]:
    yield from (("S1", measures.s1), ("S2", measures.s2), ("half", measures.half))


def _share(share: Share | None) -> dict[str, Any] | None:
    return None if share is None else share.as_json()
