"""Where the marks of the page's charts stand.  Pure: numbers in, coordinates out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ..scores.scorecard import MeanScore, Tournament

ORDERS_DIFFER = "tie, the orders differ"
_LINE_OF_TEXT = 16
"""Percent of the highest bar."""
_FEWEST_AXES, _MOST_AXES = 3, 14


@dataclass(frozen=True)
class Scale:
    """What a value is drawn on.

    Args:
        ticks: the values that are named.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where a value stands, from 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def percent(self, value: float | None) -> str | None:
        """The same as SVG has it: `43.20%`."""
        return None if value is None else f"{100 * self.at(value):.2f}%"


SCORES = Scale(1, 10, tuple(range(1, 11)))
WIN_RATES = Scale(0, 1, (0, 0.25, 0.5, 0.75, 1))
RADAR_SCORES = Scale(0, 10, (0, 2, 4, 6, 8, 10))
"""Radars of MT-Bench have always begun at 0, which no score has."""


@dataclass(frozen=True)
class Dots:
    """One score with what it is held against, as places on a scale."""

    mean: str | None
    low: str | None
    high: str | None
    minimum: str | None
    baseline: str | None

    @classmethod
    def of(cls, score: MeanScore, scale: Scale, minimum: float | None, baseline: float | None) -> Dots:
        """The places of a score's mean and interval, its threshold and the baseline's mean."""
        return cls(*map(scale.percent, (score.mean, score.low, score.high, minimum, baseline)))


@dataclass(frozen=True)
class Axis:
    """One axis of a radar: its end, its label's place and how that is anchored."""

    label: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Radar:
    """A radar around the origin, with a radius of 100.

    Args:
        rings: the radius of each line of equal value, with its value.
        shape: the corners of the scores; `other`: of what they are held against, where there is anything.
    """

    axes: tuple[Axis, ...]
    rings: tuple[tuple[float, str], ...]
    shape: str
    other: str


def radar_of(scores: Sequence[tuple[str, float | None, float | None]], scale: Scale) -> Radar | None:
    """The radar of label, score and what that is held against; None where there are too few axes or too many.

    An axis without a score is at the centre.
    """
    count = len(scores)
    if not _FEWEST_AXES <= count <= _MOST_AXES or all(own is None for _, own, _ in scores):
        return None
    axes = tuple(
        _axis(label, _point(place, count, 100), _point(place, count, 112)) for place, (label, _, _) in enumerate(scores)
    )
    others = [other for _, _, other in scores]
    return Radar(
        axes,
        tuple((100 * scale.at(tick), f"{tick:g}") for tick in scale.ticks if tick > scale.low),
        _corners([own for _, own, _ in scores], scale),
        _corners(others, scale) if any(other is not None for other in others) else "",
    )


def _axis(label: str, end: tuple[float, float], at: tuple[float, float]) -> Axis:
    anchor = "middle" if abs(at[0]) < 20 else "start" if at[0] > 0 else "end"
    return Axis(label, *end, *at, anchor)


def _point(place: int, count: int, radius: float) -> tuple[float, float]:
    """The first axis points up, the others follow clockwise."""
    angle = 2 * math.pi * place / count
    return round(radius * math.sin(angle), 2) + 0.0, round(-radius * math.cos(angle), 2) + 0.0


def _corners(values: Sequence[float | None], scale: Scale) -> str:
    points = (
        _point(place, len(values), 0 if value is None else 100 * scale.at(value)) for place, value in enumerate(values)
    )
    return " ".join(f"{x:g},{y:g}" for x, y in points)


@dataclass(frozen=True)
class Bar:
    """How many turns are alike.

    Args:
        label: what they have in common.
        count: of this run; `other`: of the baseline.
        height, other_height: in percent of the highest bar.
        link: the address that lists them.
    """

    label: str
    count: int
    other: int
    height: float
    other_height: float
    link: str

    @property
    def count_height(self) -> float:
        """Where the count stands: above the bar, and above the other's line where that is just there."""
        return self.other_height if self.height <= self.other_height < self.height + _LINE_OF_TEXT else self.height


def score_bars(own: Iterable[float], other: Iterable[float]) -> tuple[Bar, ...]:
    """Turns by their score, rounded to whole points."""
    counts, others = Counter(map(_whole, own)), Counter(map(_whole, other))
    return _bars([(f"{n}", counts[n], others[n], link(("from", n), ("to", n))) for n in range(1, 11)])


def game_bars(games: Tournament, unscored: int) -> tuple[Bar, ...]:
    """Games by what came of them."""
    differ = games.ties - (games.consistent - games.wins - games.losses)
    rows = [
        ("won", games.wins, "win"),
        ("tie", games.ties - differ, "tie"),
        ("orders differ", differ, ORDERS_DIFFER),
        ("lost", games.losses, "loss"),
        ("unscored", unscored, "unscored"),
    ]
    return _bars(
        [(label, count, 0, link(("status", status))) for label, count, status in rows if count or status != "unscored"]
    )


def link(*filters: tuple[str, object]) -> str:
    """The address of the page's list with these filters."""
    return "#?" + urlencode(filters, errors="replace")


def _whole(score: float) -> int:
    return min(10, max(1, math.floor(score + 0.5)))


def _bars(rows: Sequence[tuple[str, int, int, str]]) -> tuple[Bar, ...]:
    most = max((max(count, other) for _, count, other, _ in rows), default=0) or 1
    return tuple(
        Bar(label, count, other, round(100 * count / most, 2), round(100 * other / most, 2), where)
        for label, count, other, where in rows
    )
