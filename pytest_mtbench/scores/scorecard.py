"""Turn results -> a scorecard: means and intervals by category, turn and overall; the unscored counted.  Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from ..domain.game import Game
from ..domain.question import Question, QuestionId
from ..domain.result import TurnResult
from .consistency import kappa
from .intervals import RATINGS, WIN_RATES, mean_interval


@dataclass(frozen=True)
class Tournament:
    """What came of games.

    Args:
        consistent: games in which both orders say the same.
        flips: games in which the same place won in both orders; `to_first`: the first place.
        kappa: how far the two orders agree beyond chance; see `consistency.kappa`.
    """

    wins: int
    ties: int
    losses: int
    consistent: int
    flips: int
    to_first: int
    kappa: float | None = field(default=None, compare=False)

    @classmethod
    def of(cls, games: Sequence[Game]) -> Tournament:
        """Counts games; one without an outcome counts nowhere."""
        outcomes = Counter(game.outcome for game in games)
        flips = Counter(game.flipped_to for game in games)
        return cls(
            wins=outcomes["win"],
            ties=outcomes["tie"],
            losses=outcomes["loss"],
            consistent=sum(game.consistent for game in games),
            flips=flips["first"] + flips["second"],
            to_first=flips["first"],
            kappa=kappa(games),
        )

    @property
    def n(self) -> int:
        """Games with an outcome."""
        return self.wins + self.ties + self.losses

    @property
    def agreement(self) -> str:
        """The share of games in which both orders say the same."""
        return f"{100 * self.consistent / self.n:.0f} %"


@dataclass(frozen=True)
class MeanScore:
    """The mean score of some turns, or the win rate.

    Args:
        mean: of all rated turns, 1-10, or the win rate, 0-1; None where nothing is rated.
        n: what the mean is made of: turns with a score, or games with an outcome; `unscored`: those without.
        measured: turns that were; `expected`: turns that the run asks for.  No gate passes where they differ.
        ratings_due: how many ratings the measured turns should have: one a turn and run, or one a game;
            `ratings_missing`: how many of them they lack, of which `max_unscored` allows a share.  A turn of two runs
            that lacks one rating has a score all the same, so it counts here and not as `unscored`.
        low, high: 95 % interval of the mean.
        turns: the means of turn 1 and turn 2 of a category.
        games: what the win rate is made of, in pairwise mode.
    """

    mean: float | None
    n: int
    unscored: int
    measured: int
    expected: int
    ratings_due: int = 0
    ratings_missing: int = 0
    low: float | None = None
    high: float | None = None
    turns: Mapping[int, float | None] = field(default_factory=dict)
    games: Tournament | None = None

    @property
    def complete(self) -> bool:
        """Whether every turn that belongs here was measured, with or without a score."""
        return self.measured == self.expected


@dataclass(frozen=True)
class Scorecard:
    """Every score of one run.

    Args:
        results: what was measured, in the order of the set.
        unjudged: what was answered alone, and counts in no score.
    """

    overall: MeanScore
    turns: dict[int, MeanScore]
    categories: dict[str, MeanScore]
    results: tuple[TurnResult, ...] = ()
    unjudged: tuple[TurnResult, ...] = ()

    @property
    def listed(self) -> tuple[TurnResult, ...]:
        """Every turn of which there is anything to read."""
        return self.results + self.unjudged


def scorecards(selected: Sequence[Question], results: Sequence[TurnResult]) -> dict[str, Scorecard]:
    """The scores against each model that the games are against."""
    names = dict.fromkeys(game.against for result in results for game in result.games)
    return {name: scorecard(selected, [result.against(name) for result in results]) for name in names}


def scorecard(selected: Sequence[Question], results: Iterable[TurnResult]) -> Scorecard:
    """The scores of what was measured.

    Args:
        selected: the questions that the run asks; they say what a complete score needs.
        results: what was measured or answered so far, in any order.
    """
    known = {result.place: result for result in results}
    found = {place: result for place, result in known.items() if result.judged}
    turns = [
        _Turn(question, number, found.get((question.id, number)))
        for question in selected
        for number in range(1, len(question.turns) + 1)
    ]
    places = [(turn.question.id, turn.number) for turn in turns]
    unjudged = known.keys() - found.keys()
    by_number: dict[int, list[_Turn]] = defaultdict(list)
    by_category: dict[str, list[_Turn]] = defaultdict(list)
    for turn in turns:
        by_number[turn.number].append(turn)
        by_category[turn.question.category].append(turn)
    return Scorecard(
        overall=_score(turns),
        turns={number: _score(group) for number, group in by_number.items()},
        categories={name: _score(group, means_of=list(by_number)) for name, group in by_category.items()},
        results=tuple(turn.result for turn in turns if turn.result is not None),
        unjudged=tuple(known[place] for place in places if place in unjudged),
    )


class _Turn(NamedTuple):
    """A turn that the run asks for; its result once it is measured."""

    question: Question
    number: int
    result: TurnResult | None

    @property
    def counted(self) -> tuple[float, ...]:
        """The scores that it adds to a mean."""
        return self.result.counted if self.result is not None else ()


def _score(turns: Sequence[_Turn], means_of: Sequence[int] = ()) -> MeanScore:
    """The score of these turns, with the mean of each number of turn in `means_of` beside it."""
    counted = _counted(turns)
    measured = [turn.result for turn in turns if turn.result is not None]
    ratings = [score for result in measured for score in result.ratings]
    games = [game for result in measured for game in result.games]
    there = sum(score is not None for score in ratings)
    low, high = None, None
    if counted:
        means, weights = _question_means(turns)
        scale = WIN_RATES if games else RATINGS
        marks = sum(result.marks for result in measured)  # repeats too: each lessens what the judge's own noise adds
        low, high = mean_interval(means, marks, weights=weights, scale=scale) or (None, None)
    return MeanScore(
        mean=_mean(counted),
        n=len(counted),
        unscored=(len(games) or len(measured)) - len(counted),
        measured=len(measured),
        expected=len(turns),
        ratings_due=len(ratings),
        ratings_missing=len(ratings) - there,
        low=low,
        high=high,
        turns={number: _mean(_counted(turn for turn in turns if turn.number == number)) for number in means_of},
        games=Tournament.of(games) if games else None,
    )


def _counted(turns: Iterable[_Turn]) -> list[float]:
    return [score for turn in turns for score in turn.counted]


def _mean(scores: Sequence[float]) -> float | None:
    return fmean(scores) if scores else None


def _question_means(turns: Sequence[_Turn]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """The mean of each question by category, and how many scores it is made of."""
    by_question: dict[tuple[str, QuestionId], list[float]] = defaultdict(list)
    for turn in turns:
        if turn.counted:
            by_question[turn.question.category, turn.question.id] += turn.counted
    means: dict[str, list[float]] = defaultdict(list)
    counts: dict[str, list[float]] = defaultdict(list)
    for (category, _), scores in by_question.items():
        means[category].append(fmean(scores))
        counts[category].append(len(scores))
    return dict(means), dict(counts)
