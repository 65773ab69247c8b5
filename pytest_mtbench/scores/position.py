"""Position bias: whether a judge's verdict depends on which answer stands first.  Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ..domain.game import Game
from .consistency import chance_agreement, kappa

LOUD = 0.3
"""Kappa below which the summary warns of the judge."""


@dataclass(frozen=True)
class Position:
    """What a judge says of the same answers in both orders.

    Args:
        games: those with both verdicts.
        agree: games in which both orders say the same.
        chance: the share of games in which its letters would agree by chance.
        kappa: agreement beyond that; see `consistency.kappa`.
        flips: games in which the same place won in both orders; `to_first`: the first place.
        p: of the two-sided sign test against a judge that prefers neither place; None without flips.
    """

    games: int
    agree: int
    chance: float
    kappa: float
    flips: int
    to_first: int
    p: float | None

    @property
    def share(self) -> float:
        """The share of games in which both orders agree."""
        return self.agree / self.games

    @property
    def loud(self) -> bool:
        """Whether the summary must warn of this judge."""
        return self.kappa < LOUD

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"share": self.share}


def position_bias(games: Iterable[Game]) -> Position | None:
    """What the two orders of these games say of each other, whichever models play.

    Returns:
        None without a game that has both verdicts.
    """
    both = [game for game in games if game.winners is not None]
    beyond = kappa(both)
    if beyond is None:
        return None
    flips = Counter(game.flipped_to for game in both)
    first, second = flips["first"], flips["second"]
    return Position(
        games=len(both),
        agree=sum(game.consistent for game in both),
        chance=chance_agreement(both),
        kappa=beyond,
        flips=first + second,
        to_first=first,
        p=sign_test(first, second) if first + second else None,
    )


def sign_test(one: int, other: int) -> float:
    """The exact two-sided p of so many against so many, where either is as likely (binomial, 1/2)."""
    n = one + other
    tail = sum(math.comb(n, k) for k in range(min(one, other) + 1))
    return min(1.0, 2 * tail / (1 << n))
