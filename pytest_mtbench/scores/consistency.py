"""How far a judge that sees two answers in both orders agrees with itself.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..domain.game import Game

FEWEST_GAMES = 20
"""Games below which a share of them says little of a judge."""
MIN_CONSISTENCY = 0.5
"""The usual share of games in which both orders must agree: below it most verdicts depend on the place.  Zheng et al.
2023 (table 2) have GPT-4 at 65 %, GPT-3.5 at 46 %."""


def kappa(games: Iterable[Game]) -> float | None:
    """Cohen's kappa (1960) between what a judge says in the first order and in the second: win, tie or loss.

    The share of games in which the orders agree also grows where the judge says one thing most of the time; kappa is
    that share beyond what chance alone would give: 0 is chance, 1 is agreement, below 0 is contradiction.

    Returns:
        None without a game that has both verdicts, or where chance alone makes both orders agree.
    """
    winners = [game.winners for game in games if game.winners is not None]
    n = len(winners)
    if not n:
        return None
    first, second = Counter(one for one, _ in winners), Counter(two for _, two in winners)
    agree = sum(one == two for one, two in winners) / n
    chance = sum(first[side] * second[side] for side in first) / n**2
    return None if chance == 1 else (agree - chance) / (1 - chance)
