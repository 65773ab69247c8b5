from __future__ import annotations

import pytest
from scipy.stats import binomtest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.scores.position import Position, position_bias, sign_test


def games(*pairs: str) -> list[Game]:
    return [Game("other", 1, (pair[0], pair[1])) for pair in pairs]


def test_what_both_orders_say_of_each_other() -> None:
    # 10 letters are A, 8 are B and 2 are C; both orders agree in AB, BA and CC.
    found = position_bias(games(*["AB"] * 4, "BA", "CC", *["AA"] * 2, *["BB"], "AB"))
    chance = (2 * 10 * 8 + 2 * 2) / 400
    assert found is not None
    assert (found.games, found.agree, found.share, found.flips, found.to_first, found.p) == (10, 7, 0.7, 3, 2, 1.0)
    assert (found.chance, found.kappa) == pytest.approx((chance, (0.7 - chance) / (1 - chance)))


def test_a_letter_against_a_tie_is_neither_agreement_nor_flip() -> None:
    found = position_bias(games("AC", "CB", "AB", "BA"))
    assert found is not None
    assert (found.games, found.agree, found.flips, found.p) == (4, 2, 0, None)


def test_a_game_without_both_verdicts_counts_nowhere() -> None:
    missing = [Game("other", 1, ("A", None)), Game("other", 1, (None, "A")), Game("other", 1)]
    assert position_bias([*games("AB", "AA"), *missing]) == position_bias(games("AB", "AA"))
    assert position_bias(missing) is None


@pytest.mark.parametrize("said, to_first", [("AA", 12), ("BB", 0)])
def test_whatever_stands_in_one_place_wins(said: str, to_first: int) -> None:
    found = position_bias(games(*[said] * 12))
    assert found == Position(12, 0, 0.0, 0.0, 12, to_first, 2 / 2**12)
    assert found.loud


@pytest.mark.parametrize("pairs, loud", [(["AB"] * 9 + ["AA"], False), (["AB", "BA", "AA", "BB"], True)])
def test_a_judge_near_chance_is_loud(pairs: list[str], loud: bool) -> None:
    found = position_bias(games(*pairs))
    assert found is not None
    assert found.loud is loud


@pytest.mark.parametrize("one, other", [(0, 1), (1, 0), (5, 5), (6, 5), (19, 6), (42, 1), (1300, 1200)])
def test_the_sign_test_is_the_binomial_one(one: int, other: int) -> None:
    assert sign_test(one, other) == pytest.approx(binomtest(one, one + other).pvalue)


def test_json_holds_numbers_alone() -> None:
    found = position_bias(games("AB", "AA"))
    assert found is not None
    assert found.as_json() == {
        "games": 2, "agree": 1, "share": 0.5, "chance": 0.375, "kappa": 0.2, "flips": 1, "to_first": 1, "p": 1.0,
    }  # fmt: skip
