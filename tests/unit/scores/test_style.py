"""Style control on simulated judges whose preferences are known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import t

from pytest_mtbench.domain.vote import Comparison
from pytest_mtbench.scores.features import FEATURES, style_difference
from pytest_mtbench.scores.judged import Judged
from pytest_mtbench.scores.style import Coefficient, StyleControl, StyledPair, style_control

STRENGTHS = {"a": 0.0, "b": 0.6, "c": -0.4}
WORTH = {"length": 1.5, "headers": -0.5, "bold": 0.8, "lists": 0.0}
WORDS = {"a": 300, "b": 600, "c": 450}
"""How long the answers of each are: b is the better one, and the longer."""

Judge = Callable[[float, random.Random], float]


def chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def draws(odds: float, draw: random.Random) -> float:
    """A judge that goes by its preferences alone."""
    return float(draw.random() < chance(odds))


def text(words: int, headers: int, bold: int, lists: int) -> str:
    return "\n".join(["# h"] * headers + ["**b**"] * bold + ["- x"] * lists + ["w" * words])


def games(
    judge: Judge = draws, *, questions: int = 80, worth: Mapping[str, float] = WORTH, models: str = "abc", seed: int = 1
) -> list[Judged]:
    """Every pair of models on every question."""
    draw, found = random.Random(seed), []
    for question in range(questions):
        answers = {
            name: text(int(WORDS[name] * math.exp(draw.gauss(0, 0.5))), *(draw.randrange(5) for _ in range(3)))
            for name in models
        }
        for place, one in enumerate(models):
            for two in models[place + 1 :]:
                difference = style_difference(answers[one], answers[two])
                odds = STRENGTHS[one] - STRENGTHS[two] + sum(worth[name] * difference[name] for name in FEATURES)
                found.append(Judged(Comparison(question, 1, one, two), judge(odds, draw), answers[one], answers[two]))
    return found


def controlled(judged: Sequence[Judged]) -> StyleControl:
    found = style_control(judged)
    assert found is not None
    return found


def test_known_preferences_are_found_where_verdicts_are_their_chances() -> None:
    found = controlled(games(lambda odds, draw: chance(odds)))
    assert {name: one.value for name, one in found.coefficients.items()} == pytest.approx(WORTH, abs=5e-3)
    assert {name: s - found.controlled["a"] for name, s in found.controlled.items()} == pytest.approx(
        STRENGTHS, abs=5e-3
    )
    assert list(found.controlled) == ["b", "a", "c"]
    assert (found.games, found.questions, found.left_out) == (240, 80, ())


def test_drawn_verdicts_lie_within_the_intervals_nearly_always() -> None:
    runs = [controlled(games(seed=seed)).coefficients for seed in range(20)]
    within = [one[name].low <= WORTH[name] <= one[name].high for one in runs for name in FEATURES]
    assert 0.88 < sum(within) / len(within) < 1
    assert sum(one["bold"].differs for one in runs) > 15
    assert sum(one["lists"].differs for one in runs) < 4


def test_the_fit_is_that_of_another_optimiser() -> None:
    judged = games(lambda odds, draw: draw.choice((0.0, 0.5, 1.0)) if draw.random() < 0.4 else draws(odds, draw))
    x = np.array(
        [
            [float((one.comparison.one == name) - (one.comparison.two == name)) for name in "abc"]
            + [style_difference(one.one, one.two)[name] for name in FEATURES]
            for one in judged
        ]
    )[:, 1:]  # model a's strength is 0
    y = np.array([one.verdict for one in judged])

    def unlikely(b: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return float(np.sum(np.logaddexp(0, x @ b) - y * (x @ b)))

    best = minimize(unlikely, np.zeros(6), method="BFGS", options={"gtol": 1e-8}).x
    p = 1 / (1 + np.exp(-x @ best))
    bread = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    slopes = (x * (y - p)[:, None]).reshape(80, 3, 6).sum(axis=1)
    errors = np.sqrt(np.diag(bread @ slopes.T @ slopes @ bread) * 80 / 79)
    half = t.ppf(0.975, 79) * errors
    found = controlled(judged)
    assert [found.controlled[name] for name in "abc"] == pytest.approx([0, *best[:2]], abs=2e-3)
    for number, name in enumerate(FEATURES, start=2):
        one = found.coefficients[name]
        bounds = [best[number], best[number] - half[number], best[number] + half[number]]
        assert [one.value, one.low, one.high] == pytest.approx(bounds, abs=5e-3)


def test_equal_style_takes_from_a_model_what_its_style_had_won() -> None:
    only_length = {"length": 4.0, "headers": 0.0, "bold": 0.0, "lists": 0.0}
    found = controlled(games(lambda odds, draw: chance(odds), worth=only_length))
    (pair,) = (pair for pair in found.pairs if (pair.one, pair.two) == ("a", "b"))
    assert pair.controlled == pytest.approx(chance(-0.6), abs=5e-3)
    assert pair.plain == pytest.approx(chance(found.plain["a"] - found.plain["b"]))
    assert pair.plain < pair.controlled - 0.1
    assert pair.change == pytest.approx(pair.controlled - pair.plain)
    assert [(pair.one, pair.two) for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_without_style_a_pair_is_worth_its_win_rate() -> None:
    judged = games(models="ab", questions=200)
    (pair,) = controlled(judged).pairs
    assert pair.plain == pytest.approx(sum(one.verdict for one in judged) / 200, abs=1e-4)


def test_the_model_that_played_most_is_the_measure() -> None:
    among_others = [one for one in games(questions=120) if "b" in one.comparison.pair]
    found = controlled(among_others)
    assert (found.plain["b"], found.controlled["b"]) == (0, 0)
    assert [(pair.one, pair.two) for pair in found.pairs] == [("a", "b"), ("b", "c")]


def test_fewer_than_200_games_say_nothing_and_a_model_against_itself_is_none() -> None:
    judged = games(models="ab", questions=199)
    itself = [Judged(Comparison(question, 1, "a", "a"), 1.0, "x", "y") for question in range(50)]
    assert style_control(judged) is None
    assert style_control([*judged, *itself]) is None
    assert style_control([*judged, judged[0]]) is not None


def test_a_feature_that_few_answers_have_is_left_out() -> None:
    plain = games(worth=dict.fromkeys(FEATURES, 0.0))
    rare = [
        Judged(one.comparison, 1.0, one.one.replace("# h", "h") + "\n# h", one.two.replace("# h", "h"))
        if one.comparison.question_id in range(19)
        else Judged(one.comparison, one.verdict, one.one.replace("# h", "h"), one.two.replace("# h", "h"))
        for one in plain
    ]
    found = controlled(rare)
    assert found.left_out == ("headers",)
    assert list(found.coefficients) == ["length", "bold", "lists"]


def test_a_feature_that_only_says_which_model_it_is_is_left_out() -> None:
    judged = [
        Judged(one.comparison, one.verdict, one.one + "\n- x", one.two.replace("- x", "x"))
        for one in games(models="ab", questions=200)
    ]
    found = controlled(judged)
    assert found.left_out == ("lists",)


def test_of_two_features_that_always_come_together_the_first_is_left() -> None:
    judged = [
        Judged(one.comparison, one.verdict, *(side.replace("- x", "x").replace("**b**", "- **b**") for side in texts))
        for one in games()
        for texts in [(one.one, one.two)]
    ]
    found = controlled(judged)
    assert found.left_out == ("lists",)


def test_a_judge_that_goes_by_length_alone_is_seen() -> None:
    by_length = [Judged(one.comparison, float(len(one.one) > len(one.two)), one.one, one.two) for one in games()]
    found = controlled(by_length)
    assert found.coefficients["length"].differs
    assert found.coefficients["length"].value > 10
    assert [found.coefficients[name].differs for name in ("headers", "bold", "lists")] == [False] * 3


def test_where_one_model_always_wins_style_is_not_known() -> None:
    found = controlled([Judged(one.comparison, 1.0, one.one, one.two) for one in games()])
    assert not any(one.differs for one in found.coefficients.values())
    assert all(abs(pair.change) < 0.01 for pair in found.pairs)


def test_a_single_question_tells_nothing_of_style() -> None:
    judged = [Judged(one.comparison._replace(question_id=1), one.verdict, one.one, one.two) for one in games()]
    assert controlled(judged).coefficients == {}


def test_json_holds_plain_values() -> None:
    found = StyleControl(
        240, 80, {"b": 0.5, "a": 0.0}, {"a": 0.0, "b": -0.1}, {"length": Coefficient(1.0, 0.5, 1.5)},
        ("headers", "bold", "lists"), (StyledPair("a", "b", 0.25, 0.75),),
    )  # fmt: skip
    assert found.as_json() == {
        "games": 240,
        "questions": 80,
        "plain": {"b": 0.5, "a": 0.0},
        "controlled": {"a": 0.0, "b": -0.1},
        "coefficients": {"length": {"value": 1.0, "low": 0.5, "high": 1.5, "differs": True}},
        "left_out": ["headers", "bold", "lists"],
        "pairs": [{"one": "a", "two": "b", "plain": 0.25, "controlled": 0.75, "change": 0.5}],
    }
