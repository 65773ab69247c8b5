from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
from scipy import stats

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Question, QuestionId
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.scores.gates import GateSpec, decide
from pytest_mtbench.scores.scorecard import Scorecard, Tournament, scorecard, scorecards

from ... import results

SUITE = "mtbench.yaml"


def ask(question_id: QuestionId, category: str, turns: int = 2) -> Question:
    return Question(question_id, category, ("what?",) * turns)


def rated(question: Question, turn: int, *scores: float | None) -> TurnResult:
    """A measured turn, one score a run."""
    return results.rated(TurnKey(SUITE, question.id, turn), question.category, *scores)


def whole(*rows: tuple[Question, Sequence[float | None]]) -> Scorecard:
    """The scorecard of questions with all their turns' scores."""
    results = [rated(question, turn, score) for question, scores in rows for turn, score in enumerate(scores, 1)]
    return scorecard([question for question, _ in rows], results)


def test_overall_is_the_mean_of_all_turns() -> None:
    card = whole((ask(1, "writing"), [10, 8]), (ask(2, "trivia", 1), [3]))
    assert card.overall.mean == pytest.approx(7)
    assert (card.overall.n, card.overall.expected, card.overall.unscored) == (3, 3, 0)


def test_each_turn_and_category_has_its_own_mean() -> None:
    card = whole((ask(1, "writing"), [9, 5]), (ask(2, "writing"), [7, 6]), (ask(3, "math"), [2, 4]))
    assert {turn: score.mean for turn, score in card.turns.items()} == {1: 6, 2: 5}
    assert {name: score.mean for name, score in card.categories.items()} == {"writing": 6.75, "math": 3}
    assert card.categories["writing"].turns == {1: 8, 2: 5.5}


def test_categories_keep_the_order_of_the_set() -> None:
    card = whole((ask(1, "writing"), [9, 5]), (ask(2, "math"), [2, 4]), (ask(3, "writing"), [7, 6]))
    assert list(card.categories) == ["writing", "math"]


def test_results_come_in_the_order_of_the_set_however_they_arrived() -> None:
    questions = [ask("b", "math"), ask("a", "math"), ask(3, "math", 1)]
    results = [rated(question, turn, 5) for question in questions for turn in range(1, len(question.turns) + 1)]
    shuffled = random.Random(4).sample(results, len(results))
    assert scorecard(questions, shuffled).results == tuple(results)


def test_a_turn_without_a_score_is_counted_and_is_no_zero() -> None:
    card = whole((ask(1, "math"), [8, None]), (ask(2, "math"), [6, 7]))
    assert card.overall.mean == 7
    assert (card.overall.n, card.overall.unscored, card.overall.ratings_missing, card.overall.ratings_due) == (
        3,
        1,
        1,
        4,
    )
    assert card.overall.complete
    assert card.categories["math"].turns == {1: 7, 2: 7}


def test_nothing_rated_has_no_mean_and_no_interval() -> None:
    card = whole((ask(1, "math"), [None, None]), (ask(2, "writing"), [6, 7]))
    math = card.categories["math"]
    assert (math.mean, math.low, math.high, math.n, math.unscored) == (None, None, None, 0, 2)
    assert math.turns == {1: None, 2: None}
    assert math.ratings_missing == math.ratings_due > 0


def test_nothing_measured_is_not_complete() -> None:
    card = scorecard([ask(1, "math")], [])
    assert (card.overall.mean, card.overall.n, card.overall.unscored, card.overall.expected) == (None, 0, 0, 2)
    assert not card.overall.complete
    assert not card.categories["math"].complete


def test_a_part_is_not_complete() -> None:
    first, second = ask(1, "math"), ask(2, "writing")
    card = scorecard([first, second], [rated(first, 1, 8), rated(first, 2, None), rated(second, 1, 8)])
    assert card.categories["math"].complete
    assert card.turns[1].complete
    assert not card.categories["writing"].complete
    assert not card.turns[2].complete
    assert not card.overall.complete


def test_results_of_questions_that_are_not_asked_do_not_count() -> None:
    mine, other = ask(1, "math"), ask("1", "math")
    card = scorecard([mine], [rated(mine, 1, 4), rated(mine, 2, 4), rated(other, 1, 10), rated(mine, 3, 10)])
    assert (card.overall.mean, card.overall.n) == (4, 2)
    assert card.overall.complete


