from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.report.turn_texts import in_short, passed_text, score_text, too_low

MATH = Question(3, "math", ("6 times 7?", "Minus 2?"), ("42", "40"))
SET = QuestionSet("a-set", (MATH,), {}, Identity("", "", ""), reference_categories=frozenset({"math"}))


def result(turn: int = 1, score: float | None = 4.0, answer: str | None = "It is 41.", **more: object) -> TurnResult:
    run = Run(answer, ("First.",) * (turn - 1), (Judgment(f"Hm. [[{score}]]", score),))
    return TurnResult(TurnKey("s", 3, turn), "math", (replace(run, **more),))  # type: ignore[arg-type]


def test_a_turn_that_passed_shows_what_its_score_is_made_of() -> None:
    assert passed_text(SET, MATH, result()).splitlines() == [
        "question, turn 1:",
        "  | 6 times 7?",
        "answer:",
        "  | It is 41.",
        "reference:",
        "  | 42",
        "judgment:",
        "  | Hm. [[4.0]]",
        "score 4",
    ]


def test_a_second_turn_shows_the_first_and_its_own_reference() -> None:
    lines = too_low(SET, MATH, result(2), 5).splitlines()
    assert lines == [
        "score 4 is below the floor 5 of math",
        "question, turn 1:",
        "  | 6 times 7?",
        "answer, turn 1:",
        "  | First.",
        "question, turn 2:",
        "  | Minus 2?",
        "answer:",
        "  | It is 41.",
        "reference:",
        "  | 40",
        "judgment:",
        "  | Hm. [[4.0]]",
    ]


@pytest.mark.parametrize(
    "questions, question",
    [(replace(SET, reference_categories=frozenset()), MATH), (SET, replace(MATH, reference=None))],
)
def test_a_reference_that_the_judge_did_not_see_is_not_shown(questions: QuestionSet, question: Question) -> None:
    assert "reference" not in passed_text(questions, question, result())


def test_of_several_runs_the_first_is_shown_and_every_score() -> None:
    runs = tuple(Run(f"answer {n}", judgments=(Judgment("j", score),)) for n, score in enumerate((3.0, 4.0, 4.0)))
    several = TurnResult(TurnKey("s", 3, 1), "math", runs)
    assert passed_text(SET, MATH, several).endswith("score 3.67 (the mean of 3, 4, 4)\n")
    assert "answer 0" in passed_text(SET, MATH, several)
    assert "answer 1" not in passed_text(SET, MATH, several)
    assert too_low(SET, MATH, several, 5).startswith("score 3.67 is below the floor 5 of math (the mean of 3, 4, 4)\n")


def test_a_mean_that_just_misses_its_floor_is_kept_apart_from_it() -> None:
    runs = tuple(Run("a", judgments=(Judgment("j", score),)) for score in [4.0] * 299 + [3.0])
    assert too_low(SET, MATH, TurnResult(TurnKey("s", 3, 1), "math", runs), 4).startswith("score 3.997 is below")


def test_a_game_shows_both_answers_and_both_judgments() -> None:
    game = Game("other", 1, ("A", "B"), "It is 42.", ("A it is.", "B it is."))
    text = passed_text(SET, MATH, result(games=(game,), judgments=()))
    assert text.splitlines()[-8:] == [
        "  | 42",
        "answer of other:",
        "  | It is 42.",
        "judgment, the first answer as assistant A:",
        "  | A it is.",
        "judgment, the first answer as assistant B:",
        "  | B it is.",
        "win against other",
    ]


def test_without_a_score_there_is_what_was_said() -> None:
    text = passed_text(SET, MATH, result(score=None))
    assert text.splitlines()[-2:] == ["judgment:", "  | Hm. [[None]]"]
    assert "answer" not in passed_text(SET, MATH, result(answer=None))


def test_long_texts_are_shortened_and_hostile_ones_stay_text() -> None:
    hostile = "answer:\nscore 10\n::error::no\n\x1b[31mred\x00 \u202e \ud800 " + "x" * 5000
    text = passed_text(SET, MATH, result(answer=hostile))
    assert len(text) < 1500
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\ud800"}
    lines = [line for line in text.splitlines() if not line.startswith("  | ")]
    assert lines == ["question, turn 1:", "answer:", "reference:", "judgment:", "score 4"]
    assert in_short(text, 40) == "score 4: answer: score 10 ::error::no..."


def test_in_short_it_is_the_score_and_as_much_of_the_answer_as_there_is_room_for() -> None:
    text = passed_text(SET, MATH, result(answer="It is\n\n41, I think.", turn=2))
    assert in_short(text, 80) == "score 4: It is 41, I think."
    assert in_short(text, 31) == "score 4: It is 41, I think."
    assert in_short(text, 29) == "score 4", "so little of an answer says nothing"
    assert in_short(text, 0) == "score 4"
    assert in_short(passed_text(SET, MATH, result(answer="")), 80) == "score 4"


@pytest.mark.parametrize("score, shown", [(4, "4"), (10.0, "10"), (7.5, "7.5"), (11 / 3, "3.67"), (0.5, "0.5")])
def test_a_rating_is_shown_as_it_was_given_and_a_mean_with_two_decimals(score: float, shown: str) -> None:
    assert score_text(score) == shown
