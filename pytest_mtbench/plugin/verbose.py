"""What `-v` adds to the line of a turn that passed: its score and its answer; all of its texts with `-vv`."""

from __future__ import annotations

import pytest

from ..report.turn_texts import in_short
from .item import TEXTS

_PERCENT = len(" [100%]") + 1


class VerbosePlugin:
    """Speaks while items run; pytest's short summary asks for the same words later, and gets its own."""

    def __init__(self) -> None:
        self._running = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Falls silent."""
        self._running = False

    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """The words for a turn that passed."""
        text = _texts_of(report)
        verbosity = config.getoption("verbose")
        if not self._running or verbosity < 1 or text is None or hasattr(report, "wasxfail"):
            return None
        writer = config.get_terminal_writer()
        if hasattr(report, "node"):  # with xdist the id stands behind the word
            return "passed", ".", (f"PASSED ({in_short(text, 0)})", {"green": True})
        if verbosity > 1:
            return "passed", ".", (f"{writer.markup('PASSED', green=True)}\n{text.rstrip()}", {})
        before = max(writer.width_of_current_line, len(report.nodeid) + 1)
        room = writer.fullwidth - before - len("PASSED ()") - _PERCENT
        return "passed", ".", (f"PASSED ({in_short(text, room)})", {"green": True})


def _texts_of(report: pytest.CollectReport | pytest.TestReport) -> str | None:
    """The texts of one of our turns that passed its call."""
    if report.when != "call" or not report.passed:
        return None
    return next((text for name, text in report.sections if name == f"Captured {TEXTS} call"), None)