def test_one_turn_questions_alone_have_no_second_turn() -> None:
    card = whole((ask(1, "trivia", 1), [4]), (ask(2, "trivia", 1), [6]))
    assert list(card.turns) == [1]
    assert card.categories["trivia"].turns == {1: 5}


def test_a_category_of_one_turn_questions_has_no_second_mean_beside_others() -> None:
    card = whole((ask(1, "trivia", 1), [4]), (ask(2, "math"), [6, 7]))
    assert card.categories["trivia"].turns == {1: 4, 2: None}


def test_runs_count_one_by_one_as_missing() -> None:
    question = ask(1, "math")
    card = scorecard([question], [rated(question, 1, 8, None), rated(question, 2, 6, 7)])
    assert card.overall.mean == pytest.approx(7.25)
    assert (card.overall.n, card.overall.unscored) == (2, 0)
    assert card.overall.ratings_missing / card.overall.ratings_due == 0.25


def test_the_interval_counts_a_question_once() -> None:
    scores = {1: (9.0, 8.0), 2: (3.0, 4.0), 3: (6.0, 8.0), 4: (2.0, 1.0)}
    card = whole(*((ask(number, "math"), list(pair)) for number, pair in scores.items()))
    means = [fmean(pair) for pair in scores.values()]
    low, high = stats.t.interval(0.95, df=3, loc=np.mean(means), scale=stats.sem(means))
    assert (card.overall.low, card.overall.high) == pytest.approx((max(1.0, low), min(10.0, high)))


def test_a_turns_interval_is_made_of_that_turn_alone() -> None:
    card = whole(*((ask(number, "math"), [float(number), 5.0]) for number in range(2, 9)))
    firsts = [float(number) for number in range(2, 9)]
    low, high = stats.t.interval(0.95, df=6, loc=np.mean(firsts), scale=stats.sem(firsts))
    assert (card.turns[1].low, card.turns[1].high) == pytest.approx((low, high))


def test_more_runs_narrow_the_judges_part_of_the_interval() -> None:
    questions = [ask(number, "math") for number in range(5)]
    widths = []
    for runs in (1, 4):
        results = [rated(question, turn, *[6.0] * runs) for question in questions for turn in (1, 2)]
        score = scorecard(questions, results).overall
        assert score.low is not None
        assert score.high is not None
        widths.append(score.high - score.low)
    assert widths[0] == pytest.approx(2 * widths[1])


def test_repeats_narrow_the_judges_part_of_the_interval_as_runs_do() -> None:
    questions = [ask(number, "math") for number in range(5)]

    def judged(question: Question, turn: int, repeats: int, runs: int) -> TurnResult:
        run = Run("a", judgments=(Judgment("j", 6.0),) * (repeats - 1) + (Judgment("j", None, "no rating"),))
        return TurnResult(TurnKey(SUITE, question.id, turn), question.category, (run,) * runs)

    def width(repeats: int, runs: int) -> float:
        results = [judged(question, turn, repeats, runs) for question in questions for turn in (1, 2)]
        score = scorecard(questions, results).overall
        assert score.low is not None
        assert score.high is not None
        return score.high - score.low

    assert width(5, 1) == pytest.approx(width(2, 4)) == pytest.approx(width(2, 1) / 2), "four marks a turn each"


def test_the_interval_holds_its_mean_where_one_and_two_turn_questions_mix() -> None:
    long = [(ask(number, "writing"), [9.0, 9.0]) for number in range(4)]
    short = [(ask(number, "trivia", 1), [3.0]) for number in range(4, 8)]
    score = whole(*[*long, *short]).overall
    assert score.mean == 7
    assert score.low is not None
    assert score.high is not None
    assert score.low < score.mean < score.high


def test_the_interval_covers_the_truth_where_one_and_two_turn_questions_mix() -> None:
    """The two turns of a question agree, so it counts once; it weighs twice in the mean, and so does its noise."""
    rng = random.Random(11)
    hard, easy = [ask(n, "writing") for n in range(20)], [ask(n, "trivia", 1) for n in range(20, 40)]
    truth = (40 * 4.0 + 20 * 8.0) / 60
    draws, covered = 600, 0
    for _ in range(draws):
        level = {question.id: rng.gauss(4.0, 1.2) for question in hard}
        results = [
            rated(question, turn, level[question.id] + rng.gauss(0, 0.2)) for question in hard for turn in (1, 2)
        ]
        results += [rated(question, 1, rng.gauss(8.0, 0.1)) for question in easy]
        score = scorecard([*hard, *easy], results).overall
        assert score.low is not None
        assert score.high is not None
        covered += score.low <= truth <= score.high
    assert covered / draws == pytest.approx(0.95, abs=0.03)


