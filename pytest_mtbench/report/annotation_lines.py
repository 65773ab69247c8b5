"""What failed, as lines of the log that GitHub's runner takes for annotations and shows beside the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..untrusted.text import shorten
from .run_report import RunReport

MOST = 10
"""GitHub shows no more of a step."""

_LONGEST = 1_000


def annotation_lines(reports: Sequence[RunReport], files: Mapping[str, str], *, failures: bool = True) -> Iterator[str]:
    """The lines, gates first: then why the run ended, turns below the floor, turns without a score.

    Args:
        reports: one a suite.
        files: the suite files by the suite's key, relative to the repository; none for the built-in suite.
        failures: also of items that failed; not where somebody else annotates those.
    """
    parts = (_gates, _ends, _too_low, _unscored) if failures else (_ends, _unscored)
    found = [(report, title, message) for part in parts for report, title, message in part(reports)]
    kept = found if len(found) <= MOST else found[: MOST - 1]
    for report, title, message in kept:
        yield _line(files.get(report.plan.key, ""), title, message)
    if len(found) > len(kept):
        yield _line("", "MT-Bench", f"and {len(found) - len(kept)} more: see the log, or the summary of the job")


_Found = Iterator[tuple[RunReport, str, str]]
"""Report, title and message."""


def _gates(reports: Sequence[RunReport]) -> _Found:
    for report in reports:
        for gate in report.gates:
            if gate.status == "failed":
                yield report, gate.id, gate.message


def _ends(reports: Sequence[RunReport]) -> _Found:
    """What ended the run or is wrong with it that no item tells: the same of every suite."""
    for report in reports[:1]:
        if report.ending.reason is not None:
            yield report, "MT-Bench", report.ending.reason


def _too_low(reports: Sequence[RunReport]) -> _Found:
    for report in reports:
        for result in report.card.results:
            if report.is_below_floor(result):
                yield report, report.ids[result.place], f"score {result.score:g} is below the floor"


def _unscored(reports: Sequence[RunReport]) -> _Found:
    for report in reports:
        for result in report.card.results:
            if result.score is None and result.unscored is not None:
                yield report, report.ids[result.place], f"unscored: {result.unscored}"


def _line(file: str, title: str, message: str) -> str:
    said = [f"file={_property(file)}"] if file else []
    return f"::error {','.join([*said, f'title={_property(title)}'])}::{_data(message)}"


def _data(text: str) -> str:
    """A value as the runner reads it (actions/toolkit, `command.ts`): whatever it holds, the line stays one command."""
    return shorten(text, _LONGEST).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
