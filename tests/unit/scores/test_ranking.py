from __future__ import annotations

import math

import pytest
from scipy.optimize import brentq

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.scores.ranking import bradley_terry
from pytest_mtbench.scores.scorecard import scorecards

from ...results import played

WIN, TIE, LOSS = "AB", "CC", "BA"


def strengths(**said: list[str]) -> dict[str, float]:
    """The strength of each opponent whose games with the model under test went so; `--` has no verdict."""
    question = Question(1, "math", ("a?",))
    games = tuple(
        Game(name, 1, unscored="no") if pair == "--" else Game(name, 1, (pair[0], pair[1]))
        for name, pairs in said.items()
        for pair in pairs
    )
    return bradley_terry(scorecards([question], [played(TurnKey("s", 1, 1), "math", games)]))


def likeliest(ours: float, theirs: float) -> float:
    """The strength at which the likelihood of so many wins, and half a win more on each side, no longer grows."""

    def slope(strength: float) -> float:
        chance = 1 / (1 + math.exp(-strength))
        return (theirs + 0.5) * (1 - chance) - (ours + 0.5) * chance

    return float(brentq(slope, -20, 20, xtol=1e-13))


@pytest.mark.parametrize("wins, ties, losses", [(30, 0, 20), (0, 1, 159), (160, 0, 0), (80, 0, 80), (3, 8, 1)])
def test_a_strength_is_the_one_that_makes_the_games_likeliest(wins: int, ties: int, losses: int) -> None:
    found = strengths(other=[WIN] * wins + [TIE] * ties + [LOSS] * losses)
    assert found["other"] == pytest.approx(likeliest(wins + ties / 2, losses + ties / 2), abs=1e-9)


def test_one_who_always_wins_has_a_strength() -> None:
    assert 5 < strengths(other=[LOSS] * 160)["other"] < 7


def test_opponents_are_ranked_by_their_games() -> None:
    assert strengths(weak=[WIN, WIN, WIN, TIE], strong=[LOSS] * 4, silent=["--"]) == {
        "weak": pytest.approx(math.log(1 / 4)),
        "strong": pytest.approx(math.log(4.5 / 0.5)),
    }


def test_no_game_has_no_ranking() -> None:
    assert bradley_terry({}) == {}
