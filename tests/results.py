"""Results as a run gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult

NO_RATING = "the judge's reply holds no rating"


def rated(
    key: TurnKey,
    category: str,
    *scores: float | None,
    reason: str = NO_RATING,
    answer: str = "a",
    judgment: str = "j",
    flags: Sequence[str] = (),
) -> TurnResult:
    """A turn of single grading, one score a run."""
    runs = [
        Run(answer, judgments=(Judgment(judgment, score, reason if score is None else None),), flags=tuple(flags))
        for score in scores
    ]
    return TurnResult(key, category, tuple(runs))


def played(key: TurnKey, category: str, games: Sequence[Game]) -> TurnResult:
    """A turn of pairwise mode, with the games of every run."""
    count = max(game.run for game in games)
    runs = [Run("a", games=tuple(game for game in games if game.run == run)) for run in range(1, count + 1)]
    return TurnResult(key, category, tuple(runs))


def flagged(result: TurnResult, *flags: str) -> TurnResult:
    """The same with these flags on its first run."""
    return replace(result, runs=(replace(result.runs[0], flags=flags), *result.runs[1:]))
