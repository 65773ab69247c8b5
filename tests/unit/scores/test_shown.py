"""The answers of a run as people are shown them."""

from __future__ import annotations

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.domain.vote import Comparison
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.scores.shown import Shown, shown_alone, shown_games

from ...pages import plan_of

WIN, FLIP, LOSS = ("A", "B"), ("A", "A"), ("B", "A")


@pytest.fixture
def plan() -> Plan:
    return plan_of([Question(81, "math", ("One?", "Two?"))])


def result(turn: int, *runs: Run) -> TurnResult:
    return TurnResult(TurnKey("s", 81, turn), "math", runs)


def played(plan: Plan, *games: Game, answer: str | None = "ours") -> list[Shown]:
    return list(shown_games(plan, [result(1, Run(answer, games=games))]))


def test_a_verdict_speaks_of_the_first_in_the_alphabet(plan: Plan) -> None:
    own = plan.model.label
    one, two = played(plan, Game(f"{own}z", 1, WIN, "theirs"), Game(own[:-1], 1, WIN, "other"))
    assert (one.comparison, one.verdict) == (Comparison(81, 1, own, f"{own}z"), 1.0)
    assert (two.comparison, two.verdict) == (Comparison(81, 1, own[:-1], own), 0.0)
    assert [shown.last_answers for shown in (one, two)] == [("ours", "theirs"), ("other", "ours")]


def test_thinking_is_no_part_of_an_answer(plan: Plan) -> None:
    (shown,) = played(plan, Game("z", 1, FLIP, "<think>long</think>short"), answer="<think>why</think>ours")
    assert (shown.own, shown.other, shown.verdict, shown.flipped) == (("ours",), ("short",), 0.5, True)


def test_of_several_games_the_model_that_won_more_is_better_and_only_the_first_run_is_shown(plan: Plan) -> None:
    games = [Game("z", 1, verdicts, "theirs") for verdicts in (LOSS, LOSS, WIN)]
    later = Run("again", games=(Game("z", 2, WIN, "later"),))
    (shown,) = shown_games(plan, [result(1, Run("ours", games=tuple(games)), later)])
    assert (shown.verdict, shown.own, shown.other) == (0.0, ("ours",), ("theirs",))


def test_a_game_without_an_outcome_has_no_verdict_and_one_without_a_text_is_not_shown(plan: Plan) -> None:
    (shown,) = played(plan, Game("z", 1, ("A", None), "theirs"))
    assert shown.verdict is None
    assert played(plan, Game("z", 1, WIN, None)) == []
    assert played(plan, Game("z", 1, WIN, "theirs"), answer=None) == []


def test_the_second_turn_is_shown_with_the_first(plan: Plan) -> None:
    results = [result(2, Run("then", ("first",), (Judgment("", 7.0),))), result(1, Run("first"))]
    assert [(one.turn, one.own, one.score) for one in shown_alone(plan, results)] == [
        (1, ("first",), None), (2, ("first", "then"), 7.0),
    ]  # fmt: skip
    games = [result(turn, Run(f"o{turn}", games=(Game("z", 1, WIN, f"t{turn}"),))) for turn in (2, 1)]
    assert [(one.own, one.other) for one in shown_games(plan, games)] == [
        (("o1",), ("t1",)), (("o1", "o2"), ("t1", "t2")),
    ]  # fmt: skip
    # Without the other model's first answer nobody could be shown its second.
    assert [one.turn for one in shown_games(plan, games[:1])] == []
