"""Everything that is measured of a judge's biases, together.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.game import Game
from ..domain.vote import Comparison, Vote
from .family import OwnFamily, own_family
from .judged import Judged
from .length_bias import LengthBias, length_bias
from .position import Position, position_bias
from .style import StyleControl, style_control


@dataclass(frozen=True)
class Biases:
    """A judge's biases; each is None where there is nothing to see it in."""

    position: Position | None = None
    length: LengthBias | None = None
    style: StyleControl | None = None
    family: OwnFamily | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, null for what was not measured."""
        parts = {"position": self.position, "length": self.length, "style": self.style, "family": self.family}
        return {name: None if part is None else part.as_json() for name, part in parts.items()}


def biases_of(
    judge: str,
    *,
    games: Iterable[Game] = (),
    judged: Sequence[Judged] = (),
    verdicts: Mapping[Comparison, float] | None = None,
    votes: Sequence[Vote] = (),
) -> Biases:
    """Measures what can be measured.

    Args:
        judge: its name.
        games: with the letters of both orders.
        judged: verdicts with the texts that they are about.
        verdicts: those that people's votes are compared with, where they are not the first of `judged`.
        votes: of people, one a person and comparison.
    """
    if verdicts is None:
        verdicts = {one.comparison: one.verdict for one in reversed(judged)}
    return Biases(
        position=position_bias(games),
        length=length_bias(judged, votes),
        style=style_control(judged),
        family=own_family(judge, verdicts, votes),
    )
