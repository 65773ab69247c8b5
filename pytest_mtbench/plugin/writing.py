"""The files and the hook that a finished run is told to; nothing that goes wrong there hides the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ..domain.sheet import SheetItem
from ..engine.plan import Plan
from ..files.fastchat_writer import export, export_files
from ..files.rating_sheet import sheet_as_csv
from ..files.whole import write_whole
from ..report import json_report
from ..report.jsonl_report import jsonl_report
from ..report.markdown_report import markdown_report
from ..report.run_report import RunReport
from ..scores.sample import sheet_items
from ..scores.shown import Shown
from ..suite.settings import Settings
from ..untrusted.redaction import redacted, secrets_of
from ..untrusted.text import one_line


def _page(reports: Sequence[RunReport]) -> str:
    from ..report.html_report import html_page  # here: few runs write a page

    return html_page(reports)


_OF_ALL_SUITES: Mapping[str, Callable[[Sequence[RunReport]], str]] = {
    ".html": _page,
    ".jsonl": jsonl_report,
    ".md": markdown_report,
}
"""The text of a report that can hold several suites, by its suffix."""


class Writer:
    """Writes the reports and exports of a run, as often as it comes to know more.

    Args:
        settings: say where.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: set[Path] = set()
        self._written: set[Path] = set()
        self._sheets: dict[Path, str] = {}

    def write(self, reports: Sequence[RunReport]) -> Iterator[str]:
        """Writes the files of a run.

        Args:
            reports: one a suite; of one alone where there is a file that holds a single suite.

        Yields:
            what could not be written, a line each.
        """
        for path in self._settings.reports if reports else ():
            if not self._keep(path, reports):
                yield from self._tried(path, f"--mtbench-report={path}", lambda path=path: self._write(path, reports))
        for report in reports:
            yield from self._export(report)

    def _write(self, path: Path, reports: Sequence[RunReport]) -> None:
        if path.suffix in _OF_ALL_SUITES:
            text = _OF_ALL_SUITES[path.suffix](reports)
        else:
            (report,) = reports
            text = json_report.as_text(json_report.as_json(report), every_run=self._settings.shard is not None)
        write_whole(path, text)

    def _export(self, report: RunReport) -> Iterator[str]:
        folder = self._settings.export
        if folder is not None and not any(self._keep(path, [report]) for path in export_files(folder, report.plan)):
            rows, note = report.card.listed, report.tally.note
            what = f"--mtbench-export={folder}"
            yield from self._tried(folder, what, lambda: export(folder, report.plan, rows, report.started, note))

    def write_sheets(self, shown: Iterable[Shown], sample: int, seed: int) -> Iterator[str]:
        """Writes the sheets for people; see `write`."""
        items = sheet_items(shown, sample, seed)
        for path in self._settings.rate_sheets:
            if not items:
                self._sheets[path] = "not written, since there is no answer that people could see"
                continue
            yield from self._tried(path, f"--mtbench-rate-sheet={path}", lambda path=path: _write_sheet(path, items))
            if path in self._written:
                self._sheets[path] = f"{_counted(items)} for people; --mtbench-people takes what they fill in"

    @property
    def told(self) -> list[str]:
        """What the summary says of sheets, and of files that a run which measured nothing left as they were."""
        why = "not replaced, since this run scored no turn; remove it, or name another file"
        kept = [f"{path}: {why}" for path in sorted(self._kept)]
        return kept + [f"{path}: {said}" for path, said in self._sheets.items()]

    def _keep(self, path: Path, reports: Iterable[RunReport]) -> bool:
        """Whether a file stays: nothing was measured, and it is of an earlier run."""
        results = [result for report in reports for result in (*report.card.results, *report.compared)]
        measured = any(score is not None for result in results for score in result.scores)
        if path not in self._written and path.exists() and not measured:
            self._kept.add(path)
        return path in self._kept

    def _tried(self, path: Path, what: str, write: Any) -> Iterator[str]:
        try:
            write()
            self._written.add(path)
        except (OSError, ValueError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            yield one_line(f"{what}: could not be written ({reason}); what was there before is there still")


def _counted(items: Sequence[SheetItem]) -> str:
    return f"{len(items)} {'comparisons' if items[0].right else 'answers'}"


def _write_sheet(path: Path, items: Sequence[SheetItem]) -> None:
    if path.suffix == ".html":
        from ..report.rating_page import rating_page  # here: few runs write a page

        write_whole(path, rating_page(items, f"MT-Bench, {_counted(items)}"))
    else:
        write_whole(path, sheet_as_csv(items))


def call_report_hook(config: pytest.Config, report: RunReport) -> Iterator[str]:
    """Hands the report to `pytest_mtbench_report`.

    Yields:
        what the user's code did instead of coming back, be it `sys.exit(0)`.
    """
    written = json.loads(json_report.as_text(json_report.as_json(report), every_run=True))
    try:
        config.hook.pytest_mtbench_report(report=written)
    except BaseException as error:  # noqa: BLE001 - the user's code, whatever it does, hides no gate and no table
        said = redacted(f"{type(error).__name__}: {_said(error)}", list(_secrets([report.plan])))
        yield one_line(f"pytest_mtbench_report ended in {said[:500]}")


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - as above
        return "(its text cannot be had)"


def _secrets(plans: Iterable[Plan]) -> Iterator[str]:
    for plan in plans:
        for role in (plan.model, *plan.judges, *plan.opponents):
            yield from secrets_of(role.endpoint.api_key, role.endpoint.url)