# Pairwise: every game counts once.


def played(question: Question, turn: int, *said: str, against: str = "other") -> TurnResult:
    """A turn with a game for each pair of verdicts, of runs 1, 2, ...; `--` is a game without a verdict."""
    games = tuple(
        Game(against, run, (None, None), unscored="no verdict")
        if pair == "--"
        else Game(against, run, (pair[0], pair[1]))
        for run, pair in enumerate(said, 1)
    )
    return results.played(TurnKey(SUITE, question.id, turn), question.category, games)


def test_a_win_rate_counts_ties_half() -> None:
    one, two = ask(1, "math"), ask(2, "math")
    results = [played(one, 1, "AB"), played(one, 2, "AA"), played(two, 1, "BA"), played(two, 2, "CC")]
    score = scorecard([one, two], results).overall
    assert (score.mean, score.n, score.unscored, score.complete) == (0.5, 4, 0, True)
    assert score.games == Tournament(wins=1, ties=2, losses=1, consistent=3, flips=1, to_first=1)
    assert score.games.n == score.n


def test_the_win_rate_is_that_of_the_games_that_have_a_verdict() -> None:
    one, two = ask(1, "math", 1), ask(2, "math", 1)
    score = scorecard([one, two], [played(one, 1, "AB", "--"), played(two, 1, "BA", "BA")]).overall
    assert score.games is not None
    assert (
        score.mean == pytest.approx((score.games.wins + score.games.ties / 2) / score.games.n) == pytest.approx(1 / 3)
    )
    assert (score.n, score.unscored, score.ratings_due, score.ratings_missing, score.measured) == (3, 1, 4, 1, 2)


def test_the_interval_of_a_win_rate_is_over_question_means() -> None:
    draw = random.Random(3)
    questions = [ask(n, category) for n, category in enumerate(["math"] * 6 + ["writing"] * 5)]
    pairs = ("AB", "BA", "CC", "AA")
    results = [played(question, turn, draw.choice(pairs)) for question in questions for turn in (1, 2)]
    overall = scorecard(questions, results).overall
    worth = {("A", "B"): 1, ("B", "A"): 0, ("C", "C"): 0.5, ("A", "A"): 0.5}
    by_question = [
        fmean(
            worth[str(game.verdicts[0]), str(game.verdicts[1])]
            for result in results
            if result.key.question_id == q.id
            for game in result.games
        )
        for q in questions
    ]
    strata = [np.array(by_question[:6]), np.array(by_question[6:])]
    error = np.sqrt(sum((len(s) / 11) ** 2 * np.var(s, ddof=1) / len(s) for s in strata))
    low, high = stats.t.interval(0.95, 9, loc=np.mean(by_question), scale=error)
    assert (overall.low, overall.high) == pytest.approx((max(0, low), min(1, high)))


def test_each_opponent_has_a_scorecard_of_its_own() -> None:
    question = ask(1, "math", 1)
    games = (*played(question, 1, "AB").games, *played(question, 1, "BA", against="third").games)
    result = results.played(TurnKey(SUITE, question.id, 1), question.category, games)
    cards = scorecards([question], [result])
    assert {name: card.overall.mean for name, card in cards.items()} == {"other": 1, "third": 0}
    assert scorecard([question], [result]).overall.mean == 0.5


def test_an_answer_that_nobody_judged_counts_nowhere() -> None:
    questions = [ask(1, "writing"), ask(2, "math")]
    alone = [
        TurnResult(TurnKey(SUITE, question.id, 2), question.category, (Run("a"),)) for question in reversed(questions)
    ]
    card = scorecard(questions, [*alone, rated(questions[0], 1, 7)])
    assert card == replace(scorecard(questions, [rated(questions[0], 1, 7)]), unjudged=tuple(reversed(alone)))
    assert (card.overall.mean, card.overall.n, card.overall.unscored, card.overall.measured) == (7, 1, 0, 1)
    assert (card.turns[2].mean, card.turns[2].low, card.categories["math"].ratings_due) == (None, None, 0)
    assert decide(GateSpec("overall", "overall", 1), scorecard(questions, alone), "id").status == "failed"
