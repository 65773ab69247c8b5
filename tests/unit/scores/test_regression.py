"""The rule of the regression gate: reference numbers, an independent computation, and what each part decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import fmean, variance

import pytest
from scipy.stats import t as student

from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.scores.intervals import JUDGE_SD
from pytest_mtbench.scores.paired import Change, Scores
from pytest_mtbench.scores.regression import LEAST_DROP, LOOKS, MARGIN, Comparison, Rule, compare, looks_at

CATEGORIES: dict[QuestionId, str] = {n: f"c{n % 4}" for n in range(40)}
ONE_LOOK = Rule(looks=(1,))

Score = Callable[[int, int, int], "float | None"]


def side(score: Score, runs: int = 1) -> Scores:
    """Scores of two turns of every question: a function of question, turn and run."""
    return {(q, turn): tuple(score(q, turn, run) for run in range(runs)) for q in range(40) for turn in (1, 2)}


def noisy(seed: int, mean: float = 6.0, scatter: float = 1.5) -> Score:
    rng = random.Random(seed)
    numbers = {(q, turn, run): rng.gauss(mean, scatter) for q in range(40) for turn in (1, 2) for run in range(5)}
    return lambda q, turn, run: min(10.0, max(1.0, numbers[q, turn, run]))


def flat(value: float) -> Score:
    return lambda q, turn, run: value


def pair_of(drop: float, se: float) -> tuple[Scores, Scores, dict[QuestionId, str]]:
    """A candidate and a baseline of eight categories of ten questions whose difference is this, with this error.

    In every category half of the questions lie above the mean and half below it, all by the same.
    """
    off = se * 72**0.5  # as 80 questions have a standard error of sqrt(80 * 10/9) * off / 80
    baseline: Scores = {(q, 1): (6.0,) for q in range(80)}
    candidate: Scores = {(q, 1): (6.0 - drop + (off if q // 8 % 2 else -off),) for q in range(80)}
    return candidate, baseline, {q: f"c{q % 8}" for q in range(80)}


# The first four are real pairs of models on the original's 80 questions, computed by others.
@pytest.mark.parametrize(
    "drop, se, p, margin, verdict",
    [
        (-0.056, 0.084, None, 0.3, "passed"),
        (0.919, 0.226, 0.0001, 0.3, "regressed"),
        (0.225, 0.140, 0.056, 0.3, "inconclusive"),
        (0.531, 0.201, 0.005, 0.3, "regressed"),
        # As sure a drop as the second, on either side of the least that counts.
        (0.099, 0.024, 0.0001, 0.1, "inconclusive"),
        (0.101, 0.024, 0.0001, 0.1, "regressed"),
    ],
)
def test_the_reference_numbers(drop: float, se: float, p: float | None, margin: float, verdict: str) -> None:
    found = compare(*pair_of(drop, se), Rule(margin=margin, looks=(1,), judge_sd=0.0))
    change = found.overall
    assert change is not None
    assert (change.drop, change.se, change.df) == pytest.approx((drop, se, 72))
    assert found.fallen == (), "the whole decides, and no category"
    assert found.verdict == verdict
    if p is not None:
        assert change.p_below(0.0) == pytest.approx(p, abs=0.00051)
    # The same by the bounds that the words give.
    low, high = found.bounds
    assert (verdict == "passed") == (-low < margin)
    assert (verdict == "regressed") == (-low >= margin and high < 0 and drop >= LEAST_DROP)


def means(scores: Scores, runs: int) -> list[list[float]]:
    """Question means by question and run."""
    return [[fmean(scores[q, turn][run] or 0 for turn in (1, 2)) for run in range(runs)] for q in range(40)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("runs", [(1, 1), (1, 5), (3, 1), (3, 5), (2, 2)])
def test_standard_error_and_p_of_an_independent_computation(seed: int, runs: tuple[int, int]) -> None:
    candidate, baseline = side(noisy(seed), runs[0]), side(noisy(seed + 100), runs[1])
    found = compare(candidate, baseline, CATEGORIES, ONE_LOOK).overall
    assert found is not None
    c, b = means(candidate, runs[0]), means(baseline, runs[1])
    d = [fmean(x) - fmean(y) for x, y in zip(c, b, strict=True)]
    if min(runs) > 1:
        parts = [(variance(x) / runs[0], variance(y) / runs[1]) for x, y in zip(c, b, strict=True)]
        total = sum(x + y for x, y in parts)
        se = total**0.5 / 40
        df = total**2 / sum(x**2 / (runs[0] - 1) + y**2 / (runs[1] - 1) for x, y in parts)
    else:
        groups = [[d[q] for q in range(40) if q % 4 == name] for name in range(4)]
        se = sum((len(g) / 40) ** 2 * variance(g) / len(g) for g in groups) ** 0.5
        df = 40 - 4
    se = max(se, 0.75 * ((1 / runs[0] + 1 / runs[1]) / 80) ** 0.5)
    assert (found.mean, found.se, found.df) == pytest.approx((fmean(d), se, df))
    assert found.p_below(0.0) == pytest.approx(student.cdf(fmean(d) / se, df))
    assert found.p_above(-0.3) == pytest.approx(student.sf((fmean(d) + 0.3) / se, df))
    category = compare(candidate, baseline, CATEGORIES, ONE_LOOK).categories["c1"]
    g = [d[q] for q in range(40) if q % 4 == 1]
    floor = 0.75 * ((1 / runs[0] + 1 / runs[1]) / 20) ** 0.5
    assert (category.se, category.df) == pytest.approx((max((variance(g) / 10) ** 0.5, floor), 9))


def test_the_floor_is_what_the_judge_alone_would_give() -> None:
    found = compare(side(flat(7)), side(flat(6.9)), CATEGORIES, ONE_LOOK).overall
    assert found is not None
    assert found.se == pytest.approx(JUDGE_SD * (2 / 80) ** 0.5)


def test_the_same_scores_are_identical() -> None:
    assert compare(side(noisy(1)), side(noisy(1)), CATEGORIES, ONE_LOOK).verdict == "identical"


@pytest.mark.parametrize(
    "drop, verdict", [(0.0, "identical"), (0.01, "passed"), (-1.0, "passed"), (0.09, "passed"), (0.8, "regressed")]
)
def test_a_sure_drop_regresses_and_a_sure_equal_passes(drop: float, verdict: str) -> None:
    assert compare(side(flat(7 - drop)), side(flat(7)), CATEGORIES, ONE_LOOK).verdict == verdict


def test_a_drop_below_a_tenth_never_regresses() -> None:
    rule = Rule(margin=0.01, looks=(1,), judge_sd=0.0)
    assert compare(side(flat(6.92)), side(flat(7)), CATEGORIES, rule).verdict == "inconclusive"
    assert compare(side(flat(6.88)), side(flat(7)), CATEGORIES, rule).verdict == "regressed"


def fallen(drop: float, rule: Rule = ONE_LOOK) -> Comparison:
    """One category down by so much, the others up so that the whole is the same."""
    return compare(side(lambda q, turn, run: 6 - drop if q % 4 == 2 else 6 + drop / 3), side(flat(6)), CATEGORIES, rule)


def test_a_category_that_falls_is_named_though_the_whole_is_the_same() -> None:
    found = fallen(1.5)
    assert found.overall is not None
    assert found.overall.mean == pytest.approx(0)
    assert (found.verdict, found.fallen) == ("regressed", ("c2",))


@pytest.mark.parametrize("drop, named", [(0.49, ()), (0.51, ("c2",))])
def test_a_category_must_fall_by_as_much_as_counts(drop: float, named: tuple[str, ...]) -> None:
    assert fallen(drop, Rule(looks=(1,), judge_sd=0.1)).fallen == named


def test_holm_allows_what_bonferroni_would_not() -> None:
    def p_of(name: str, found: Comparison) -> float:
        return found.categories[name].p_below(0.0)

    def score(q: int, turn: int, run: int) -> float:
        return {0: 4.0, 1: 4.0, 2: 5.17, 3: 6.0}[q % 4]

    found = compare(side(score), side(flat(6)), CATEGORIES, Rule(looks=(1,), judge_sd=1.0))
    assert 0.05 / 4 < p_of("c2", found) < 0.05 / 2
    assert found.fallen == ("c0", "c1", "c2")


def test_more_looks_make_each_stricter() -> None:
    assert [Rule(looks=looks).level for looks in ((1,), (1, 3), (1, 2, 3))] == [0.05, 0.0304, 0.0232]


def test_a_look_that_decides_is_the_last() -> None:
    three = side(flat(6), 3)
    assert len(looks_at(three, side(flat(6.02), 3), CATEGORIES, Rule())) == 1
    unsure = side(lambda q, turn, run: 6 + (1.6 if q // 4 % 2 else -2.2), 3)
    looks = looks_at(unsure, side(flat(6), 3), CATEGORIES, Rule())
    assert [look.verdict for look in looks] == ["inconclusive", "regressed"]
    assert [look.runs for look in looks] == [(1, 3), (3, 3)]
    first = {turn: scores[:1] for turn, scores in unsure.items()}
    assert len(looks_at(first, side(flat(6), 3), CATEGORIES, Rule())) == 1, "no more runs, no more looks"
    assert (Rule().looks, Rule().margin) == (LOOKS, MARGIN) == ((1, 3), 0.3)


@pytest.mark.parametrize("missing, verdict", [(4, "passed"), (5, "undecided")])
def test_more_than_a_twentieth_missing_decides_nothing(missing: int, verdict: str) -> None:
    def score(q: int, turn: int, run: int) -> float | None:
        return None if turn == 1 and q < missing else 7

    found = compare(side(score), side(flat(6.9)), CATEGORIES, ONE_LOOK)
    assert found.missing == (missing / 80, 0.0)
    assert found.verdict == verdict
    assert compare(side(flat(7)), side(score), CATEGORIES, ONE_LOOK).verdict == (
        "identical" if missing < 5 else "undecided"
    )


def test_a_turn_that_one_side_lacks_does_not_count_on_the_other() -> None:
    def without(q: int, turn: int, run: int) -> float | None:
        return None if (q, turn) == (0, 1) else 7

    def high(q: int, turn: int, run: int) -> float:
        return 10 if (q, turn) == (0, 1) else 7

    found = compare(side(without), side(high), CATEGORIES, ONE_LOOK)
    assert found.verdict == "identical"
    assert (0, 1) not in found.by_turn


def test_a_run_that_lacks_a_turn_does_not_count_for_its_question() -> None:
    def broken(q: int, turn: int, run: int) -> float | None:
        return None if (q, turn, run) == (0, 2, 1) else 9 if (q, run) == (0, 1) else 7

    found = compare(side(broken, 3), side(flat(7), 3), CATEGORIES, ONE_LOOK)
    assert found.overall is not None
    assert found.overall.mean == 0


def test_too_few_questions_decide_nothing() -> None:
    one: Scores = {(1, 1): (7.0,), (1, 2): (7.0,)}
    assert compare(one, dict.fromkeys(one, (6.0,)), {1: "c"}, ONE_LOOK).verdict == "undecided"
    assert compare({}, {}, {}, ONE_LOOK).verdict == "undecided"


def test_categories_of_one_question_are_one_stratum() -> None:
    each: dict[QuestionId, str] = {n: str(n) for n in range(40)}
    found = compare(side(noisy(3)), side(noisy(4)), each, ONE_LOOK)
    assert found.overall is not None
    assert found.overall.df == 39
    assert found.categories == {}


def test_the_smallest_drop_is_seen_in_four_of_five_cases() -> None:
    rng = random.Random(7)
    found = compare(side(noisy(1)), side(noisy(2)), CATEGORIES, ONE_LOOK)
    assert found.overall is not None
    assert found.smallest_drop is not None
    change = found.overall
    seen = 0
    for _ in range(2000):
        drawn = Change(-found.smallest_drop + rng.gauss(0, change.se), change.se, change.df, 6, 40)
        seen += drawn.p_below(0.0) < ONE_LOOK.level
    assert seen / 2000 == pytest.approx(0.8, abs=0.03)
