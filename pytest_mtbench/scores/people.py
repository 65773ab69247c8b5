"""What people say of a run's answers beside what its judge says.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..domain.game import Game
from ..domain.question import QuestionSet
from ..domain.vote import Comparison, PersonRating, Vote
from ..files.people import ChoiceRow, RatingRow
from .agreement import Agreement, agreement_of
from .agreement_gate import AGREEMENT, PEOPLE, AgreementRule
from .ballots import Ballots
from .biases import Biases, biases_of
from .evidence import Evidence, evidence_of_ratings, evidence_of_votes
from .gates import GateSpec
from .judged import Judged
from .order import OrderAgreement, order_agreement_of
from .people_gate import OfPeople, PeopleBar
from .shares import mean_of, share_of
from .shift import Shift, shifts_of
from .shown import Shown
from .skill import Skill


@dataclass(frozen=True)
class PeopleSpec:
    """What people said, as far as the files tell, and what the gates on it ask.

    Args:
        bar: what the model must reach with people, where anything is asked.
        votes: those of rows that name the models.
        choices, ratings: those of sheets, which name what was shown by a hash.
        verdicts: the judge's own rows, where the files have them; `flipped`: of which another won in the other order.
        files: their names; `remarks`: what the summary must say of them.
    """

    rule: AgreementRule
    bar: PeopleBar | None = None
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
        agreement = GateSpec(AGREEMENT, "agreement", self.rule.minimum)
        return (agreement,) if self.bar is None else (agreement, GateSpec(PEOPLE, "people", self.bar.minimum))


@dataclass(frozen=True)
class PeopleOutcome:
    """People and judge, side by side.

    Args:
        agreement: of votes; `order`: of ratings.  One of both is None.
        votes: everything that people said of the run's answers, ruled on or not.
        stale: rows of sheets about answers that this run does not have.
        model: the model under test; empty where there is none.
        others: the models that it is compared with.
    """

    agreement: Agreement | None
    order: OrderAgreement | None
    votes: Ballots
    stale: int = 0
    model: str = ""
    others: tuple[str, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """What `gate[agreement]` is decided on."""
        if self.order is not None:
            return evidence_of_ratings(self.order)
        if self.agreement is None:
            raise RuntimeError("neither votes nor ratings")
        return evidence_of_votes(self.agreement)

    @property
    def is_stale(self) -> bool:
        """Whether nothing of what people said is on an answer of this run."""
        return bool(self.stale) and not self.votes.count and not (self.order and self.order.given)

    @property
    def skill(self) -> Skill | None:
        """The judge's beside a person's."""
        known = self.agreement or self.order
        return known.skill if known else None

    @property
    def shifts(self) -> list[Shift]:
        """The figures by people and by the judge."""
        if self.agreement is not None:
            return list(shifts_of(self.agreement.ballots, self.model))
        return [self.order.shift] if self.order is not None and self.order.shift is not None else []

    def of_people(self) -> list[OfPeople]:
        """What people alone say of the model under test."""
        if self.order is not None:
            values = [(place[0], value) for place, given in self.order.given.items() for value in given.values()]
            raters = {rater for given in self.order.given.values() for rater in given}
            return [OfPeople("", mean_of(values), len(values), len(raters))]
        return [self._against(other) for other in self.others]

    def _against(self, other: str) -> OfPeople:
        own = self.votes.only(lambda comparison: {*comparison.pair} == {self.model, other})
        share = share_of(
            (comparison.question_id, value if comparison.one == self.model else 1 - value)
            for comparison, said in own.votes.items()
            for value in said.values()
        )
        return OfPeople(other, share, own.count, len(own.raters))


def biases_beside(people: PeopleOutcome | None, judge: str, games: Iterable[Game], shown: Iterable[Shown]) -> Biases:
    """What a judge's verdicts depend on beside the answers, with people where there are any.

    Args:
        people: what people said.
        judge: its name.
        games: in both orders, of which those on `shown` have texts.
    """
    judged = [
        Judged(one.comparison, one.verdict, *one.last_answers)
        for one in shown
        if one.comparison is not None and one.verdict is not None
    ]
    ballots = people.agreement.ballots if people and people.agreement else Ballots({}, {})
    votes = [
        Vote(comparison, rater, value) for comparison, said in ballots.votes.items() for rater, value in said.items()
    ]
    return biases_of(judge, games=games, judged=judged, verdicts=ballots.verdicts or None, votes=votes)


def outcome_of(
    spec: PeopleSpec, questions: QuestionSet, shown: Iterable[Shown] = (), model: str = "", others: Sequence[str] = ()
) -> PeopleOutcome:
    """People beside what the judge says, in the files and in the run.

    Args:
        shown: the answers of the run.
        model: how the run calls the model under test; `others`: those that it is compared with.
    """
    answers = list(shown)
    if spec.ratings:
        return _of_ratings(spec, questions, answers, model)
    verdicts, flipped = dict(spec.verdicts), set(spec.flipped)
    by_id: dict[str, tuple[Comparison, tuple[str, ...]]] = {}
    for one in answers:
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
    ballots = Ballots.of(votes, verdicts)
    agreement = agreement_of(ballots, questions.category_of, flipped)
    return PeopleOutcome(agreement, None, ballots, stale, model, tuple(others))


def _of_ratings(spec: PeopleSpec, questions: QuestionSet, answers: Iterable[Shown], model: str) -> PeopleOutcome:
    by_id = {name: one for one in answers for name, _ in one.ids()}
    known = [(by_id[row.id], row) for row in spec.ratings if row.id in by_id]
    scores = {one.place: one.score for one, _ in known if one.score is not None}
    ratings = [PersonRating(one.place, row.rater, row.rating) for one, row in known]
    order = order_agreement_of(ratings, scores, questions.category_of, model)
    return PeopleOutcome(None, order, Ballots({}, {}), len(spec.ratings) - len(known), model)
