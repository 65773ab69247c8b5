from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_mtbench.report.bias_lines import bias_lines
from pytest_mtbench.scores.biases import Biases
from pytest_mtbench.scores.family import OwnFamily
from pytest_mtbench.scores.length_bias import LengthBias
from pytest_mtbench.scores.position import Position
from pytest_mtbench.scores.shares import Share
from pytest_mtbench.scores.style import Coefficient, StyleControl, StyledPair

POSITION = Position(games=80, agree=54, chance=0.4, kappa=0.518, flips=26, to_first=21, p=0.00249)
LENGTH = LengthBias(Share(0.71, 0.62, 0.79, 69, 40), Share(0.58, 0.5, 0.66, 120, 40), Share(0.8, 0.64, 0.9, 30, 20))
STYLE = StyleControl(
    games=240, questions=80, plain={}, controlled={}, left_out=("lists",),
    coefficients={
        "length": Coefficient(1.571, 0.612, 2.521), "headers": Coefficient(0.2, -0.1, 0.5),
        "bold": Coefficient(-0.9, -1.4, -0.4),
    },
    pairs=(StyledPair("a", "b", 0.5, 0.52), StyledPair("a", "c", 0.457, 0.35), StyledPair("b", "c", 0.5, 0.55)),
)  # fmt: skip
FAMILY = OwnFamily("openai", ("gpt-3.5-turbo", "gpt-4"), 0.791, 0.758, 0.0333, 0.0011, 0.0651, 1006, 40)


def said(**biases: object) -> list[str]:
    return list(bias_lines(replace(Biases(), **biases)))  # type: ignore[arg-type]


def test_a_line_a_bias() -> None:
    assert said(position=POSITION, length=LENGTH, style=STYLE, family=FAMILY) == [
        (
            "position: both orders agree in 54 of 80 games (68 %, kappa 0.52); "
            "21 of 26 flips went to the first place (p 0.0025)"
        ),
        (
            "length: the longer answer won 71 % [62, 79] of 69 decided games, with people 58 % [50, 66] of 120 votes; "
            "where they differ the judge's choice is the longer in 80 % [64, 90]"
        ),
        (
            "style: with the judge count length +1.57 [0.61, 2.52] and bold -0.90 [-1.40, -0.40] (logarithms of odds); "
            "at equal length and Markdown a would win 35 % against c, not 46 % (the largest change of 3 pairs)"
        ),
        (
            "own family: gpt-3.5-turbo, gpt-4 (openai, as the judge) won 79 % with the judge and 76 % with people on "
            "the same 1006 votes, +3.3 points [0.1, 6.5]"
        ),
    ]


def test_nothing_measured_is_nothing_said() -> None:
    assert said() == []


@pytest.mark.parametrize(
    "p, flips, words",
    [
        (0.00049, 40, "21 of 40 flips went to the first place (p below 0.001)"),
        (1.0, 42, "21 of 42 flips went to the first place (p 1)"),
        (None, 0, "no flips"),
    ],
)
def test_flips(p: float | None, flips: int, words: str) -> None:
    (line,) = said(position=replace(POSITION, p=p, flips=flips))
    assert line.endswith(f"; {words}")


@pytest.mark.parametrize("kappa, shown", [(0.299, "0.30"), (-0.0201, "-0.02"), (-0.001, "0.00")])
def test_a_judge_near_chance_is_warned_of(kappa: float, shown: str) -> None:
    line, warning = said(position=replace(POSITION, kappa=kappa))
    assert f"kappa {shown})" in line
    assert warning == (
        f"warning: the judge hardly agrees with itself beyond chance: kappa {shown} over 80 games, below 0.3 "
        "(1 is agreement, 0 chance); no win rate of this judge is to be trusted"
    )
    assert len(said(position=replace(POSITION, kappa=0.3))) == 1


def test_length_without_people_or_intervals() -> None:
    assert said(length=LengthBias(Share(2 / 3, None, None, 3, 1), None, None)) == [
        "length: the longer answer won 67 % of 3 decided games"
    ]


def test_style_that_does_not_count() -> None:
    nothing = replace(STYLE, coefficients={"headers": Coefficient(0.2, -0.1, 0.5)}, pairs=STYLE.pairs[:1])
    assert said(style=nothing) == [
        (
            "style: nothing counts with the judge that 240 games could tell; "
            "at equal length and Markdown a would win 52 % against b, not 50 %"
        )
    ]


def test_family_without_an_interval() -> None:
    (line,) = said(family=replace(FAMILY, low=None, high=None, difference=-0.02))
    assert line.endswith("on the same 1006 votes, -2.0 points")
