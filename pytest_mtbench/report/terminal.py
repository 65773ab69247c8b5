"""The summary after the tests: a title and its lines."""

from __future__ import annotations

import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tabulate import tabulate
from wcwidth import wcswidth

from ..demo import shown_name
from ..gates import GateResult, GateSpec
from ..paired import Change
from ..regression_gate import JUDGE, REGRESSION
from ..scoring import Score
from ..tally import CallCount
from ..text import no_command, one_line
from .published import nearest, tier
from .regression_lines import regression_lines
from .run_report import RunReport


class _Layout(NamedTuple):
    headers: tuple[str | None, ...]
    label: int


# From the widest to the narrowest; the first that fits is taken.
_LAYOUTS = (
    _Layout(("category", "turn 1", "turn 2", "mean", "95 % interval", "baseline", "change", "threshold", "gate"), 28),
    _Layout(("", "t1", "t2", "mean", "95 %", "base", "change", "min", "gate"), 20),
    _Layout(("", "t1", "t2", "mean", None, "base", "change", "min", "gate"), 16),
    _Layout(("", None, None, "mean", None, None, "change", "min", "gate"), 10),
    _Layout(("", None, None, "mean", None, None, None, None, "gate"), 10),
)
_COMPARED, _GATED = (5, 6), (7, 8)
"""The columns of a comparison with a baseline, and those of gates."""
_BASELINE = (REGRESSION, JUDGE)
_LOWEST_SHOWN = 5
_UNSCORED_SHOWN = 5


def title(report: RunReport) -> str:
    """The heading: model, judge and set."""
    plan = report.plan
    model = shown_name(plan.model.name, plan.model.endpoint.url)
    judge = shown_name(plan.judge.name, plan.judge.endpoint.url)
    return one_line(f"MT-Bench: {model}, judged by {judge}, on {plan.questions.short_name}")


def lines(report: RunReport, width: int) -> Iterator[str]:
    """The summary, line by line, printable and no wider than the terminal where that can be.

    Args:
        width: columns of the terminal.
    """
    if not report.card.results:
        yield "no turn was measured"
    else:
        yield from _table(report, width)
        yield ""
        yield from _standing(report, width)
    yield from _gates(report, width)
    for line in regression_lines(report):
        yield from wrapped(line, width) if line[:1] != " " else [line]
    yield from _unscored(report, width)
    yield from _lowest(report)
    yield from _calls(report, width)
    for note in (*report.plan.questions.notes, *report.remarks, *report.tally.notes):
        yield from wrapped(note if note.startswith("warning:") else f"note: {note}", width)


def _table(report: RunReport, width: int) -> Iterator[str]:
    specs = {(spec.kind, spec.name): spec for spec in report.specs}
    gates = {gate.name: gate for gate in report.gates}
    rows: list[tuple[str, Score, GateSpec | None]] = []
    by_category = {spec.category: spec for spec in report.specs if spec.kind == "category"}
    rows += [(name, score, by_category.get(name)) for name, score in report.card.categories.items()]
    rows += [(f"turn {n}", score, specs.get(("turn", f"turn{n}"))) for n, score in report.card.turns.items()]
    rows.append(("overall", report.card.overall, specs.get(("overall", "overall"))))
    shown = [row for row in rows if row[1].n + row[1].unscored]
    text = ""
    for layout in _LAYOUTS:
        text = _layout(layout, shown, gates, _changes(report), gated=any(kind not in _BASELINE for kind, _ in specs))
        if max(map(wcswidth, text.splitlines())) <= width:
            break
    yield from text.splitlines()


def _changes(report: RunReport) -> dict[int, Change]:
    """The change against the baseline by the identity of the score that it is of."""
    if report.outcome is None:
        return {}
    last, card = report.outcome.last, report.card
    pairs = [(card.categories[name], change) for name, change in last.categories.items() if name in card.categories]
    pairs += [(card.turns[number], change) for number, change in last.turns.items() if number in card.turns]
    pairs += [(card.overall, last.overall)] if last.overall else []
    return {id(score): change for score, change in pairs}


def _layout(
    layout: _Layout,
    rows: list[tuple[str, Score, GateSpec | None]],
    gates: dict[str, GateResult],
    changes: dict[int, Change],
    *,
    gated: bool,
) -> str:
    hidden = (*(() if changes else _COMPARED), *(() if gated else _GATED))
    headers = [None if index in hidden else header for index, header in enumerate(layout.headers)]
    kept = [index for index, header in enumerate(headers) if header is not None]
    cells = [
        _cells(label, layout.label, score, changes.get(id(score)), spec, gates.get(spec.name) if spec else None)
        for label, score, spec in rows
    ]
    return tabulate(
        [[row[index] for index in kept] for row in cells],
        [headers[index] or "" for index in kept],
        disable_numparse=True,
        colalign=["left" if index in (0, 8) else "right" for index in kept],
    )


