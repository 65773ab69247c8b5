from __future__ import annotations

import math
import random

import numpy as np
import pytest

from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.scores.length import change_at_equal_length
from pytest_mtbench.scores.paired import Scores

Lengths = dict[QuestionId, tuple[int, int]]


def scores(*by_question: float | None) -> Scores:
    """One run of two turns a question, both with the same score."""
    return {(n, turn): (score,) for n, score in enumerate(by_question) for turn in (1, 2)}


def grown(*times: float) -> Lengths:
    return {n: (1000, round(1000 * factor)) for n, factor in enumerate(times)}


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_intercept_of_a_line_by_least_squares(seed: int) -> None:
    draw = random.Random(seed)
    lengths: Lengths = {n: (draw.randint(200, 3000), draw.randint(200, 3000)) for n in range(30)}
    old, new = [draw.uniform(1, 10) for _ in range(30)], [draw.uniform(1, 10) for _ in range(30)]
    growth = np.log([after / before for before, after in lengths.values()])
    x = np.tanh(growth / np.std(growth, ddof=1))
    intercept = np.linalg.lstsq(np.column_stack([np.ones(30), x]), np.subtract(new, old), rcond=None)[0][0]
    assert change_at_equal_length(lengths, scores(*new), scores(*old)) == pytest.approx(float(intercept))


def test_a_change_that_follows_length_alone_is_none_at_equal_length() -> None:
    lengths = grown(0.5, 1, 2)
    gain = math.tanh(math.log(2) / math.log(2))
    assert change_at_equal_length(lengths, scores(6 - gain, 6, 6 + gain), scores(6, 6, 6)) == pytest.approx(0)


def test_a_change_that_does_not_follow_length_is_left_as_it_is() -> None:
    assert change_at_equal_length(grown(0.5, 1, 2), scores(5, 5, 5), scores(6, 6, 6)) == pytest.approx(-1)


def test_answers_that_all_grew_alike_or_questions_too_few_say_nothing() -> None:
    assert change_at_equal_length(grown(2, 2, 2), scores(5, 6, 7), scores(6, 6, 6)) is None
    assert change_at_equal_length(grown(1, 2), scores(5, 6), scores(6, 6)) is None


def test_only_questions_with_answers_and_scores_on_both_sides_count() -> None:
    lengths = grown(0.5, 1, 2, 4, 4) | {5: (0, 900), 6: (900, 0)}
    new, old = scores(4, 6, 8, None, 9, 1, 1), scores(6, 6, 6, 6, None, 6, 6)
    found = change_at_equal_length(lengths, new, old)
    assert found is not None
    assert found == change_at_equal_length(grown(0.5, 1, 2), scores(4, 6, 8), scores(6, 6, 6))


def test_every_run_counts_in_a_questions_scores() -> None:
    new: Scores = {(n, 1): (4.0 + n, 6.0 + n) for n in range(3)}
    old: Scores = {(n, 1): (5.0,) for n in range(3)}
    assert change_at_equal_length(grown(0.5, 1, 2), new, old) == pytest.approx(1)
