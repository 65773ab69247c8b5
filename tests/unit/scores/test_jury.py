from __future__ import annotations

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.scores.jury import OutcomePair, outcome_pairs, rating_pairs, tournaments

VERDICTS: dict[str, tuple[str | None, str | None]] = {
    "win": ("A", "B"), "loss": ("B", "A"), "tie": ("C", "C"), "flip": ("A", "A"), "?": (None, None),
}  # fmt: skip


def rated(number: int, *runs: dict[str, float | None]) -> TurnResult:
    """A turn that the judges of each run rated so."""
    found = [
        Run("x", judgments=tuple(Judgment("", score, None if score else "why", judge) for judge, score in run.items()))
        for run in runs
    ]
    return TurnResult(TurnKey("s", number, 1), "math", tuple(found))


def played(number: int, **outcomes: str) -> TurnResult:
    parts = [
        Game("o", 1, VERDICTS[said], unscored="why" if said == "?" else None, judge=judge)
        for judge, said in outcomes.items()
    ]
    game = Game.of_jury(parts) if parts else Game("o", 1, unscored="no answer")
    return TurnResult(TurnKey("s", number, 1), "math", (Run("x", games=(game,)),))


def test_difference_correlation_and_turns_apart() -> None:
    a, b = [9, 8, 7, 6, 10, 4], [5, 7, 6, 6, 8, 4]
    (pair,) = rating_pairs(["a", "b"], [rated(n, {"a": x, "b": y}) for n, (x, y) in enumerate(zip(a, b, strict=True))])
    assert (pair.one, pair.two, pair.n, pair.apart) == ("a", "b", 6, 1)
    assert pair.difference == pytest.approx(8 / 6)
    # By hand: the products of the deviations sum to 11, their squares to 70/3 and 10.
    assert pair.correlation == pytest.approx(11 / (700 / 3) ** 0.5)


def test_only_what_both_rated_counts() -> None:
    results = [
        rated(1, {"a": 9, "b": 5}),
        rated(2, {"a": 9, "b": None}),
        rated(3, {"a": None, "b": 2}),
        TurnResult(TurnKey("s", 4, 1), "math", (Run(None, failed="no answer"),)),
    ]
    (pair,) = rating_pairs(["a", "b"], results)
    assert (pair.difference, pair.correlation, pair.n, pair.apart) == (4, None, 1, 1)
    (none,) = rating_pairs(["a", "b"], results[1:])
    assert (none.difference, none.n) == (None, 0)


def test_runs_are_one_turn_which_is_apart_where_any_of_them_is() -> None:
    results = [rated(1, {"a": 9, "b": 5}, {"a": 5, "b": 7}), rated(2, {"a": 6, "b": 6}, {"a": None, "b": 1})]
    (pair,) = rating_pairs(["a", "b"], results)
    assert (pair.difference, pair.n, pair.apart) == (0.5, 2, 1)


def test_a_judge_that_rates_all_alike_correlates_with_none() -> None:
    (pair,) = rating_pairs(["a", "b"], [rated(n, {"a": 5, "b": n + 1}) for n in range(4)])
    assert pair.correlation is None


def test_the_pairs_stand_in_the_order_of_the_jury() -> None:
    results = [rated(n, {"c": n + 1, "a": n + 2, "b": n + 3}) for n in range(3)]
    pairs = rating_pairs(["c", "a", "b"], results)
    assert [(pair.one, pair.two, pair.difference) for pair in pairs] == [("c", "a", -1), ("c", "b", -2), ("a", "b", -1)]
    assert [pair.correlation for pair in pairs] == pytest.approx([1, 1, 1])


def test_games_with_the_same_outcome() -> None:
    results = [
        played(1, a="win", b="win"),
        played(2, a="win", b="tie"),
        played(3, a="flip", b="tie"),  # both a tie
        played(4, a="win", b="?"),
        played(5),
    ]
    assert outcome_pairs(["a", "b"], results) == (OutcomePair("a", "b", same=2, n=3),)
    assert outcome_pairs(["a", "b"], results)[0].share == pytest.approx(2 / 3)
    assert outcome_pairs(["a", "b"], results[3:])[0].share is None


def test_the_games_of_each_judge() -> None:
    games = [
        game
        for result in (played(1, a="win", b="flip"), played(2, a="loss", b="?"), played(3))
        for game in result.games
    ]
    found = tournaments(games)
    assert {judge: (each.wins, each.losses, each.ties, each.flips) for judge, each in found.items()} == {
        "a": (1, 1, 0, 0),
        "b": (0, 0, 1, 1),
    }
    one = tournaments([Game("o", 1, ("A", "B")), Game("o", 1, unscored="why")])
    assert list(one) == [""]
    assert one[""].wins == 1
