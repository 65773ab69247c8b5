"""What GitHub Actions gets by itself: annotations in the log and the Markdown report in the step's summary."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ..report.annotation_lines import annotation_lines
from ..report.markdown_report import markdown_report
from ..report.run_report import RunReport
from ..suite.resolved import ResolvedSuite
from ..untrusted.text import one_line
from .ending import say

_LARGEST_SUMMARY = 2**20
"""Bytes of a step's summary; GitHub drops the whole of a larger one."""
_ANNOTATES_FAILURES = ("annotate_errors", "pytest_github_actions_annotate_failures")
"""Names of pytest-github-actions-annotate-failures, new and old, which annotates each item that failed."""


def annotate(config: pytest.Config, suites: Sequence[ResolvedSuite], reports: Sequence[RunReport]) -> None:
    """Annotates, under GitHub Actions alone, what failed and has no annotation yet; nothing where the run passed.

    A turn may lack a score that no test has read.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true" or all(report.ending.status == "passed" for report in reports):
        return
    root = Path(os.environ.get("GITHUB_WORKSPACE") or config.rootpath)
    files = {suite.id: _relative(suite.path, root) for suite in suites if suite.path is not None}
    annotated = any(map(config.pluginmanager.has_plugin, _ANNOTATES_FAILURES))
    lines = list(annotation_lines(reports, files, failures=not annotated))
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None:
        say(config, lines)
        return
    # The dots of the last tests may stand on the line still, also where pytest's `ensure_newline` takes it for empty.
    for line in ["", *lines] if lines else ():
        reporter.write_line(line)


def append_summary(reports: Sequence[RunReport]) -> Iterator[str]:
    """Appends the Markdown report to the step's summary, where there is one.

    Yields:
        why it could not be, for the summary; no run fails for it.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name or not reports:
        return
    path, text = Path(name), f"\n{markdown_report(reports)}".encode()
    try:
        problem = _append(path, text)
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        problem = f"could not be written ({reason})"
    if problem:
        yield one_line(f"GITHUB_STEP_SUMMARY: {problem}")


def _append(path: Path, text: bytes) -> str:
    """Appends to a file; gives back why that was left."""
    if path.exists() and not path.is_file():
        return "not written: there is something that is no file"
    there = path.stat().st_size if path.exists() else 0
    if there + len(text) > _LARGEST_SUMMARY:
        return f"left as it is: it holds {there:,} bytes, and GitHub takes no more than {_LARGEST_SUMMARY:,}"
    with path.open("ab") as file:
        file.write(text)
    return ""


def _relative(path: Path, root: Path) -> str:
    """A path as GitHub names files: from the root of the repository on."""
    with contextlib.suppress(ValueError):  # on another drive of Windows
        return Path(os.path.relpath(path, root)).as_posix()
    return path.as_posix()
