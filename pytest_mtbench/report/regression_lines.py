"""What the summary says of a comparison with a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from ..domain.question import QuestionId
from ..protocol.thinking import cut_thinking
from ..scores.gates import GateResult
from ..scores.length import change_at_equal_length
from ..scores.regression import Comparison
from ..scores.regression_gate import JUDGE, REGRESSION, RegressionSpec, sentence
from .line import Line, Style, pieced, style_of
from .run_report import RunReport

_FALLEN_SHOWN = 5
_LENGTH_CHANGE = 0.2
"""The change of the mean length above which it is spoken of."""


def regression_lines(report: RunReport) -> Iterator[str]:
    """Verdict, looks, what the gate can see, what fell most and what the lengths say; not yet wrapped."""
    spec, outcome = report.regression, report.outcome
    if spec is None or outcome is None or not report.card.results:
        return
    last = outcome.last
    yield _headline(report, spec, last)
    if outcome.old:
        return
    if len(outcome.looks) > 1 and not outcome.blind:
        yield "looks: " + "; ".join(
            f"{look.runs[0]} run{'s' if look.runs[0] > 1 else ''}: {look.verdict} ({sentence(look)})"
            for look in outcome.looks
        )
    if last.smallest_drop is not None:
        yield (
            f"this gate sees a drop of {last.smallest_drop:.2f} in 80 of 100 cases; bounds hold at "
            f"{1 - last.level:.1%} on each side"
        )
    if not outcome.blind:
        yield from _fallen(report, last)
    advice = length_advice(report, spec)
    if advice:
        yield advice


def against(spec: RegressionSpec, last: Comparison) -> str:
    """What is compared with: model, runs and file."""
    runs = f"{last.runs[1]} run{'s' if last.runs[1] > 1 else ''}"
    return f"against {spec.baseline.model} ({runs}, {spec.baseline.name})"


def _headline(report: RunReport, spec: RegressionSpec, last: Comparison) -> Line:
    gates: dict[str, GateResult] = {gate.name: gate for gate in report.gates}
    pieces: list[tuple[str, Style | None]] = [(f"{against(spec, last)}: ", None)]
    if REGRESSION in gates:
        verdict, colon, why = gates[REGRESSION].message.removeprefix(f"{REGRESSION}: ").partition(":")
        style: Style = "warning" if verdict == "warning" else style_of(gates[REGRESSION].status)
        pieces += [(verdict, style), (colon + why, None)]
    else:
        blind = report.outcome is not None and bool(report.outcome.blind or report.outcome.old)
        said = "nothing can be said" if blind else sentence(last)
        pieces.append((f"{said}; gate[regression] did not run", None))
    if JUDGE in gates:
        judge = gates[JUDGE]
        pieces += [("; ", None), (judge.message, None if judge.status == "passed" else style_of(judge.status))]
    return pieced(*pieces)


def _fallen(report: RunReport, last: Comparison) -> Iterator[str]:
    """The turns that fell most, with their ids."""
    falls = sorted((item for item in last.by_turn.items() if item[1] < 0), key=lambda item: item[1])
    if falls:
        yield "fell most:"
        for place, change in falls[:_FALLEN_SHOWN]:
            yield f"  {change:+6.2f}  {report.shown_id(report.ids[place])}"


def length_advice(report: RunReport, spec: RegressionSpec) -> str | None:
    """What the change would be at equal lengths, where the mean length changed by more than a fifth.

    Advice and no more: with question and model held fixed, length and score correlate by .009 over 45 runs judged by
    GPT-4, and the correction changed no clear verdict in 11 real pairs.
    """
    before = spec.baseline.answers
    lengths: dict[QuestionId, list[tuple[int, int]]] = {}
    for result in report.card.results:
        old = before.get((*result.place, 0))
        if old and result.answer:
            pair = (len(cut_thinking(old)), len(cut_thinking(result.answer)))
            lengths.setdefault(result.key.question_id, []).append(pair)
    pairs = [pair for found in lengths.values() for pair in found]
    if not pairs:
        return None
    old_mean, new_mean = fmean(old for old, _ in pairs), fmean(new for _, new in pairs)
    if not old_mean or abs(new_mean / old_mean - 1) <= _LENGTH_CHANGE:
        return None
    percent = abs(new_mean / old_mean - 1)
    words = f"answers are {percent:.0%} {'longer' if new_mean > old_mean else 'shorter'} than the baseline's on average"
    candidate = {result.place: result.scores for result in report.card.results}
    together = {name: (sum(old for old, _ in found), sum(new for _, new in found)) for name, found in lengths.items()}
    controlled = change_at_equal_length(together, candidate, spec.baseline.scores)
    at_equal = "" if controlled is None else f"; at equal length the change would be {controlled:+.2f}"
    return f"{words}{at_equal} (advice: no gate looks at length)"
