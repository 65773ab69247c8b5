from __future__ import annotations

import json
from itertools import product

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.result import Run, TurnKey, TurnResult

# First with the model under test as assistant A, then as B: FastChat's table, written down here once more.
TABLE = {
    "AA": ("tie", False, "first"),
    "AB": ("win", True, None),
    "AC": ("tie", False, None),
    "BA": ("loss", True, None),
    "BB": ("tie", False, "second"),
    "BC": ("tie", False, None),
    "CA": ("tie", False, None),
    "CB": ("tie", False, None),
    "CC": ("tie", True, None),
}


@pytest.mark.parametrize("said", ["".join(pair) for pair in product("ABC", repeat=2)])
def test_every_pair_of_verdicts(said: str) -> None:
    game = Game("other", 1, (said[0], said[1]))
    assert (game.outcome, game.consistent, game.flipped_to) == TABLE[said]
    assert game.score == {"win": 1, "tie": 0.5, "loss": 0}[TABLE[said][0]]


@pytest.mark.parametrize("verdicts", [(None, "A"), ("A", None), (None, None)])
def test_an_order_without_a_verdict_has_no_outcome(verdicts: tuple[str | None, str | None]) -> None:
    game = Game("other", 1, verdicts, unscored="why")
    assert (game.outcome, game.score, game.consistent, game.flipped_to) == (None, None, False, None)


def test_a_game_is_read_back_as_it_was() -> None:
    game = Game("a/b", 2, ("A", None), "text", ("one", "two"), "why")
    assert Game.from_json(json.loads(json.dumps(game.as_json()))) == game


def test_texts_may_have_been_left_out() -> None:
    row = Game("other", 2, ("A", "B"), "text", ("one", "two")).as_json()
    del row["answer"], row["judgments"]
    assert Game.from_json(row) == Game("other", 2, ("A", "B"))


def test_a_result_crosses_processes_with_its_games() -> None:
    games = (Game("a", 1, ("A", "B"), "x", ("1", "2")), Game("b", 1, unscored="no"))
    result = TurnResult(TurnKey("s", 1, 1), "math", (Run("a", games=games),))
    assert TurnResult.from_json(json.loads(json.dumps(result.as_json()))) == result
    assert result.ratings == (1.0, None)
    assert result.counted == (1.0,)
    assert result.against("b").games == games[1:]
