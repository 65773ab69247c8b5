"""How far the judges of a jury agree, two by two, on what they all judged.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import StatisticsError, correlation, fmean

from ..domain.game import Game
from ..domain.question import Place
from ..domain.result import APART, TurnResult
from .scorecard import Tournament


@dataclass(frozen=True)
class RatingPair:
    """Two judges on the turns that both rated.

    Args:
        difference: the mean of `one` minus that of `two`; None where no turn is rated by both.
        correlation: Pearson's, of their scores of a turn; None where one of them rates all turns alike.
        n: turns that both rated.
        apart: of those, the turns with an answer whose scores differ by `APART` or more.
    """

    one: str
    two: str
    difference: float | None
    correlation: float | None
    n: int
    apart: int


@dataclass(frozen=True)
class OutcomePair:
    """Two judges on the games that both decided.

    Args:
        same: games in which both name the same outcome.
        n: games in which both name one.
    """

    one: str
    two: str
    same: int
    n: int

    @property
    def share(self) -> float | None:
        """The share of games in which both name the same outcome."""
        return self.same / self.n if self.n else None


def rating_pairs(judges: Sequence[str], results: Sequence[TurnResult]) -> tuple[RatingPair, ...]:
    """Each two judges of a jury in single grading, in the order of the jury.

    A turn without a score, since some judge gave none, counts for the judges that rated it.
    """
    scores = {judge: _scores(judge, results) for judge in judges}
    return tuple(_rating_pair(one, two, scores[one], scores[two]) for one, two in combinations(judges, 2))


def outcome_pairs(judges: Sequence[str], results: Sequence[TurnResult]) -> tuple[OutcomePair, ...]:
    """Each two judges of a jury in pairwise mode, in the order of the jury."""
    seen = [{part.judge: part.outcome for part in game.by_judge} for result in results for game in result.games]
    found = []
    for one, two in combinations(judges, 2):
        both = [(outcomes.get(one), outcomes.get(two)) for outcomes in seen]
        decided = [pair for pair in both if None not in pair]
        found.append(OutcomePair(one, two, sum(first == second for first, second in decided), len(decided)))
    return tuple(found)


def tournaments(games: Sequence[Game]) -> dict[str, Tournament]:
    """What came of games for each judge of a jury; under no name where there is one judge."""
    found: dict[str, list[Game]] = {}
    for game in games:
        for part in game.parts:
            found.setdefault(part.judge, []).append(part)
    if any(found):  # what a jury did not play is no judge's
        found.pop("", None)
    return {judge: Tournament.of(seen) for judge, seen in found.items()}


def _scores(judge: str, results: Sequence[TurnResult]) -> dict[Place, tuple[float | None, ...]]:
    """What a judge scored each turn, one a run."""
    return {result.place: result.of_judge(judge).scores for result in results}


def _rating_pair(
    one: str,
    two: str,
    first: dict[Place, tuple[float | None, ...]],
    second: dict[Place, tuple[float | None, ...]],
) -> RatingPair:
    turns = []
    for place, scores in first.items():
        runs = [(a, b) for a, b in zip(scores, second[place], strict=True) if a is not None and b is not None]
        if runs:
            turns.append(runs)
    ours = [fmean(a for a, _ in runs) for runs in turns]
    theirs = [fmean(b for _, b in runs) for runs in turns]
    return RatingPair(
        one,
        two,
        difference=fmean(ours) - fmean(theirs) if turns else None,
        correlation=_correlation(ours, theirs),
        n=len(turns),
        apart=sum(any(abs(a - b) >= APART for a, b in runs) for runs in turns),
    )


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    try:
        return correlation(first, second)
    except StatisticsError:  # fewer than two turns, or a judge that rates all alike
        return None
