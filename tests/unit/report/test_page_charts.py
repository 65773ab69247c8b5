from __future__ import annotations

import pytest

from pytest_mtbench.report.page_charts import (
    ORDERS_DIFFER,
    RADAR_SCORES,
    SCORES,
    WIN_RATES,
    Dots,
    game_bars,
    link,
    radar_of,
    score_bars,
)
from pytest_mtbench.scores.scorecard import MeanScore, Tournament


def test_a_score_stands_between_1_and_10() -> None:
    assert [SCORES.percent(value) for value in (1, 5.5, 10, None)] == ["0.00%", "50.00%", "100.00%", None]
    assert [WIN_RATES.percent(value) for value in (-1, 0.25, 2)] == ["0.00%", "25.00%", "100.00%"]


def test_dots_have_what_there_is() -> None:
    score = MeanScore(5.5, 4, 0, 4, 4, low=1, high=10)
    assert Dots.of(score, SCORES, 7.75, None) == Dots("50.00%", "0.00%", "100.00%", "75.00%", None)


def test_a_radar_begins_at_the_top_and_goes_clockwise() -> None:
    radar = radar_of([("a", 10, None), ("b", 5, None), ("c", None, None), ("d", 0, None)], RADAR_SCORES)
    assert radar is not None
    assert radar.shape == "0,-100 50,0 0,0 0,0"
    assert radar.other == ""
    assert [(axis.label, axis.x, axis.y, axis.anchor) for axis in radar.axes] == [
        ("a", 0, -100, "middle"), ("b", 100, 0, "start"), ("c", 0, 100, "middle"), ("d", -100, 0, "end"),
    ]  # fmt: skip
    assert radar.rings == ((20, "2"), (40, "4"), (60, "6"), (80, "8"), (100, "10"))


def test_a_radar_shows_what_the_scores_are_held_against() -> None:
    radar = radar_of([("a", 10, 5), ("b", 5, None), ("c", 1, 10)], RADAR_SCORES)
    assert radar is not None
    assert radar.other.startswith("0,-50 0,0 ")


@pytest.mark.parametrize("count", [0, 2, 15])
def test_too_few_axes_or_too_many_make_no_radar(count: int) -> None:
    assert radar_of([(str(n), 5, None) for n in range(count)], RADAR_SCORES) is None


def test_turns_are_counted_by_whole_points() -> None:
    bars = score_bars([1, 1.4, 1.5, 10], [10, 10])
    assert [(bar.label, bar.count, bar.other) for bar in bars if bar.count or bar.other] == [
        ("1", 2, 0), ("2", 1, 0), ("10", 1, 2),
    ]  # fmt: skip
    assert len(bars) == 10
    assert (bars[0].height, bars[9].height, bars[9].other_height) == (100, 50, 100)
    assert bars[1].link == "#?from=2&to=2"


def test_a_count_stands_above_a_line_that_is_just_there() -> None:
    near, far = score_bars([1] * 90 + [2] * 10, [1] * 100 + [2] * 60)[:2]
    assert (near.count_height, far.count_height) == (100, 10)


def test_ties_of_two_kinds_are_apart() -> None:
    games = Tournament(wins=2, ties=5, losses=1, consistent=4, flips=3, to_first=3)
    bars = game_bars(games, 0)
    assert [(bar.label, bar.count) for bar in bars] == [("won", 2), ("tie", 1), ("orders differ", 4), ("lost", 1)]
    assert bars[2].link == link(("status", ORDERS_DIFFER)) == "#?status=tie%2C+the+orders+differ"
    assert game_bars(games, 3)[-1].label == "unscored"
