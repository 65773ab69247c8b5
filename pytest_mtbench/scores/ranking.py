"""Which of several models is the strongest, from games.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .scorecard import Scorecard

_PRIOR = 0.5
"""Wins that each of a pair has from the start: without them the strength of one that always wins is infinite
(Haldane 1956, for the logarithm of odds)."""


def bradley_terry(against: Mapping[str, Scorecard]) -> dict[str, float]:
    """The strength of each opponent relative to the model under test, whose own is 0.

    In the model of Bradley and Terry (1952) i beats j with probability 1 / (1 + exp(s_j - s_i)); a tie counts half a
    win for each.  The strengths maximise the likelihood of the games.

    Args:
        against: the scores against each opponent.

    Returns:
        strengths by name, in natural logarithms of odds; an opponent without a game has none.
    """
    games = {name: card.overall.games for name, card in against.items() if card.overall.games}
    played = {name: found for name, found in games.items() if found.n}
    if not played:
        return {}
    wins = [[0.0] * (len(played) + 1) for _ in range(len(played) + 1)]
    for number, found in enumerate(played.values(), start=1):
        wins[0][number] = found.wins + found.ties / 2
        wins[number][0] = found.losses + found.ties / 2
    return dict(zip(played, strengths(wins)[1:], strict=True))


def strengths(wins: Sequence[Sequence[float]]) -> list[float]:
    """Bradley-Terry strengths by maximum likelihood; the first player's is 0.

    Args:
        wins: `wins[i][j]` is how often i beat j, ties as halves; players who never met have 0 both ways.

    Returns:
        one strength a player, in natural logarithms of odds.
    """
    from scipy.optimize import minimize  # here: scipy is slow to import
    from scipy.special import expit, log_expit

    players = range(len(wins))
    met = [(i, j) for i in players for j in players if i != j and (wins[i][j] or wins[j][i])]

    def loss(free: Sequence[float]) -> tuple[float, list[float]]:
        """Minus the logarithm of the likelihood, and its gradient."""
        strength = [0.0, *map(float, free)]
        value, gradient = 0.0, [0.0] * len(wins)
        for i, j in met:
            count, ahead = wins[i][j] + _PRIOR, strength[i] - strength[j]
            value -= count * float(log_expit(ahead))
            surprise = count * float(expit(-ahead))
            gradient[i] -= surprise
            gradient[j] += surprise
        return value, gradient[1:]

    found = minimize(loss, [0.0] * (len(wins) - 1), jac=True, method="BFGS", options={"gtol": 1e-9})
    return [0.0, *map(float, found.x)]
