from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Literal

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.scores.gates import GateResult, GateSpec, decide, decide_pairwise
from pytest_mtbench.scores.scorecard import Scorecard, scorecard

from ...results import played as a_game
from ...results import rated

SUITE = "mtbench.yaml"
ID = "mtbench.yaml::gate[overall]"

Ratings = Sequence[float | None]


def result(question: Question, turn: int, scores: Ratings) -> TurnResult:
    return rated(TurnKey(SUITE, question.id, turn), question.category, *scores)


def card(turns: Sequence[float | Ratings | None], measured: int | None = None, category: str = "math") -> Scorecard:
    """Two turns a question in the order given; a sequence instead of a score is one score a run."""
    questions = [Question(number, category, ("a?", "b?")) for number in range(len(turns) // 2)]
    results = [
        result(questions[n // 2], n % 2 + 1, [scores] if isinstance(scores, float | int | None) else scores)
        for n, scores in enumerate(turns)
    ]
    return scorecard(questions, results[:measured])


def overall(
    minimum: float, rule: Literal["mean", "confident"] = "mean", max_unscored: float = 0.05, name: str = "overall"
) -> GateSpec:
    return GateSpec(name, "overall", minimum, rule, max_unscored)


@pytest.mark.parametrize(
    "scores, minimum, status",
    [
        ([7, 8], 7.5, "passed"),
        ([7, 8], 7.51, "failed"),
        ([7, 8], 7.49, "passed"),
        ([1, 1], 1, "passed"),
        ([10, 10], 10, "passed"),
        ([10, 9.5], 10, "failed"),
        ([7] * 18 + [8] * 2, 7.1, "passed"),
        ([7.1] * 20, 7.1, "passed"),
        ([1] * 6 + [1.6], 1.1, "failed"),
    ],
)
def test_the_mean_must_reach_the_threshold(scores: list[float], minimum: float, status: str) -> None:
    decided = decide(overall(minimum), card([*scores, *scores]), ID)
    assert decided.status == status
    assert decided.value == pytest.approx(fmean(scores))
    assert decided.minimum == minimum


def test_a_mean_of_several_runs_that_equals_the_threshold_passes() -> None:
    runs = [[7, 8, 9, 8, 9], [9, 8, 7, 5, 10], [6, 5, 8, 9, 5], [6, 9, 9, 8, 8], [10, 8, 7, 6, 10], [6, 7, 8, 8, 5]]
    assert sum(map(sum, runs)) * 10 == 76 * 30  # the mean is 7.6 to the last digit
    decided = decide(overall(7.6), card(runs), ID)
    assert decided.status == "passed", decided.message


@pytest.mark.parametrize(
    "minimum, scores, shown",
    [
        (7.5, [7] * 81 + [8] * 79, "7.49"),
        (7.5, [7.5] * 159 + [7], "7.497"),
        (6.9, [7] * 160, "7.00"),
        (8, [7, 8], "7.50"),
    ],
)
def test_the_message_keeps_a_near_miss_apart_from_the_threshold(
    minimum: float, scores: list[float], shown: str
) -> None:
    message = decide(overall(minimum), card(scores), ID).message
    assert f" {shown} " in message
    assert f"threshold {minimum:g}" in message


def test_the_message_says_how_many_turns_and_what_each_turn_scored() -> None:
    decided = decide(GateSpec("math", "category", 8), card([9, 5, 8, 6]), ID)
    assert decided.message.startswith("math: 7.00 ")
    assert "4 turns" in decided.message
    assert "turn 1 8.50" in decided.message
    assert "turn 2 5.50" in decided.message
    assert "unscored" not in decided.message


def test_each_kind_of_gate_reads_its_own_scores() -> None:
    math, writing = Question(1, "math", ("a?", "b?")), Question(2, "writing", ("a?", "b?"))
    both = scorecard(
        [math, writing],
        [result(math, 1, [2]), result(math, 2, [4]), result(writing, 1, [6]), result(writing, 2, [10])],
    )
    specs = {
        "overall": GateSpec("overall", "overall", 1),
        "turn1": GateSpec("turn1", "turn", 1),
        "turn2": GateSpec("turn2", "turn", 1),
        "math": GateSpec("math", "category", 1),
        "writing": GateSpec("writing", "category", 1),
    }
    values = {name: decide(spec, both, f"{SUITE}::gate[{name}]").value for name, spec in specs.items()}
    assert values == {"overall": 5.5, "turn1": 4, "turn2": 7, "math": 3, "writing": 8}


@pytest.mark.parametrize("name", ["overall", "turn1", "math"])
def test_a_category_may_have_the_name_of_another_gate(name: str) -> None:
    decided = decide(GateSpec(name, "category", 5), card([6, 6], category=name), ID)
    assert (decided.status, decided.value, decided.name) == ("passed", 6, name)


@pytest.mark.parametrize("measured", [0, 1, 3])
@pytest.mark.parametrize("rule", ["mean", "confident"])
@pytest.mark.parametrize("max_unscored", [0.05, 1.0])
def test_no_gate_passes_on_a_part(measured: int, rule: Literal["mean", "confident"], max_unscored: float) -> None:
    decided = decide(overall(1, rule, max_unscored), card([10, 10, 10, 10], measured), ID)
    assert decided.status == "failed"
    assert f"only {measured} of 4 turns" in decided.message


def test_a_gate_without_any_turn_does_not_pass() -> None:
    assert decide(overall(1, max_unscored=1), scorecard([], []), ID).status == "failed"


@pytest.mark.parametrize("max_unscored", [0.05, 1.0])
@pytest.mark.parametrize("rule", ["mean", "confident"])
def test_nothing_rated_fails_whatever_may_be_missing(rule: Literal["mean", "confident"], max_unscored: float) -> None:
    decided = decide(overall(1, rule, max_unscored), card([None, None, None, None]), ID)
    assert (decided.status, decided.value, decided.unscored) == ("failed", None, 4)


@pytest.mark.parametrize(
    "missing, turns, max_unscored, status",
    [
        (0, 20, 0.0, "passed"),
        (1, 20, 0.0, "failed"),
        (1, 20, 0.04, "failed"),
        (1, 20, 0.06, "passed"),
        (2, 20, 0.05, "failed"),
        (7, 160, 0.05, "passed"),
        (9, 160, 0.05, "failed"),
        (3, 4, 1.0, "passed"),
        # Exactly the share is not above it, though 1 - 19/20 is, in floating point.
        (1, 20, 0.05, "passed"),
        (8, 160, 0.05, "passed"),
        (1, 10, 0.1, "passed"),
        (6, 20, 0.3, "passed"),
    ],
)
def test_more_than_the_allowed_share_without_a_score_fails(
    missing: int, turns: int, max_unscored: float, status: str
) -> None:
    decided = decide(overall(5, max_unscored=max_unscored), card([None] * missing + [9.0] * (turns - missing)), ID)
    assert decided.status == status, decided.message
    assert (decided.n, decided.unscored) == (turns - missing, missing)


def test_a_failure_by_missing_scores_names_the_setting_and_the_numbers() -> None:
    message = decide(overall(5), card([None, None, 9, 9]), ID).message
    assert "max_unscored" in message
    assert "2 of 4" in message
    assert "9.00" in message


@pytest.mark.parametrize(
    "scores, minimum, status",
    [
        ([6.9, 7.1] * 10, 5, "passed"),
        ([6.9, 7.1] * 10, 9, "failed"),
        ([6.9, 7.1] * 10, 7.1, "inconclusive"),
        ([6.9, 7.1] * 10, 6.9, "inconclusive"),
        ([10.0] * 20, 10, "inconclusive"),
        ([7, 7], 5, "inconclusive"),
    ],
)
def test_confident_decides_by_the_interval(scores: list[float], minimum: float, status: str) -> None:
    decided = decide(overall(minimum, "confident"), card(scores), ID)
    assert decided.status == status, decided.message
    assert decided.value == pytest.approx(fmean(scores))


def test_confident_is_decided_by_the_bounds_that_it_reports() -> None:
    scores = card([4, 6, 7, 9, 5, 8, 6, 6])
    low, high = scores.overall.low, scores.overall.high
    assert low is not None
    assert high is not None
    statuses = [
        decide(overall(minimum, "confident"), scores, ID).status
        for minimum in (low - 0.001, low + 0.001, high - 0.001, high + 0.001)
    ]
    assert statuses == ["passed", "inconclusive", "inconclusive", "failed"]
    decided = decide(overall(6, "confident"), scores, ID)
    assert (decided.low, decided.high) == (low, high)
    assert re.search(rf"{low:.2f}.{high:.2f}", decided.message)


def test_confident_still_fails_where_too_much_is_missing() -> None:
    assert decide(overall(1, "confident"), card([None, None, *[9.0] * 18]), ID).status == "failed"


def test_a_result_survives_json() -> None:
    decided = decide(overall(8), card([9, None, 8, 6]), ID)
    assert GateResult.from_json(json.loads(json.dumps(decided.as_json(), allow_nan=False))) == decided
    assert decided.id == ID


# Win rates.


def played(**said: Sequence[str]) -> tuple[list[Question], list[TurnResult]]:
    """Questions of one turn, and their games against each model; a pair of verdicts a turn, `--` without any."""
    count = max(map(len, said.values()))
    questions = [Question(number, "math", ("a?",)) for number in range(count)]
    results = []
    for number, question in enumerate(questions):
        games = tuple(
            Game(name, 1, unscored="no verdict")
            if pairs[number] == "--"
            else Game(name, 1, (pairs[number][0], pairs[number][1]))
            for name, pairs in said.items()
        )
        results.append(a_game(TurnKey(SUITE, question.id, 1), "math", games))
    return questions, results


@pytest.mark.parametrize(
    "pairs, minimum, status",
    [
        (["AB", "BA"], 0.5, "passed"),
        (["AB", "BA"], 0.51, "failed"),
        (["CC", "AA"], 0.5, "passed"),
        (["BA", "BA"], 0.0, "passed"),
        (["AB", "AB"], 1.0, "passed"),
        (["AB", "AC"], 1.0, "failed"),
        (["AB", "--"], 0.0, "failed"),
        (["--", "--"], 0.0, "failed"),
    ],
)
def test_the_win_rate_must_reach_the_threshold(pairs: list[str], minimum: float, status: str) -> None:
    decided = decide_pairwise(overall(minimum), *played(other=pairs), ID)
    assert decided.status == status
    assert "against" not in decided.message


def test_a_win_rate_says_what_it_is_made_of() -> None:
    decided = decide_pairwise(overall(0.6), *played(other=["AB", "BA", "CC", "AA"]), ID)
    assert decided.message.startswith("overall: win rate 0.50 is below the threshold 0.6 (1 win, 2 ties, 1 loss, 95 % ")


def test_missing_games_are_called_games() -> None:
    decided = decide_pairwise(overall(0.5), *played(other=["AB"] * 9 + ["--"]), ID)
    assert "1 of 10 games are missing, more than max_unscored 5%; the win rate of the others is 1.00" in decided.message


def test_several_models_must_all_be_beaten() -> None:
    games = played(weak=["AB", "AB"], strong=["BA", "AA"])
    decided = decide_pairwise(overall(0.5), *games, ID)
    assert (decided.status, decided.value) == ("failed", 0.25)
    assert "against weak passed: win rate 1.00 reaches the threshold 0.5" in decided.message
    assert "against strong failed: win rate 0.25 is below the threshold 0.5" in decided.message
    assert [row["name"] for row in decided.details["against"]] == ["weak", "strong"]
    assert GateResult.from_json(json.loads(json.dumps(decided.as_json()))) == decided


def test_of_several_models_one_undecided_leaves_it_undecided() -> None:
    games = played(weak=["AB"] * 20, equal=["AB", "BA"] * 10)
    decided = decide_pairwise(overall(0.5, "confident"), *games, ID)
    assert decided.status == "inconclusive"
    assert "against weak passed: the 95 % interval 0.95-1.00 of win rate 1.00" in decided.message


@pytest.mark.parametrize("rule", ["mean", "confident"])
@pytest.mark.parametrize("without_games", [False, True], ids=["nothing measured", "turns without any game"])
def test_a_pairwise_gate_without_any_game_fails(rule: Literal["mean", "confident"], without_games: bool) -> None:
    questions = [Question(number, "math", ("a?", "b?")) for number in range(2)]
    results = [result(question, turn, [None]) for question in questions for turn in (1, 2)] if without_games else []
    decided = decide_pairwise(overall(0.5, rule, 1.0), questions, results, ID)
    assert (decided.status, decided.value, decided.n) == ("failed", None, 0)
    assert decided.message == "overall: only 0 of 4 turns were measured; no gate passes on a part"


@pytest.mark.parametrize(
    "steady, unsteady, least, decided",
    [
        (10, 10, 0.5, True),
        (9, 11, 0.5, False),
        (9, 11, 0.4, True),
        (0, 20, 0.0, True),
        (0, 19, 0.5, True),  # too few to say anything of the judge
        (20, 0, 1.0, True),
        (79, 81, 0.5, False),
    ],
)
def test_a_judge_that_contradicts_itself_decides_no_win_rate(
    steady: int, unsteady: int, least: float, decided: bool
) -> None:
    spec = replace(overall(0.4), min_consistency=least)
    result = decide_pairwise(spec, *played(other=["AB"] * steady + ["AA"] * unsteady), ID)
    assert (result.status, result.value is None) == (("passed", False) if decided else ("failed", True))
    share = f"{steady} of {steady + unsteady} games ({100 * steady / (steady + unsteady):.0f} %)"
    said = (
        f"overall: not decided: the judge agrees with itself in both orders in {share}, less than min_consistency 0.5"
    )
    assert result.message.startswith(said) != decided


def test_the_judges_agreement_is_that_of_everything_that_is_played() -> None:
    questions, results = played(other=["AB"] * 4 + ["AA"] * 36)
    spec = replace(overall(0.4), min_consistency=0.5)
    assert decide_pairwise(spec, questions[:2], results[:4], ID).status == "passed"
    assert "not decided" in decide_pairwise(spec, questions[:2], results[:4], ID, results).message


def test_one_model_against_which_nothing_is_decided_fails_the_gate() -> None:
    spec = replace(overall(0.1), min_consistency=0.5)
    result = decide_pairwise(spec, *played(weak=["AB"] * 20, equal=["AA"] * 20), ID)
    assert (result.status, result.value) == ("failed", None)
    assert "against weak passed: " in result.message
    assert "against equal failed: not decided: " in result.message


@pytest.mark.parametrize(
    "first, second, said",
    [
        (["AB"] * 20, ["AB"] * 20, None),
        (["AB"] * 20, ["AB"] * 9 + ["AA"] * 11, "second agrees with itself in both orders in 9 of 20 games (45 %)"),
        (["AA"] * 20, ["AB"] * 20, "first agrees with itself in both orders in 0 of 20 games (0 %)"),
        # Each agrees with itself in half of the games, and not both in any.
        (["AB", "AA"] * 10, ["AA", "AB"] * 10, None),
        (["AA"] * 19, ["AA"] * 19, None),  # too few to say anything of the judges
    ],
)
def test_each_judge_of_a_jury_must_agree_with_itself(first: list[str], second: list[str], said: str | None) -> None:
    questions, seen = played(other=first)
    _, also = played(other=second)
    results = []
    for one, two in zip(seen, also, strict=True):
        parts = [replace(one.games[0], judge="first"), replace(two.games[0], judge="second")]
        results.append(a_game(one.key, "math", [Game.of_jury(parts)]))
    decided = decide_pairwise(replace(overall(0.4), min_consistency=0.5), questions, results, ID)
    if said is None:
        assert decided.status == "passed"
    else:
        assert (decided.status, decided.value) == ("failed", None)
        assert decided.message.startswith(f"overall: not decided: {said}, less than min_consistency 0.5")
