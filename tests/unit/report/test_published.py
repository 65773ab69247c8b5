from __future__ import annotations

import pytest

from pytest_mtbench.report.published import SCORES, nearest, tier


@pytest.mark.parametrize(
    "score, name",
    [
        (10, "Frontier"),
        (9.32, "Frontier"),
        (9.0, "Frontier"),
        (8.9, "Strong"),
        (8.5, "Strong"),
        (8.0, "Strong"),
        (7.9, "Capable"),
        (7.0, "Capable"),
        (6.9, "Limited"),
        (3.0, "Limited"),
        (1.0, "Limited"),
    ],
)
def test_a_score_has_its_tier(score: float, name: str) -> None:
    assert tier(score) == name


@pytest.mark.parametrize("score, name", [(8.94, "Strong"), (7.94, "Capable"), (6.94, "Limited"), (9.04, "Frontier")])
def test_a_score_between_two_tenths_has_the_tier_of_the_nearer(score: float, name: str) -> None:
    assert tier(score) == name


def test_every_score_of_the_scale_has_a_tier_and_no_higher_score_a_lower_one() -> None:
    order = ["Limited", "Capable", "Strong", "Frontier"]
    ranks = [order.index(tier(hundredths / 100)) for hundredths in range(100, 1001)]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    "score, names",
    [
        (9.9, ["gpt-4-turbo", "gpt-4", "claude-2"]),
        (1.0, ["fastchat-t5-3b", "stablelm-tuned-alpha-7b", "llama-13b"]),
        (7.9, ["gpt-3.5-turbo", "claude-v1", "claude-instant-v1"]),
    ],
)
def test_the_nearest_models_stand_highest_first(score: float, names: list[str]) -> None:
    assert [name for name, _ in nearest(score)] == names


@pytest.mark.parametrize("tenths", range(10, 101, 7))
def test_no_other_model_is_nearer(tenths: int) -> None:
    score = tenths / 10
    near = nearest(score, 4)
    farthest = max(abs(value - score) for _, value in near)
    others = [abs(value - score) for name, value in SCORES.items() if name not in dict(near)]
    assert len(near) == 4
    assert all(SCORES[name] == value for name, value in near)
    assert min(others) >= farthest


# From the table of the paper (Zheng et al. 2023) and its authors' leaderboard.
@pytest.mark.parametrize(
    "name, score",
    [("gpt-4", 8.99), ("gpt-3.5-turbo", 7.94), ("claude-v1", 7.90), ("vicuna-13b-v1.3", 6.39), ("llama-13b", 2.61)],
)
def test_published_scores_are_those_of_the_paper(name: str, score: float) -> None:
    assert SCORES[name] == score
    assert nearest(score, 1)[0][1] == score
