"""Cohen's kappa between a judge's two orders, against figures made by hand."""

from __future__ import annotations

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.scores.consistency import kappa


def games(*pairs: str) -> list[Game]:
    letters = {"A": "A", "B": "B", "C": "C", "-": None}
    return [Game("other", 1, (letters[pair[0]], letters[pair[1]])) for pair in pairs]


@pytest.mark.parametrize(
    "pairs, expected",
    [
        # First order: win 4, loss 4, tie 2; second: win 5, loss 3, tie 2; 7 of 10 agree, by chance 0.20 + 0.12 + 0.04.
        (["AB"] * 4 + ["BA"] * 2 + ["CC"] + ["BB"] + ["BC"] + ["CA"], (0.7 - 0.36) / (1 - 0.36)),
        (["AB", "BA"], 1.0),
        (["AA", "BB"], -1.0),
        # Whatever stands first wins: the first order says win, the second loss, and chance agrees in none either.
        (["AA"] * 5, 0.0),
        # Both orders of both kinds, half of them agreeing: no more than chance.
        (["AB", "BA", "AA", "BB"], 0.0),
        (["AB"] * 5, None),
        (["A-", "-B"], None),
        ([], None),
    ],
)
def test_kappa(pairs: list[str], expected: float | None) -> None:
    assert kappa(games(*pairs)) == (expected if expected is None else pytest.approx(expected))


def test_a_game_without_both_verdicts_counts_nowhere() -> None:
    assert kappa(games("AB", "BA", "A-", "--")) == 1.0
