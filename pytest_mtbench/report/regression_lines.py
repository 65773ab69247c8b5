"""What the summary says of a comparison with a baseline."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, stdev

from ..protocol.thinking import cut_thinking
from ..scores.gates import GateResult
from ..scores.paired import paired_questions
from ..scores.regression import Comparison
from ..scores.regression_gate import JUDGE, REGRESSION, RegressionSpec, sentence
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
    yield _verdict(report, spec, last)
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


def _verdict(report: RunReport, spec: RegressionSpec, last: Comparison) -> str:
    runs = f"{last.runs[1]} run{'s' if last.runs[1] > 1 else ''}"
    against = f"against {spec.baseline.model} ({runs}, {spec.baseline.name})"
    gates: dict[str, GateResult] = {gate.name: gate for gate in report.gates}
    if REGRESSION in gates:
        said = gates[REGRESSION].message.removeprefix(f"{REGRESSION}: ")
    else:
        blind = report.outcome is not None and report.outcome.blind
        said = f"{'nothing can be said' if blind else sentence(last)}; gate[regression] did not run"
    judge = f"; {gates[JUDGE].message}" if JUDGE in gates else ""
    return f"{against}: {said}{judge}"


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
    lengths: dict[object, list[tuple[int, int]]] = {}
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
    controlled = _at_equal_length(report, spec, lengths)
    at_equal = "" if controlled is None else f"; at equal length the change would be {controlled:+.2f}"
    return f"{words}{at_equal} (advice: no gate looks at length)"


def _at_equal_length(
    report: RunReport, spec: RegressionSpec, lengths: dict[object, list[tuple[int, int]]]
) -> float | None:
    """The intercept of d = b0 + b1 * tanh(dlog length / sd) over questions, by least squares."""
    candidate = {result.place: result.scores for result in report.card.results}
    growth, change = [], []
    for question in report.plan.selected:
        old, new = (sum(pair[side] for pair in lengths.get(question.id, [])) for side in (0, 1))
        paired = paired_questions(
            {place: scores for place, scores in candidate.items() if place[0] == question.id},
            spec.baseline.scores,
            {question.id: question.category},
        )
        if old and new and paired:
            growth.append(math.log(new / old))
            change.append(paired[0].difference)
    if len(growth) < 3 or not (sd := stdev(growth)):
        return None
    x = [math.tanh(value / sd) for value in growth]
    middle = fmean(x)
    spread = sum((value - middle) ** 2 for value in x)
    slope = sum((value - middle) * d for value, d in zip(x, change, strict=True)) / spread if spread else 0.0
    return fmean(change) - slope * middle
