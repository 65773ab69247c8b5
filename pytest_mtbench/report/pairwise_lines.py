"""What the summary says of games against other models."""

from __future__ import annotations

from collections.abc import Iterator

from tabulate import tabulate

from ..demo import shown_name
from ..scores.gates import won
from ..scores.ranking import bradley_terry
from ..scores.scorecard import MeanScore
from ..untrusted.text import no_command, one_line
from .run_report import RunReport
from .table import interval

_Ranked = tuple[str, float | None, tuple[float, float] | None, float | None]
"""Name, win rate, its 95 % interval, Bradley-Terry strength."""


def pairwise_lines(report: RunReport) -> Iterator[str]:
    """Win rates, and of several models how far the two orders agree; not yet wrapped."""
    for name, card in report.against.items():
        games = card.overall.games
        if games is None or not games.n:
            yield f"against {name}: no game has a verdict"
            continue
        bounds = f" (95 % interval {interval(card.overall)})" if card.overall.low is not None else ""
        yield f"against {name}: win rate {card.overall.mean:.2f}{bounds}: {won(games)}"
        if len(report.against) > 1 and not report.plan.jury:
            yield f"both orders agree in {games.consistent} of {games.n} games against {name} ({games.agreement})"


def ranking(report: RunReport, width: int) -> Iterator[str]:
    """Several models in the order of their strength; the win rates of the others are against the one under test.

    Args:
        width: columns of the terminal, which long names are cut for.
    """
    if len(report.against) < 2:
        return
    strengths = bradley_terry(report.against)
    own = shown_name(report.plan.model.name, report.plan.model.endpoint.url)
    rows: list[_Ranked] = [(own, report.card.overall.mean, _bounds(report.card.overall), 0.0)]
    for name, card in report.against.items():
        rate, bounds = card.overall.mean, _bounds(card.overall)
        turned = None if bounds is None else (1 - bounds[1], 1 - bounds[0])
        rows.append((name, None if rate is None else 1 - rate, turned, strengths.get(name)))
    rows.sort(key=lambda row: (row[3] is None, -(row[3] or 0.0)))
    drawn = tabulate(
        [
            [
                str(place),
                no_command(one_line(name))[: max(8, width - 50)],
                "" if rate is None else f"{rate:.2f}",
                "" if bounds is None else f"{bounds[0]:.2f}-{bounds[1]:.2f}",
                "" if strength is None else f"{strength:+.2f}",
            ]
            for place, (name, rate, bounds, strength) in enumerate(rows, start=1)
        ],
        ["", "model", "win rate", "95 % interval", "Bradley-Terry"],
        disable_numparse=True,
        colalign=("right", "left", "right", "right", "right"),
    )
    yield from drawn.splitlines()
    yield "each played the model under test alone, whose strength is 0"


def _bounds(score: MeanScore) -> tuple[float, float] | None:
    return None if score.low is None or score.high is None else (score.low, score.high)
