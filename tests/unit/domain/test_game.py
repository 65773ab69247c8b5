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


# --- a jury ---


def seen(judge: str, outcome: str, game: int = 1) -> Game:
    """A game as one judge of a jury sees it; `?` is one that it does not decide."""
    verdicts = {"win": ("A", "B"), "loss": ("B", "A"), "tie": ("C", "C"), "flip": ("A", "A"), "?": ("A", None)}[outcome]
    return Game("other", game, verdicts, "text", ("1", "2"), "no verdict" if outcome == "?" else None, judge)


@pytest.mark.parametrize(
    "outcomes, expected",
    [
        ("win win", "win"),
        ("win loss", "tie"),
        ("win tie", "tie"),  # one of two is no majority
        ("loss loss win", "loss"),
        ("win tie loss", "tie"),
        ("win tie tie", "tie"),
        ("win win tie loss", "tie"),
        ("win win win loss", "win"),
        ("flip flip win", "tie"),
        ("win win ?", None),  # whatever the third would say: it is the word of fewer judges
        ("? ?", None),
    ],
)
def test_a_jury_says_what_more_than_half_of_it_says(outcomes: str, expected: str | None) -> None:
    game = Game.of_jury([seen(f"j{n}", outcome) for n, outcome in enumerate(outcomes.split())])
    assert game.outcome == expected
    assert game.score == {"win": 1, "tie": 0.5, "loss": 0, None: None}[expected]
    assert (game.unscored is None) == (expected is not None)


def test_an_undecided_game_names_the_judge() -> None:
    assert Game.of_jury([seen("a", "win"), seen("b", "?")]).unscored == "b: no verdict"


@pytest.mark.parametrize(
    "outcomes, consistent, flipped",
    [("win tie", True, None), ("win flip", False, None), ("flip flip", False, "first"), ("? win", False, None)],
)
def test_the_orders_agree_for_a_jury_where_they_do_for_each(
    outcomes: str, consistent: bool, flipped: str | None
) -> None:
    game = Game.of_jury([seen(f"j{n}", outcome) for n, outcome in enumerate(outcomes.split())])
    assert (game.consistent, game.flipped_to) == (consistent, flipped)


def test_a_jurys_game_crosses_processes_with_what_each_judge_said() -> None:
    game = Game.of_jury([seen("a", "win"), seen("b", "?")])
    row = json.loads(json.dumps(game.as_json()))
    assert Game.from_json(row) == game
    assert row["by_judge"][0] == {
        "judge": "a", "outcome": "win", "unscored": None, "verdicts": ["A", "B"], "judgments": ["1", "2"],
    }  # fmt: skip
    assert "verdicts" not in row
    assert "by_judge" not in seen("", "win").as_json()


def test_one_judges_view_of_a_turn_is_that_of_a_run_without_a_jury() -> None:
    jury = Game.of_jury([seen("a", "win"), seen("b", "loss")])
    unplayed = Game("other", 1, unscored="no answer")
    result = TurnResult(TurnKey("s", 1, 1), "math", (Run("x", games=(jury, unplayed)),))
    alone = result.of_judge("b")
    assert alone.games == (seen("", "loss"), unplayed)
    assert (result.score, alone.score, result.by_judge) == (0.5, 0.0, {"a": 1.0, "b": 0.0})
    assert TurnResult.from_json(json.loads(json.dumps(result.as_json()))) == result
