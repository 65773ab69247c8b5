"""The summary after the tests: a title and its lines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from ..demo import shown_name
from ..domain.result import NOT_JUDGED
from ..domain.tally import CallCount
from ..engine.plan import Plan
from ..untrusted.text import one_line
from .bias_lines import bias_lines
from .jury import jury_lines
from .line import Line, pieced, style_of, whole, wrapped
from .pairwise_lines import pairwise_lines, ranking
from .people_lines import PEOPLE_GATES, people_lines
from .profile_lines import profile_lines
from .regression_lines import regression_lines
from .run_report import RunReport
from .table import BASELINE_GATES, table

_LOWEST_SHOWN = 5
_UNSCORED_SHOWN = 5
_SCREEN = 50
"""Lines of which a reader at the end of a long log sees the first one."""


def title(plan: Plan, what: str = "MT-Bench") -> str:
    """The heading: model, judge and set."""
    judge = " + ".join(shown_name(one.label, one.endpoint.url) for one in plan.judges)
    if not plan.model.name:
        return one_line(f"{what}: the judge {judge} beside people, on {plan.questions.title}")
    model = shown_name(plan.model.name, plan.model.endpoint.url)
    model += f" (answers of {plan.answers_of})" if plan.answers_of else ""
    others = ", ".join(shown_name(other.label, other.endpoint.url) for other in plan.opponents)
    against = f" against {others}" if others else ""
    return one_line(f"{what}: {model}{against}, judged by {judge}, on {plan.questions.title}")


def lines(report: RunReport, width: int) -> Iterator[Line]:
    """The summary, line by line, printable and no wider than the terminal where that can be.

    The table stands first, unless there is so much to say that it would leave the screen.

    Args:
        width: columns of the terminal.
    """
    said = list(_said(report, width))
    rows = list(table(report, width)) if report.card.results else []
    parts = (rows, said) if len(rows) + len(said) < _SCREEN else (said, rows)
    for line in (*parts[0], *([""] if rows else []), *parts[1]):
        yield line if isinstance(line, Line) else Line(line)


def _said(report: RunReport, width: int) -> Iterator[str]:
    """Everything but the table."""
    if report.card.results:
        for line in profile_lines(report):
            yield from wrapped(line, width)
    elif not report.is_audition and not report.card.unjudged:
        yield "no turn was measured"
    yield from _gates(report, width)
    for line in (*pairwise_lines(report), *jury_lines(report)):
        yield from wrapped(line, width)
    yield from ranking(report, width)
    for line in bias_lines(report.biases):
        yield from wrapped(line, width)
    for line in people_lines(report):
        yield from wrapped(line, width)
    for line in regression_lines(report):
        yield from wrapped(line, width) if line[:1] != " " else [line]
    yield from _unscored(report, width)
    yield from _lost(report) if report.plan.opponents else _lowest(report)
    yield from call_lines(report, width)
    for note in (*report.plan.questions.notes, *report.remarks, *report.tally.notes):
        yield from wrapped(note if note.startswith("warning:") else f"note: {note}", width)


def _gates(report: RunReport, width: int) -> Iterator[str]:
    for gate in report.gates:
        if gate.status != "passed" and gate.name not in (*BASELINE_GATES, *PEOPLE_GATES):
            said = (f" {report.shown_id(gate.id)} - {gate.message}", None)
            yield from wrapped(pieced((gate.status.upper(), style_of(gate.status)), said), width)


def _unscored(report: RunReport, width: int) -> Iterator[str]:
    missing = [result for result in report.card.results if result.unscored is not None]
    if missing:
        yield whole(f"unscored: {len(missing)} of {len(report.card.results)} turns", "warning")
        for result in missing[:_UNSCORED_SHOWN]:
            yield from wrapped(f"  {report.id_of(result)}: {one_line(result.unscored or '')}", width, "    ")
        if len(missing) > _UNSCORED_SHOWN:
            yield f"  and {len(missing) - _UNSCORED_SHOWN} more"
    if report.card.unjudged:
        yield from wrapped(unjudged_line(len(report.card.unjudged)), width)
    flags = Counter(flag for result in report.card.listed for flag in result.flags)
    if flags:
        yield from wrapped("flags: " + ", ".join(f"{flag} {count}" for flag, count in sorted(flags.items())), width)


def unjudged_line(count: int) -> str:
    """What is said of turns that were answered and not judged."""
    turns = "1 turn was" if count == 1 else f"{count} turns were"
    return f"{NOT_JUDGED}: {turns} answered and nobody read a score; they are part of no score and no gate"


def _lowest(report: RunReport) -> Iterator[str]:
    rated = [(result.score, result) for result in report.card.results if result.score is not None]
    if len(rated) > _LOWEST_SHOWN:
        yield "lowest turns:"
        for score, result in sorted(rated, key=lambda pair: pair[0])[:_LOWEST_SHOWN]:
            yield f"  {score:5.2f}  {report.id_of(result)}"


def _lost(report: RunReport) -> Iterator[str]:
    lost = [result for result in report.card.results if any(game.outcome == "loss" for game in result.games)]
    if lost:
        yield f"lost turns{f' ({_LOWEST_SHOWN} of {len(lost)})' if len(lost) > _LOWEST_SHOWN else ''}:"
        for result in lost[:_LOWEST_SHOWN]:
            yield f"  {report.id_of(result)}"


def call_lines(report: RunReport, width: int) -> Iterator[str]:
    """Requests, tokens, cost, time, and how old the oldest answer is."""
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
