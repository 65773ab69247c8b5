"""The biases of two real judges, on the same answers, and of GPT-4 beside published votes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.report.bias_lines import bias_lines
from pytest_mtbench.scores.biases import Biases, biases_of
from pytest_mtbench.scores.family import own_family
from pytest_mtbench.scores.judged import Judged

from .conftest import SHARED

TWO_JUDGES, HUMAN_VOTES = SHARED / "two_judges", SHARED / "human_votes"
MODELS = "Mistral-7B-Instruct-v0.3", "Phi-3.5-mini-Instruct"
FIRST = {"model_1": "A", "model_2": "B", "tie": "C"}
SECOND = {"model_1": "B", "model_2": "A", "tie": "C"}

with_judges = pytest.mark.skipif(not TWO_JUDGES.exists(), reason="the two judges' verdicts are not beside the checkout")
with_votes = pytest.mark.skipif(not HUMAN_VOTES.exists(), reason="the published votes are not beside the checkout")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def biases(judge: str) -> Biases:
    """Those of a judge over its 80 games."""
    folder = TWO_JUDGES / judge
    texts = [
        {row["question_id"]: row["choices"][0]["turns"] for row in rows(folder / "model_answer" / f"{model}.jsonl")}
        for model in MODELS
    ]
    games, judged = [], []
    for row in rows(folder / "model_judgment" / f"{judge}_pair.jsonl"):
        one, two = (side[row["question_id"]][row["turn"] - 1] for side in texts)
        letters = FIRST[row["g1_winner"]], SECOND[row["g2_winner"]]
        game = Game(MODELS[1], 1, letters, two)
        assert game.score is not None
        games.append(game)
        judged.append(Judged(Comparison(row["question_id"], row["turn"], *MODELS), game.score, one, two))
    return biases_of(judge, games=games, judged=judged)


# Games where both orders agree, letters A, B and C of 160, flips and those to the first place: counted apart from this
# package's code.
@with_judges
@pytest.mark.parametrize(
    "judge, agree, letters, flips, to_first, p, loud",
    [("GPT-4o-mini", 54, (93, 66, 1), 25, 19, 0.0146, False), ("Qwen2.5-7B", 12, (118, 15, 27), 43, 42, 1e-11, True)],
)
def test_position(
    judge: str, agree: int, letters: tuple[int, int, int], flips: int, to_first: int, p: float, loud: bool
) -> None:
    found = biases(judge).position
    assert found is not None
    a, b, c = letters
    chance = (2 * a * b + c * c) / 160**2
    assert (found.games, found.agree, found.flips, found.to_first, found.loud) == (80, agree, flips, to_first, loud)
    assert (found.chance, found.kappa) == pytest.approx((chance, (agree / 80 - chance) / (1 - chance)))
    assert found.p == pytest.approx(p, abs=5e-5)


@with_judges
@pytest.mark.parametrize("judge, longer, decided", [("GPT-4o-mini", 47, 54), ("Qwen2.5-7B", 8, 11)])
def test_length(judge: str, longer: int, decided: int) -> None:
    found = biases(judge).length
    assert found is not None
    assert (found.judge.value, found.judge.n) == (longer / decided, decided)


@with_judges
def test_the_summary_warns_of_the_judge_that_goes_by_the_place() -> None:
    assert [line for line in bias_lines(biases("GPT-4o-mini")) if line.startswith("warning:")] == []
    warned = [line for line in bias_lines(biases("Qwen2.5-7B")) if line.startswith("warning:")]
    assert len(warned) == 1
    assert "kappa -0.02 over 80 games" in warned[0]


def votes(name: str) -> Iterator[tuple[str, Comparison, float]]:
    """Who said so, of what, and the value."""
    for row in rows(HUMAN_VOTES / name):
        comparison = Comparison.of(row["question_id"], row["turn"], row["model_a"], row["model_b"])
        yield row["judge"], comparison, comparison.value(row.get(row["winner"]))


# What GPT-4 and people give each pair of models on the very games that people saw; computed apart from this package's
# code.  Where the judge were of the family of one of them, this would be its own family's share.
@with_votes
@pytest.mark.parametrize(
    "judge, pair, people, share, voted, questions",
    [
        ("claude-3", ("claude-v1", "gpt-3.5-turbo"), 0.462, 0.602, 132, 32),
        ("llama-3", ("alpaca-13b", "llama-13b"), 1 - 0.690, 1 - 0.722, 63, 21),
    ],
)
def test_shares_with_people_and_judge_are_those_of_the_published_votes(
    judge: str, pair: tuple[str, str], people: float, share: float, voted: int, questions: int
) -> None:
    verdicts = {comparison: value for _, comparison, value in votes("gpt4_pair.jsonl")}
    said = [Vote(one, who, value) for who, one, value in votes("human.jsonl") if one.pair == pair]
    found = own_family(judge, verdicts, said)
    assert found is not None
    assert (found.people, found.judge) == pytest.approx((people, share), abs=6e-4)
    assert (found.votes, found.questions) == (voted, questions)
