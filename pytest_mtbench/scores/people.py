"""What people say of a run's answers beside what its judge says.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..domain.question import QuestionSet
from ..domain.vote import Comparison, Vote
from ..files.people import ChoiceRow, RatingRow
from .agreement import Agreement, Measures, Sides, agreement_of, below_people
from .agreement_gate import AGREEMENT, AgreementRule
from .ballots import Ballots
from .gates import GateSpec
from .shares import Share
from .shift import Shift, shifts_of
from .shown import Shown


@dataclass(frozen=True)
class PeopleSpec:
    """What people said, as far as the files tell, and what the gates on it ask.

    Args:
        votes: those of rows that name the models.
        choices, ratings: those of sheets, which name what was shown by a hash.
        verdicts: the judge's own rows, where the files have them; `flipped`: of which another won in the other order.
        files: their names; `remarks`: what the summary must say of them.
    """

    rule: AgreementRule
    votes: tuple[Vote, ...] = ()
    choices: tuple[ChoiceRow, ...] = ()
    ratings: tuple[RatingRow, ...] = ()
    verdicts: Mapping[Comparison, float] = field(default_factory=dict)
    flipped: frozenset[Comparison] = frozenset()
    files: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What the header says of the files."""
        kinds = ((len(self.votes) + len(self.choices), "votes"), (len(self.ratings), "ratings"))
        said = [f"{count:,} {kind}" for count, kind in kinds if count]
        said += [f"{len(self.verdicts):,} verdicts of the judge"] if self.verdicts else []
        return f"people: {', '.join(said)} in {self.files}"

    @property
    def gates(self) -> tuple[GateSpec, ...]:
        """The gates that it makes."""
        return (GateSpec(AGREEMENT, "agreement", self.rule.minimum),)


@dataclass(frozen=True)
class PeopleOutcome:
    """People and judge, side by side.

    Args:
        stale: rows of sheets about answers that this run does not have.
        first: the model under test, where there is one.
    """

    agreement: Agreement
    stale: int = 0
    first: str = ""

    @property
    def shifts(self) -> list[Shift]:
        """The win rates by people and by the judge."""
        return list(shifts_of(self.agreement.ballots, self.first))


def outcome_of(spec: PeopleSpec, questions: QuestionSet, shown: Iterable[Shown] = (), first: str = "") -> PeopleOutcome:
    """People beside the judge's verdicts, those in the files and those of the run.

    Args:
        shown: the run's comparisons.
        first: how the run calls the model under test.
    """
    verdicts, flipped = dict(spec.verdicts), set(spec.flipped)
    by_id: dict[str, tuple[Comparison, tuple[str, ...]]] = {}
    for one in shown:
        if one.comparison is None:
            continue
        if one.verdict is not None:
            verdicts[one.comparison] = one.verdict
        if one.flipped:
            flipped.add(one.comparison)
        for name, models in one.ids():
            by_id.setdefault(name, (one.comparison, models))
    votes, stale = list(spec.votes), 0
    for row in spec.choices:
        if row.id not in by_id:
            stale += 1
            continue
        comparison, (left, right) = by_id[row.id]
        winner = {"left": left, "right": right, None: None}[row.choice]
        votes.append(Vote(comparison, row.rater, comparison.value(winner)))
    agreement = agreement_of(Ballots.of(votes, verdicts), questions.category_of, flipped)
    return PeopleOutcome(agreement, stale, first)


def outcome_as_json(outcome: PeopleOutcome) -> dict[str, Any]:
    """Plain JSON values."""
    agreement = outcome.agreement
    skill, blind = agreement.skill, agreement.names_only
    return {
        "votes": agreement.votes,
        "voters": len(agreement.ballots.raters),
        "comparisons": len(agreement.ballots.votes),
        "questions": agreement.questions,
        "stale": outcome.stale,
        "unjudged": agreement.unjudged,
        "flipped": agreement.flipped,
        **_sides(agreement.everything),
        "shared": _sides(agreement.shared)
        | {"votes": agreement.ballots.shared().count, "comparisons": len(agreement.ballots.shared().votes)},
        "turns": {str(turn): _sides(sides) for turn, sides in agreement.turns.items()},
        "categories": {name: _sides(sides) for name, sides in agreement.categories.items()},
        "below_people": list(below_people(agreement)),
        "skill": None
        if skill is None
        else {
            "judge": skill.judge.value,
            "people": skill.people.value,
            "ratio": skill.ratio,
            "low": skill.bounds[0] if skill.bounds else None,
            "high": skill.bounds[1] if skill.bounds else None,
            "votes": skill.votes,
            "questions": skill.questions,
        },
        "names_only": {
            "S2": blind.s2.value if blind.s2 else None,
            "ratio": blind.skill.ratio if blind.skill else None,
        },
        "least": None
        if agreement.least is None
        else {"voter": agreement.least.name, "half": agreement.least.half, "n": agreement.least.couples},
        "shift": [shift.as_json() for shift in outcome.shifts],
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
