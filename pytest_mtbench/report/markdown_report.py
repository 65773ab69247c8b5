"""The Markdown report: for a pull request, a job's summary, a release.

GitHub takes 65,536 characters in a comment and GitLab 1,000,000; neither shows a comment that is longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from ..scores.gates import GateResult
from ..scores.regression_gate import REGRESSION
from ..untrusted.markdown import cell, code, inline
from ..untrusted.text import shorten
from .bias_lines import bias_lines
from .fitting import Section, fitted
from .markdown_turns import turn_sections
from .pairwise_lines import pairwise_lines
from .people_lines import PEOPLE_GATES, people_lines
from .profile_lines import profile_lines
from .regression_lines import against, regression_lines
from .run_report import Ending, RunReport
from .table import whole_table
from .terminal import call_lines, title
from .verdict import verdict

LIMIT = 60_000
"""Bytes."""

_LEAST = 3_000
"""Bytes below which a suite is left out rather than told in part."""

_ELSEWHERE = "The other reports (--mtbench-report) hold everything."
_LONGEST_LINE = 1_000
_ENDLESS = 10**6
_MARKS = {"passed": "✅", "failed": "❌", "aborted": "❌", "inconclusive": "⚠️"}


def markdown_report(reports: Sequence[RunReport], limit: int = LIMIT) -> str:
    """The page: of each suite the verdict, the gates, the table, what fell, the profile, and the rest folded.

    Whatever texts and names hold, they stay text.

    Args:
        reports: one a suite; of many the failed ones are told first.
        limit: the bytes that it stays below.
    """
    ordered = sorted(map(_without_others(reports), reports), key=lambda report: report.ending.status == "passed")
    told = ordered[: max(1, limit // _LEAST)]
    share = limit // len(told) if told else 0
    pages = [fitted(list(_sections(report)), share, _ELSEWHERE) for report in told]
    left_out = len(ordered) - len(told)
    return "\n".join(pages) + (f"\nand {left_out} suites more. {_ELSEWHERE}\n" if left_out else "")


def _without_others(reports: Sequence[RunReport]) -> Callable[[RunReport], RunReport]:
    """Makes of a run's ending that of a single suite, where it failed for what another suite came to."""
    blamed = any(map(_fails, reports))

    def own(report: RunReport) -> RunReport:
        innocent = blamed and report.ending.status == "failed" and report.ending.reason is None and not _fails(report)
        return replace(report, ending=Ending()) if innocent else report

    return own


def _fails(report: RunReport) -> bool:
    results = report.card.results
    return any(gate.status == "failed" for gate in report.gates) or any(
        result.unscored is not None or report.is_below_floor(result) for result in results
    )


def _sections(report: RunReport) -> Iterator[Section]:
    heading = f"## {_MARKS[report.ending.status]} {_said(title(report.plan))}"
    yield Section("lines", [heading, _said(verdict(report))], between="\n\n")
    lines = [*pairwise_lines(report), *bias_lines(report.biases), *_of_people(report)]
    notes = [*report.plan.questions.notes, *report.remarks, *report.tally.notes]
    warnings = [line for line in (*lines, *notes) if _warns(line)]
    yield _bullets("gates", "", _gates(report))
    yield _bullets("warnings", "", (f"⚠️ {_said(line.removeprefix('warning: '))}" for line in warnings))
    yield _table(report)
    yield _fell(report)
    profile = (_said(line.removeprefix("profile: ")) for line in profile_lines(report))
    yield _bullets("lines of the profile", "### Profile", profile)
    yield _folded("lines of the judge", "Judge and people", (line for line in lines if not _warns(line)))
    yield from turn_sections(report)
    calls = call_lines(report, _ENDLESS)
    yield _folded("notes", "Requests, cost and notes", [*calls, *(line for line in notes if not _warns(line))])


def _gates(report: RunReport) -> Iterator[str]:
    """A line for each gate that did not pass, the failed ones first, and one for all others."""
    for status in ("failed", "inconclusive"):
        for gate in report.gates:
            if gate.status == status:
                yield f"{_MARKS[status]} {_id(report, gate)}: {_said(_message(gate))}"
    passed = [gate for gate in report.gates if gate.status == "passed"]
    for gate in passed:
        if gate.name == REGRESSION or gate.name in PEOPLE_GATES:
            yield f"{_MARKS['passed']} {_id(report, gate)}: {_said(_message(gate))}"
    others = [gate for gate in passed if gate.name != REGRESSION and gate.name not in PEOPLE_GATES]
    if others:
        yield f"{_MARKS['passed']} {', '.join(_id(report, gate) for gate in others)}"
    ran = {gate.name for gate in report.gates}
    not_run = [spec.name for spec in report.specs if spec.name not in ran]
    if not_run:
        yield f"not run: {', '.join(code(f'gate[{name}]') for name in not_run)}"


def _id(report: RunReport, gate: GateResult) -> str:
    return code(shorten(report.shown_id(gate.id), _LONGEST_LINE))


def _message(gate: GateResult) -> str:
    return gate.message.removeprefix(f"{gate.name}: ").removeprefix(f"{gate.status}: ")


def _table(report: RunReport) -> Section:
    headers, *rows = whole_table(report)
    made = [_row([cell(shorten(label, 100)), *map(_marked, cells)]) for label, *cells in rows]
    rule = _row(":---" if header in ("category", "gate") else "---:" for header in headers)
    return Section("rows of the table", made, f"{_row(headers)}\n{rule}", gap="\n")


def _marked(text: str) -> str:
    """A gate's status with its sign; other cells as they are."""
    return f"{_MARKS[text]} {text}" if text in _MARKS else text


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _fell(report: RunReport) -> Section:
    """The comparison with the baseline; what its gate says is told above."""
    lines = list(regression_lines(report))
    if not lines or report.regression is None or report.outcome is None:
        return Section("lines", [])
    if any(gate.name == REGRESSION for gate in report.gates):
        lines[0] = against(report.regression, report.outcome.last)
    return Section("lines of the comparison", [_listed(line) for line in lines], "### Against the baseline")


def _listed(line: str) -> str:
    """A line as an item of a list; one that is indented is a figure and an id, below the item before."""
    if not line.startswith(" "):
        return f"- {_said(line)}"
    figure, _, name = line.strip().partition("  ")
    return f"  - {figure} {code(shorten(name, _LONGEST_LINE))}"


def _of_people(report: RunReport) -> Iterator[str]:
    """What people say, without what the gates say of it."""
    gates = tuple(f"{report.shown_id(gate.id)} {gate.status}: " for gate in report.gates if gate.name in PEOPLE_GATES)
    return (line for line in people_lines(report) if not (gates and line.startswith(gates)))


def _bullets(what: str, head: str, lines: Iterable[str]) -> Section:
    return Section(what, [f"- {line}" for line in lines], head)


def _folded(what: str, summary: str, lines: Iterable[str]) -> Section:
    head = f"<details>\n<summary>{summary}</summary>"
    return Section(what, [f"- {_said(line)}" for line in lines], head, "</details>")


def _warns(line: str) -> bool:
    return line.startswith("warning: ")


def _said(line: str) -> str:
    return inline(shorten(line, _LONGEST_LINE))
