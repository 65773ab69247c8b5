"""How far a judge that sees two answers in both orders agrees with itself.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..domain.game import Game

FEWEST_GAMES = 20
"""Games below which a share of them says little of a judge."""
MIN_CONSISTENCY = 0.5
"""The usual share of games in which both orders must agree: below it most verdicts depend on the place.  Zheng et al.
2023 (table 2) have GPT-4 at 65 %, GPT-3.5 at 46 %."""


def kappa(games: Iterable[Game]) -> float | None:
    """How far the two orders agree beyond what chance would give: 0 is chance, 1 agreement, below 0 contradiction.

    Returns:
        None without a game that has both verdicts.
    """
    both = [game for game in games if game.winners is not None]
    if not both:
        return None
    agree, chance = sum(game.consistent for game in both) / len(both), chance_agreement(both)
    # One that calls everything a tie agrees with itself, and by chance as well: nothing shows that it reads.
    return 0.0 if chance == 1 else (agree - chance) / (1 - chance)


def chance_agreement(games: Sequence[Game]) -> float:
    """How often both orders would agree if the judge drew its letters, as often each as it says them, without reading.

    The orders agree where the letters are A and B, B and A, or C twice: 2 p_A p_B + p_C^2.  The frequencies are those
    of both orders together.  Taken by order, as Cohen's kappa (1960) takes them, they also hold which model is the
    better one: a judge that rightly names one model in nearly every game of either order would agree with itself by
    chance alone.

    Args:
        games: those with both verdicts, one at least.
    """
    letters = Counter(letter for game in games for letter in game.verdicts)
    return (2 * letters["A"] * letters["B"] + letters["C"] ** 2) / letters.total() ** 2
