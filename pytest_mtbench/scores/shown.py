"""The answers of a run as people are shown them, with what the judge said of each.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ..domain.chat import AnswerSource
from ..domain.game import Game
from ..domain.question import Place, Question
from ..domain.result import TurnResult
from ..domain.sheet import SheetItem, sheet_id
from ..domain.vote import Comparison
from ..engine.plan import Plan
from ..untrusted.text import join_surrogates
from .baseline import Baseline

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Shown:
    """Two models' answers to a turn, or the answer of one.

    Args:
        own: the answers of the model under test up to the turn, without thinking; `other`: those that they are compared
            with, empty where they are rated alone.
        comparison: of which two models; None where one answer is rated.
        own_label: how the model under test is called there.
        verdict: what the judge says, as a vote does; None where it says nothing.
        flipped: it named the other one in the other order.
        score: its rating of `own`, 1-10, where answers are rated alone.
    """

    question: Question
    turn: int
    own: tuple[str, ...]
    other: tuple[str, ...] = ()
    comparison: Comparison | None = None
    own_label: str = ""
    verdict: float | None = None
    flipped: bool = False
    score: float | None = None

    @property
    def place(self) -> Place:
        """The turn."""
        return self.question.id, self.turn

    @property
    def last_answers(self) -> tuple[str, str]:
        """The answers to the turn itself, in the order in which the comparison names the models."""
        own_first = self.comparison is not None and self.comparison.one == self.own_label
        return (self.own[-1], self.other[-1]) if own_first else (self.other[-1], self.own[-1])

    def item(self, *, turned: bool = False) -> SheetItem:
        """It on a sheet, the model under test on the left, or on the right where it is turned."""
        left, right = (self.other, self.own) if turned else (self.own, self.other)
        return SheetItem(self.question, self.turn, left, right)

    def ids(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The names that it may have on a sheet, and whose answers stand on the left and on the right then."""
        if self.comparison is None:
            yield sheet_id(*self.place, self.own, ()), ()
            return
        labels = sorted(self.comparison.pair, key=lambda label: label != self.own_label)
        yield sheet_id(*self.place, self.own, self.other), tuple(labels)
        yield sheet_id(*self.place, self.other, self.own), tuple(labels[::-1])


def shown_games(plan: Plan, results: Iterable[TurnResult]) -> Iterator[Shown]:
    """The first run's answers against each other model's, with the outcome of the games."""
    answers = _Answers(plan, results)
    for result in answers.results:
        for label in dict.fromkeys(game.against for game in result.games):
            games = [game for game in result.games if game.against == label and game.run == 1]
            own, other = answers.up_to(result, None), answers.up_to(result, label)
            if own is None or other is None:
                continue
            comparison = Comparison.of(*result.place, plan.model.label, label)
            yield Shown(
                plan.question(result.key.question_id),
                result.key.turn,
                own,
                other,
                comparison,
                plan.model.label,
                _verdict(games, comparison.one == plan.model.label),
                any(game.flipped_to for game in games),
            )


def shown_beside(plan: Plan, results: Iterable[TurnResult], baseline: Baseline) -> Iterator[Shown]:
    """The first run's answers beside the baseline's, where the judge rates either: the better rated one is better."""
    answers = _Answers(plan, results)
    label = baseline_label(plan, baseline)
    for result in answers.results:
        own = answers.up_to(result, None)
        stored = [baseline.answers.get((result.key.question_id, turn, 0)) for turn in range(1, result.key.turn + 1)]
        if own is None or any(text is None for text in stored):
            continue
        comparison = Comparison.of(*result.place, plan.model.label, label)
        rated = result.runs[0].score, next(iter(baseline.scores.get(result.place, ())), None)
        yield Shown(
            plan.question(result.key.question_id),
            result.key.turn,
            own,
            tuple(plan.shown(text or "") for text in stored),
            comparison,
            plan.model.label,
            None if None in rated else _better(*rated, comparison.one == plan.model.label),  # type: ignore[arg-type]
        )


def shown_alone(plan: Plan, results: Iterable[TurnResult]) -> Iterator[Shown]:
    """The first run's answers with their scores."""
    answers = _Answers(plan, results)
    for result in answers.results:
        own = answers.up_to(result, None)
        if own is not None:
            question = plan.question(result.key.question_id)
            yield Shown(question, result.key.turn, own, score=result.runs[0].score)


def sheet_ids(plan: Plan, own: AnswerSource, other: AnswerSource | None) -> Iterator[str]:
    """The names that answers in files have on a sheet; those that are missing have none.

    Args:
        other: the answers that they are compared with; None where they are rated alone.
    """
    for question in plan.selected:
        for turn in question.turn_numbers:
            sides = [
                [side.get((question.id, earlier, 0)) for earlier in range(1, turn + 1)]
                for side in (own, other)
                if side is not None
            ]
            shown = [[plan.shown(join_surrogates(text)) for text in side if text is not None] for side in sides]
            if all(len(side) == turn for side in shown):
                yield sheet_id(question.id, turn, shown[0], shown[1] if other is not None else [])
                yield sheet_id(question.id, turn, shown[-1], shown[0] if other is not None else [])


def baseline_label(plan: Plan, baseline: Baseline) -> str:
    """How a baseline's model is called beside the model under test, which often has the same name."""
    return baseline.model if baseline.model != plan.model.label else f"{baseline.model} (baseline)"


class _Answers:
    """The first run's answers of every side, by place."""

    def __init__(self, plan: Plan, results: Iterable[TurnResult]) -> None:
        self._plan = plan
        self.results = sorted(results, key=lambda result: result.key.turn)
        self._known: Mapping[tuple[Place, str | None], str] = dict(self._said())

    def _said(self) -> Iterator[tuple[tuple[Place, str | None], str]]:
        for result in self.results:
            if result.runs[0].answer is not None:
                yield (result.place, None), result.runs[0].answer
            for game in result.games:
                if game.run == 1 and game.answer is not None:
                    yield (result.place, game.against), game.answer

    def up_to(self, result: TurnResult, side: str | None) -> tuple[str, ...] | None:
        """The answers to the turns up to this one, as the judge sees them; None where one is missing.

        Args:
            side: another model's label; None for the model under test.
        """
        question_id, last = result.place
        earlier = dict(enumerate(result.runs[0].earlier, start=1)) if side is None else {}
        texts = [self._known.get(((question_id, turn), side), earlier.get(turn)) for turn in range(1, last + 1)]
        return None if None in texts else tuple(self._plan.shown(text or "") for text in texts)


def _verdict(games: Sequence[Game], own_is_one: bool) -> float | None:
    """What the games of one answer say: who won more of them, as a vote does."""
    scores = [game.score for game in games if game.score is not None]
    return _better(fmean(scores), 0.5, own_is_one) if scores and len(scores) == len(games) else None


def _better(own: float, other: float, own_is_one: bool) -> float:
    if abs(own - other) <= _ROUNDING:
        return 0.5
    return float((own > other) == own_is_one)
