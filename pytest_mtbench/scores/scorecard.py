"""Turn results -> a scorecard: means and intervals by category, turn and overall; the unscored counted.  Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from ..domain.game import Game
from ..domain.question import Question
from ..domain.result import TurnResult
from .intervals import RATINGS, WIN_RATES, mean_interval


@dataclass(frozen=True)
class Tournament:
    """What came of games.

    Args:
        consistent: games in which both orders say the same.
        flips: games in which the same place won in both orders; `to_first`: the first place.
    """

    wins: int
    ties: int
    losses: int
    consistent: int
    flips: int
    to_first: int

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
        )

    @property
    def n(self) -> int:
        """Games with an outcome."""
        return self.wins + self.ties + self.losses


@dataclass(frozen=True)
class Score:
    """The score of some turns.

    Args:
        mean: of all rated turns, 1-10, or the win rate, 0-1; None where nothing is rated.
        n: rated turns, or games with an outcome; `unscored`: those without.
        measured: turns that were; `expected`: turns that the run asks for.
        ratings: ratings that the measured turns should have, one a turn and run or a game; `missing`: those that
            they lack.
        low, high: 95 % interval of the mean.
        turns: the means of turn 1 and turn 2 of a category.
        games: what the win rate is made of, in pairwise mode.
    """

    mean: float | None
    n: int
    unscored: int
    measured: int
    expected: int
    ratings: int = 0
    missing: int = 0
    low: float | None = None
    high: float | None = None
    turns: dict[int, float | None] = field(default_factory=dict)
    games: Tournament | None = None

    @property
    def complete(self) -> bool:
        """Whether every turn that belongs here was measured, with or without a score."""
        return self.measured == self.expected


@dataclass(frozen=True)
class Scorecard:
    """Every score of one run."""

    overall: Score
    turns: dict[int, Score]
    categories: dict[str, Score]
    results: tuple[TurnResult, ...] = ()


def scorecards(selected: Sequence[Question], results: Sequence[TurnResult]) -> dict[str, Scorecard]:
    """The scores against each model that the games are against."""
    names = dict.fromkeys(game.against for result in results for game in result.games)
    return {name: scorecard(selected, [result.against(name) for result in results]) for name in names}


def scorecard(selected: Sequence[Question], results: Iterable[TurnResult]) -> Scorecard:
    """The scores of what was measured.

    Args:
        selected: the questions that the run asks; they say what a complete score needs.
        results: what was measured so far, in any order.
    """
    order = {(q.id, turn): n for n, (q, turn) in enumerate(_turns(selected))}
    known = [result for result in results if (result.key.question_id, result.key.turn) in order]
    known.sort(key=lambda result: order[result.key.question_id, result.key.turn])
    card = _Scores(selected, known)
    numbers = range(1, max((len(q.turns) for q in selected), default=0) + 1)
    return Scorecard(
        overall=card.score(lambda q, turn: True),
        turns={number: card.score(lambda q, turn, number=number: turn == number) for number in numbers},  # type: ignore[misc]
        categories={name: card.category(name, numbers) for name in dict.fromkeys(q.category for q in selected)},
        results=tuple(known),
    )


class _Scores:
    def __init__(self, selected: Sequence[Question], results: Sequence[TurnResult]) -> None:
        self._selected = selected
        self._results = {(result.key.question_id, result.key.turn): result for result in results}

    def category(self, name: str, numbers: Iterable[int]) -> Score:
        score = self.score(lambda q, turn: q.category == name)
        for number in numbers:
            score.turns[number] = self.score(lambda q, turn: q.category == name and turn == number).mean  # noqa: B023
        return score

    def score(self, belongs: Callable[[Question, int], bool]) -> Score:
        turns = [(q, turn) for q, turn in _turns(self._selected) if belongs(q, turn)]
        measured = [(q, self._results[q.id, turn]) for q, turn in turns if (q.id, turn) in self._results]
        rated = [(q, score) for q, result in measured for score in result.counted]
        strata, weights = _question_means(rated)
        ratings = [score for _, result in measured for score in result.ratings]
        games = [game for _, result in measured for game in result.games]
        present = sum(score is not None for score in ratings)
        mean = fmean(score for _, score in rated) if rated else None
        scale = WIN_RATES if games else RATINGS
        bounds = mean_interval(strata, present, weights=weights, scale=scale) if rated else None
        return Score(
            mean=mean,
            n=len(rated),
            unscored=(len(games) or len(measured)) - len(rated),
            measured=len(measured),
            expected=len(turns),
            ratings=len(ratings),
            missing=len(ratings) - present,
            low=bounds[0] if bounds else None,
            high=bounds[1] if bounds else None,
            games=Tournament.of(games) if games else None,
        )


def _question_means(rated: Sequence[tuple[Question, float]]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """The mean of each question by category, and how many of its turns are rated."""
    by_question: dict[tuple[str, object], list[float]] = defaultdict(list)
    for question, score in rated:
        by_question[question.category, question.id].append(score)
    means: dict[str, list[float]] = defaultdict(list)
    counts: dict[str, list[float]] = defaultdict(list)
    for (category, _), scores in by_question.items():
        means[category].append(fmean(scores))
        counts[category].append(len(scores))
    return dict(means), dict(counts)


def _turns(selected: Sequence[Question]) -> list[tuple[Question, int]]:
    return [(question, turn) for question in selected for turn in range(1, len(question.turns) + 1)]
