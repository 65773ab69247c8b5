"""The table of the summary: a row for each category, turn and the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tabulate import tabulate
from wcwidth import wcswidth

from ..scores.gates import GateResult, GateSpec
from ..scores.paired import Change
from ..scores.regression_gate import JUDGE, REGRESSION
from ..scores.scorecard import MeanScore
from ..untrusted.text import no_command, one_line
from .line import Line, Span, style_of
from .run_report import RunReport

BASELINE_GATES = (REGRESSION, JUDGE)


class _Layout(NamedTuple):
    """The columns that are shown by what stands in them, and how wide a label may be."""

    headers: Mapping[str, str]
    label: int


def _layouts(names: str, *rows: tuple[int, str]) -> tuple[_Layout, ...]:
    """Layouts from the widest to the narrowest; a column without a header is not shown."""
    keys = names.split("|")
    return tuple(
        _Layout({key: header for key, header in zip(keys, headers.split("|"), strict=True) if header != "-"}, label)
        for label, headers in rows
    )


_SINGLE = _layouts(
    "label|turn1|turn2|mean|interval|baseline|change|minimum|gate",
    (28, "category|turn 1|turn 2|mean|95 % interval|baseline|change|threshold|gate"),
    (20, "|t1|t2|mean|95 %|base|change|min|gate"),
    (16, "|t1|t2|mean|-|base|change|min|gate"),
    (10, "|-|-|mean|-|-|change|min|gate"),
    (10, "|-|-|mean|-|-|-|-|gate"),
)
_PAIRWISE = _layouts(
    "label|wins|ties|losses|turn1|turn2|mean|interval|minimum|gate",
    (28, "category|wins|ties|losses|turn 1|turn 2|win rate|95 % interval|threshold|gate"),
    (20, "|win|tie|loss|t1|t2|rate|95 %|min|gate"),
    (16, "|win|tie|loss|-|-|rate|95 %|min|gate"),
    (10, "|win|tie|loss|-|-|rate|-|-|gate"),
    (10, "|-|-|-|-|-|rate|-|-|gate"),
)
_COMPARED, _GATED = {"baseline", "change"}, {"minimum", "gate"}
_UNCUT = 1000


def table(report: RunReport, width: int) -> Iterator[Line]:
    """The table's lines, in the first layout that fits.

    Args:
        width: columns of the terminal.
    """
    changes = score_changes(report)
    hidden = _hidden(report, changes)
    rows = list(score_rows(report))
    text = ""
    for layout in _layouts_of(report):
        text = _drawn(layout, [_cells(*row, changes, layout.label) for row in rows], hidden)
        if max(map(wcswidth, text.splitlines())) <= width:
            break
    yield from _with_styles(text.splitlines(), [gate for *_, gate in rows])


def _with_styles(lines: list[str], gates: list[GateResult | None]) -> Iterator[Line]:
    """Has the last cell of a row stand out where that is a gate's status; a row that has no such ends in another."""
    head = len(lines) - len(gates)
    for line, gate in zip(lines, [None] * head + gates, strict=True):
        if gate is not None and line.endswith(gate.status):
            yield Line(line, Span(len(line) - len(gate.status), len(line), style_of(gate.status)))
        else:
            yield Line(line)


def whole_table(report: RunReport) -> Iterator[list[str]]:
    """The headers, then the cells of each row, with every column that there is and labels that are not cut."""
    changes = score_changes(report)
    headers = _layouts_of(report)[0].headers
    kept = [key for key in headers if key not in _hidden(report, changes)]
    yield [headers[key] for key in kept]
    for row in score_rows(report):
        cells = _cells(*row, changes, _UNCUT)
        yield [cells[key] for key in kept]


def _layouts_of(report: RunReport) -> tuple[_Layout, ...]:
    return _PAIRWISE if report.plan.opponents else _SINGLE


def _hidden(report: RunReport, changes: Mapping[int, Change]) -> set[str]:
    """The columns in which nothing stands."""
    asked = any(spec.kind not in BASELINE_GATES for spec in report.specs)
    return (set() if changes else _COMPARED) | (set() if asked else _GATED)


def score_rows(report: RunReport) -> Iterator[tuple[str, MeanScore, GateSpec | None, GateResult | None]]:
    """Label, score, gate asked for and gate decided of each category, turn and the whole, as far as measured."""
    specs: dict[tuple[str, str], GateSpec] = {(spec.kind, spec.category or spec.name): spec for spec in report.specs}
    gates = {gate.name: gate for gate in report.gates}
    card = report.card
    scores = [("category", name, name, score) for name, score in card.categories.items()]
    scores += [("turn", f"turn{n}", f"turn {n}", score) for n, score in card.turns.items()]
    scores.append(("overall", "overall", "overall", card.overall))
    for kind, name, label, score in scores:
        if score.measured:
            spec = specs.get((kind, name))
            yield label, score, spec, gates.get(spec.name) if spec else None


def score_changes(report: RunReport) -> dict[int, Change]:
    """The change against the baseline by the identity of the score that it is of."""
    if report.outcome is None or report.outcome.old:
        return {}
    last, card = report.outcome.last, report.card
    pairs = [(card.categories[name], change) for name, change in last.categories.items() if name in card.categories]
    pairs += [(card.turns[number], change) for number, change in last.turns.items() if number in card.turns]
    pairs += [(card.overall, last.overall)] if last.overall else []
    return {id(score): change for score, change in pairs}


def _drawn(layout: _Layout, rows: list[dict[str, str]], hidden: set[str]) -> str:
    kept = [key for key in layout.headers if key not in hidden]
    return tabulate(
        [[row[key] for key in kept] for row in rows],
        [layout.headers[key] for key in kept],
        disable_numparse=True,
        colalign=["left" if key in ("label", "gate") else "right" for key in kept],
    )


def _cells(
    label: str,
    score: MeanScore,
    spec: GateSpec | None,
    gate: GateResult | None,
    changes: Mapping[int, Change],
    most: int,
) -> dict[str, str]:
    part = "" if score.complete else f" ({score.measured}/{score.expected})"
    change, games = changes.get(id(score)), score.games
    return {
        "label": _cut(no_command(one_line(label)), most) + part,
        "wins": str(games.wins) if games else "",
        "ties": str(games.ties) if games else "",
        "losses": str(games.losses) if games else "",
        "turn1": two(score.turns.get(1)),
        "turn2": two(score.turns.get(2)),
        "mean": two(score.mean),
        "interval": interval(score),
        "baseline": two(change.baseline if change else None),
        # The change and half the width of its 95 % interval.
        "change": f"{change.mean:+.2f} ±{change.interval()[1] - change.mean:.2f}" if change else "",
        "minimum": f"{spec.minimum:g}" if spec else "",
        "gate": gate.status if gate else ("not run" if spec else ""),
    }


def interval(score: MeanScore) -> str:
    """The 95 % interval, where there is one."""
    return "" if score.low is None or score.high is None else f"{score.low:.2f}-{score.high:.2f}"


def _cut(label: str, most: int) -> str:
    """A label in at most so many columns."""
    if wcswidth(label) <= most:
        return label
    while wcswidth(label) > most - 2:
        label = label[:-1]
    return label + ".."


def two(number: float | None) -> str:
    """A score as every table has it."""
    return "" if number is None else f"{number:.2f}"