def _cells(
    label: str, most: int, score: Score, change: Change | None, spec: GateSpec | None, gate: GateResult | None
) -> list[str]:
    part = "" if score.complete else f" ({score.n + score.unscored}/{score.expected})"
    interval = "" if score.low is None or score.high is None else f"{score.low:.2f}-{score.high:.2f}"
    return [
        _cut(no_command(one_line(label)), most) + part,
        _two(score.turns.get(1)),
        _two(score.turns.get(2)),
        _two(score.mean),
        interval,
        _two(change.baseline if change else None),
        _change(change),
        f"{spec.minimum:g}" if spec else "",
        gate.status if gate else ("not run" if spec else ""),
    ]


def _change(change: Change | None) -> str:
    """The change and half the width of its 95 % interval."""
    return f"{change.mean:+.2f} ±{change.interval()[1] - change.mean:.2f}" if change else ""


def _cut(label: str, most: int) -> str:
    """A label in at most so many columns."""
    if wcswidth(label) <= most:
        return label
    while wcswidth(label) > most - 2:
        label = label[:-1]
    return label + ".."


def _two(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _standing(report: RunReport, width: int) -> Iterator[str]:
    mean = report.card.overall.mean
    if mean is None or not report.whole_original:
        return
    near = ", ".join(f"{name} {score:.2f}" for name, score in nearest(mean))
    yield from wrapped(f"tier: {tier(mean)} ({mean:.2f}); nearest published scores, judged by GPT-4: {near}", width)


def _gates(report: RunReport, width: int) -> Iterator[str]:
    for gate in report.gates:
        if gate.status != "passed" and gate.name not in _BASELINE:
            yield from wrapped(f"{gate.status.upper()} {report.shown_id(gate.id)} - {gate.message}", width)


def _unscored(report: RunReport, width: int) -> Iterator[str]:
    missing = [result for result in report.card.results if result.unscored is not None]
    if missing:
        yield f"unscored: {len(missing)} of {len(report.card.results)} turns"
        for result in missing[:_UNSCORED_SHOWN]:
            yield from wrapped(f"  {report.id_of(result)}: {one_line(result.unscored or '')}", width, "    ")
        if len(missing) > _UNSCORED_SHOWN:
            yield f"  and {len(missing) - _UNSCORED_SHOWN} more"
    flags = Counter(flag for result in report.card.results for flag in result.flags)
    if flags:
        yield from wrapped("flags: " + ", ".join(f"{flag} {count}" for flag, count in sorted(flags.items())), width)


def _lowest(report: RunReport) -> Iterator[str]:
    rated = [(result.score, result) for result in report.card.results if result.score is not None]
    if len(rated) > _LOWEST_SHOWN:
        yield "lowest turns:"
        for score, result in sorted(rated, key=lambda pair: pair[0])[:_LOWEST_SHOWN]:
            yield f"  {score:5.2f}  {report.id_of(result)}"


def _calls(report: RunReport, width: int) -> Iterator[str]:
    tally = report.tally
    made = tally.answers.made + tally.judgments.made
    text = f"requests: {made} made ({_count('answers', tally.answers)}; {_count('judgments', tally.judgments)})"
    usage = tally.answer_usage + tally.judgment_usage
    if usage.input_tokens or usage.output_tokens:
        text += f"; tokens: {usage.input_tokens:,} in, {usage.output_tokens:,} out"
    if report.cost is not None:
        text += f"; cost: {report.cost:.2f} USD"
    yield from wrapped(f"{text}; {report.seconds:.1f} s", width)
    if tally.oldest_cached_answer is not None:
        age = _age(time.time() - tally.oldest_cached_answer)
        yield from wrapped(
            f"the oldest cached answer is {age} old; --mtbench-cache=judgments answers anew and reuses judgments", width
        )


def _count(name: str, count: CallCount) -> str:
    retried = f", {count.retried} retried" if count.retried else ""
    return f"{name} {count.made} made, {count.cached} cached{retried}"


def _age(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} seconds"


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Text as printable lines no wider than the terminal; what follows the first is indented."""
    lines = textwrap.wrap(
        one_line(text), max(40, width), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [no_command(line) for line in lines]
