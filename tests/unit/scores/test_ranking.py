from __future__ import annotations

import math
import random
from itertools import permutations

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.scores.ranking import bradley_terry, strengths
from pytest_mtbench.scores.scorecard import scorecards

from ...results import played


def zermelo(wins: list[list[float]]) -> list[float]:
    """The same estimate by Zermelo's iteration (1929), with half a win more on each side of every pair that met."""
    size = range(len(wins))
    more = [[wins[i][j] + 0.5 if i != j and wins[i][j] + wins[j][i] else 0.0 for j in size] for i in size]
    worth = [1.0] * len(wins)
    for _ in range(20_000):
        worth = [
            sum(more[i]) / sum((more[i][j] + more[j][i]) / (worth[i] + worth[j]) for j in size if j != i) for i in size
        ]
    return [math.log(one / worth[0]) for one in worth]


@pytest.mark.parametrize("wins, losses", [(30.0, 20.0), (0.5, 159.5), (160.0, 0.0), (80.0, 80.0)])
def test_two_players_have_the_logarithm_of_their_odds(wins: float, losses: float) -> None:
    assert strengths([[0, wins], [losses, 0]])[1] == pytest.approx(math.log((losses + 0.5) / (wins + 0.5)), abs=1e-6)


def test_players_who_met_in_a_circle() -> None:
    wins: list[list[float]] = [[0, 7, 5.5], [3, 0, 6], [4.5, 4, 0]]
    assert strengths(wins) == pytest.approx(zermelo(wins), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_many_players(seed: int) -> None:
    draw = random.Random(seed)
    wins = [[0.0] * 5 for _ in range(5)]
    for i, j in permutations(range(5), 2):
        wins[i][j] = draw.randrange(60) / 2
    assert strengths(wins) == pytest.approx(zermelo(wins), abs=1e-4)


def test_one_who_always_wins_has_a_strength() -> None:
    assert 5 < strengths([[0, 0], [160, 0]])[1] < 7


def test_opponents_are_ranked_by_their_games() -> None:
    question = Question(1, "math", ("a?",))
    said: dict[str, list[str | None]] = {
        "weak": ["AB", "AB", "AB", "CC"],
        "strong": ["BA", "BA", "BA", "BA"],
        "silent": [None],
    }
    games = tuple(
        Game(name, 1, (pair[0], pair[1]) if pair else (None, None), unscored=None if pair else "no")
        for name, pairs in said.items()
        for pair in pairs
    )
    result = played(TurnKey("s", 1, 1), "math", games)
    found = bradley_terry(scorecards([question], [result]))
    assert found == {
        "weak": pytest.approx(math.log(1 / 4), abs=1e-6),
        "strong": pytest.approx(math.log(4.5 / 0.5), abs=1e-6),
    }


def test_no_game_has_no_ranking() -> None:
    assert bradley_terry({}) == {}
