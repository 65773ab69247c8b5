"""What the summary says of a judge's biases."""

from __future__ import annotations

from collections.abc import Iterator

from ..scores.biases import Biases
from ..scores.family import OwnFamily
from ..scores.length_bias import LengthBias
from ..scores.position import LOUD, Position
from ..scores.shares import Share
from ..scores.style import StyleControl
from ..untrusted.text import listed


def bias_lines(biases: Biases) -> Iterator[str]:
    """A line for each bias that was measured, and a warning of a judge that is near chance; not yet wrapped."""
    if biases.position is not None:
        yield _position(biases.position)
        if biases.position.loud:
            yield _warning(biases.position)
    if biases.length is not None:
        yield _length(biases.length)
    if biases.style is not None:
        yield _style(biases.style)
    if biases.family is not None:
        yield _family(biases.family)


def _position(found: Position) -> str:
    share = f"{_percent(found.share)}, kappa {_kappa(found)}"
    flips = "no flips"
    if found.p is not None:
        p = "p below 0.001" if found.p < 0.001 else f"p {found.p:.2g}"
        flips = f"{found.to_first} of {found.flips} flips went to the first place ({p})"
    return f"position: both orders agree in {found.agree} of {found.games} games ({share}); {flips}"


def _warning(found: Position) -> str:
    return (
        f"warning: the judge hardly agrees with itself beyond chance: kappa {_kappa(found)} over {found.games} games, "
        f"below {LOUD} (1 is agreement, 0 chance); no win rate of this judge is to be trusted"
    )


def _length(found: LengthBias) -> str:
    line = f"length: the longer answer won {_share(found.judge)} of {found.judge.n} decided games"
    if found.people is not None:
        line += f", with people {_share(found.people)} of {found.people.n} votes"
    if found.where_they_differ is not None:
        line += f"; where they differ the judge's choice is the longer in {_share(found.where_they_differ)}"
    return line


def _style(found: StyleControl) -> str:
    """What counts, and the pair of models that it changes most."""
    counts = [
        f"{name} {one.value:+.2f} [{one.low:.2f}, {one.high:.2f}]"
        for name, one in found.coefficients.items()
        if one.differs
    ]
    pair = max(found.pairs, key=lambda pair: abs(pair.change))
    which = f" (the largest change of {len(found.pairs)} pairs)" if len(found.pairs) > 1 else ""
    said = f"nothing counts with the judge that {found.games} games could tell"
    if counts:
        said = f"with the judge count {' and '.join(counts)} (logarithms of odds)"
    return (
        f"style: {said}; at equal length and Markdown {pair.one} would win {_percent(pair.controlled)} against "
        f"{pair.two}, not {_percent(pair.plain)}{which}"
    )


def _family(found: OwnFamily) -> str:
    points = f"{100 * found.difference:+.1f} points"
    if found.low is not None and found.high is not None:
        points += f" [{100 * found.low:.1f}, {100 * found.high:.1f}]"
    return (
        f"own family: {listed(found.models)} ({found.family}, as the judge) won {_percent(found.judge)} with the judge "
        f"and {_percent(found.people)} with people on the same {found.votes} votes, {points}"
    )


def _kappa(found: Position) -> str:
    return f"{round(found.kappa, 2) + 0.0:.2f}"  # no -0.00


def _share(share: Share) -> str:
    """`71 % [62, 79]`, without an interval where there is none."""
    if share.low is None or share.high is None:
        return _percent(share.value)
    return f"{_percent(share.value)} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
