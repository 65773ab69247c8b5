from __future__ import annotations

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.result import Run, TurnKey, TurnResult
from pytest_mtbench.domain.vote import Comparison
from pytest_mtbench.scores.judged import Judged, judged_games

WIN, TIE, LOSS = ("A", "B"), ("A", "A"), ("B", "A")


def result(*runs: Run, turn: int = 2) -> TurnResult:
    return TurnResult(TurnKey("s", 81, turn), "math", runs)


def test_sides_stand_in_the_order_of_the_alphabet() -> None:
    expected = Judged(Comparison(81, 1, "ann", "ben"), 1.0, "hers", "his")
    assert Judged.of(81, 1, ("ann", "hers"), ("ben", "his"), 1.0) == expected
    assert Judged.of(81, 1, ("ben", "his"), ("ann", "hers"), 0.0) == expected


def test_every_game_of_every_run_is_one() -> None:
    games = (Game("a", 1, WIN, "theirs"), Game("z", 1, LOSS, "other"))
    found = judged_games([result(Run("ours", games=games), Run("again", games=(Game("a", 2, TIE, "theirs"),)))], "m")
    assert found == [
        Judged(Comparison(81, 2, "a", "m"), 0.0, "theirs", "ours"),
        Judged(Comparison(81, 2, "m", "z"), 0.0, "ours", "other"),
        Judged(Comparison(81, 2, "a", "m"), 0.5, "theirs", "again"),
    ]


def test_thinking_is_no_part_of_an_answer() -> None:
    game = Game("z", 1, WIN, "<think>long</think>short")
    (found,) = judged_games([result(Run("<think>why</think>ours", games=(game,)))], "m")
    assert (found.one, found.two) == ("ours", "short")
    (found,) = judged_games([result(Run("ours", games=(game,)))], "m", shown=str.upper)
    assert (found.one, found.two) == ("OURS", "<THINK>LONG</THINK>SHORT")


def test_a_game_without_outcome_or_text_is_none() -> None:
    without = (Game("z", 1, ("A", None), "theirs"), Game("z", 1, WIN, None))
    unanswered = Run(None, games=(Game("z", 2, WIN, "theirs"),))
    assert judged_games([result(Run("ours", games=without), unanswered)], "m") == []
