"""What stands out in real runs, and how often labels that mean nothing would."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.scores.profile import profile_of

from ..results import rated
from .conftest import RECORDED

# Above, below and the second turn against the first with its bounds, computed apart from the recorded scores.
FOUND = {
    "vicuna-7b": (["humanities", "writing"], ["math"], (-1.1375, -1.766, -0.509)),
    "ultrachat_cai": (["humanities"], ["math"], (-1.175, -1.888, -0.462)),
    "ultrachat_baseline": (["humanities"], [], (-0.7375, -1.452, -0.023)),
}


def scores_of(graded: Path, model: str) -> list[TurnResult]:
    rows = json.loads((graded / f"{model}.json").read_text(encoding="utf-8"))["turns"]
    return [rated(TurnKey("s", row["question_id"], row["turn"]), row["category"], row["score"]) for row in rows]


@pytest.mark.parametrize("model", RECORDED)
def test_what_stands_out_in_a_real_run(graded: Path, model: str) -> None:
    profile = profile_of(scores_of(graded, model))
    above, below, second = FOUND[model]
    assert (list(profile.above), list(profile.below)) == (above, below)
    assert profile.second_turn is not None
    bounds = (profile.second_turn.value, profile.second_turn.low, profile.second_turn.high)
    assert bounds == pytest.approx(second, abs=0.001)


@pytest.mark.parametrize("model", RECORDED)
def test_categories_that_mean_nothing_seldom_stand_out(graded: Path, model: str) -> None:
    results = scores_of(graded, model)
    draw, alarms, trials = random.Random(3), 0, 200
    category_of = {result.key.question_id: result.category for result in results}
    for _ in range(trials):
        labels = dict(zip(category_of, draw.sample(list(category_of.values()), len(category_of)), strict=True))
        profile = profile_of(rated(r.key, labels[r.key.question_id], r.score) for r in results)
        alarms += bool(profile.above or profile.below)
    assert alarms / trials <= 0.09  # 0.05, and 2.6 standard errors
