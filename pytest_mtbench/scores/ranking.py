"""Which of several models is the strongest, from games.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .scorecard import Scorecard, Tournament

_PRIOR = 0.5
"""Wins that each side has from the start: without them the strength of one that always wins is infinite
(Haldane 1956, for the logarithm of odds)."""


def bradley_terry(against: Mapping[str, Scorecard]) -> dict[str, float]:
    """The strength of each opponent relative to the model under test, whose own is 0.

    In the model of Bradley and Terry (1952) i beats j with probability 1 / (1 + exp(s_j - s_i)); a tie counts half a
    win for each.  Opponents play the model under test and never each other, so the strength of each that makes its
    games likeliest is the logarithm of its odds: 6 losses and 2 wins of the model under test give log(6.5 / 2.5).

    Args:
        against: the scores against each opponent.

    Returns:
        strengths by name, in natural logarithms of odds; an opponent without a game has none.
    """
    games = {name: card.overall.games for name, card in against.items()}
    return {name: _strength(found) for name, found in games.items() if found is not None and found.n}


def _strength(games: Tournament) -> float:
    ours, theirs = games.wins + games.ties / 2, games.losses + games.ties / 2
    return math.log((theirs + _PRIOR) / (ours + _PRIOR))
