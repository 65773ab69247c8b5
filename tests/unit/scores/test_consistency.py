"""Kappa between a judge's two orders, against figures made by hand."""

from __future__ import annotations

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.scores.consistency import chance_agreement, kappa


def games(*pairs: str) -> list[Game]:
    letters = {"A": "A", "B": "B", "C": "C", "-": None}
    return [Game("other", 1, (letters[pair[0]], letters[pair[1]])) for pair in pairs]


@pytest.mark.parametrize(
    "pairs, expected",
    [
        # 8 times A, 9 times B, 3 times C; 7 of 10 agree, by chance (2 * 72 + 9) / 400.
        (["AB"] * 4 + ["BA"] * 2 + ["CC"] + ["BB"] + ["BC"] + ["AA"], (0.7 - 0.3825) / (1 - 0.3825)),
        (["AB", "BA"], 1.0),
        # The same model in every game: half the letters are A, so that chance agrees in half of them.
        (["AB"] * 5, 1.0),
        (["AB"] * 3 + ["AA"], (0.75 - 30 / 64) / (1 - 30 / 64)),
        (["AA", "BB"], -1.0),
        (["AB", "BA", "AA", "BB"], 0.0),
        # Letters that never change show no reading, whether the orders agree by them or not.
        (["AA"] * 5, 0.0),
        (["BB"] * 5, 0.0),
        (["CC"] * 5, 0.0),
        (["A-", "-B"], None),
        ([], None),
    ],
)
def test_kappa(pairs: list[str], expected: float | None) -> None:
    assert kappa(games(*pairs)) == (expected if expected is None else pytest.approx(expected))


def test_a_judge_that_draws_its_letters_agrees_by_chance_alone() -> None:
    # Every pair of letters as often as A in half of the cases, B in a third and C in a sixth make it.
    often = {"A": 3, "B": 2, "C": 1}
    drawn = [one + two for one in often for two in often for _ in range(often[one] * often[two])]
    assert chance_agreement(games(*drawn)) == pytest.approx(13 / 36)
    assert kappa(games(*drawn)) == pytest.approx(0)


def test_a_game_without_both_verdicts_counts_nowhere() -> None:
    assert kappa(games("AB", "BA", "A-", "--")) == 1.0
