"""What items reported -> the scorecard, the reports and the summary."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ..domain.tally import Tally
from ..files.fastchat_writer import export
from ..report import dry_run, json_report, terminal
from ..report.run_report import RunReport
from ..scores.gates import GateResult
from ..scores.regression_gate import outcome_of
from ..scores.scorecard import scorecard, scorecards
from ..untrusted.text import one_line
from .item import FATAL_PROPERTY, end_run, gate_of
from .names import turn_item_ids

if TYPE_CHECKING:
    from ..engine.runner import LocalRunner
    from ..suite.resolve import ResolvedSuite
    from .registry import SuiteRegistry
    from .session import SessionPlugin


class ResultsPlugin:
    """Gathers gate results from wherever items ran, and tells them at the end."""

    def __init__(self, config: pytest.Config, registry: SuiteRegistry, session: SessionPlugin) -> None:
        self._config = config
        self._registry = registry
        self._session = session
        self._gates: dict[tuple[str, str], GateResult] = {}
        self._reports: list[RunReport] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = gate_of(report)
        if told is not None:
            suite_id, gate = told
            self._gates[suite_id, gate.name] = gate
        fatal = dict(report.user_properties).get(FATAL_PROPERTY)
        if fatal is not None:
            end_run(self._config, one_line(self._session.channel_failure or str(fatal)))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the reports, also where nothing is printed; the table is made from the same."""
        settings, runner = self._registry.settings, self._session.runner
        if runner is None:
            return
        self._reports = [self._report(suite, runner) for suite in self._measured_suites(runner)]
        for report in self._reports:
            written = json_report.as_json(report)
            for path in settings.reports:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json_report.as_text(written, every_run=settings.shard is not None), encoding="utf-8")
            if settings.export:
                export(settings.export, report.plan, report.card.results, report.started, report.tally.note)
            session.config.hook.pytest_mtbench_report(report=written)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if terminalreporter.config.getoption("no_summary"):
            return
        width = shutil.get_terminal_size().columns
        for suite, estimated in self._session.estimates:
            terminalreporter.ensure_newline()
            terminalreporter.section(dry_run.title(suite.plan))
            most = suite.regression.rule.looks[-1] if suite.regression else suite.plan.runs
            for line in dry_run.lines(suite.plan, estimated, width, most):
                terminalreporter.write_line(line)
        for report in self._reports:
            terminalreporter.ensure_newline()
            terminalreporter.section(terminal.title(report.plan))
            for line in terminal.lines(report, width):
                terminalreporter.write_line(line)

    def _measured_suites(self, runner: LocalRunner) -> list[ResolvedSuite]:
        """The suites that run, and the default one where a user's tests have read it."""
        asked = {key.suite for key in runner.results()}
        running = {suite.id for suite in self._registry.suites.values()}
        return [suite for suite in self._registry.all if suite.id in running | asked]

    def _report(self, suite: ResolvedSuite, runner: LocalRunner) -> RunReport:
        results = [result for result in runner.results().values() if result.key.suite == suite.id]
        # In the order of the suite, whichever worker was first.
        known = [self._gates.get((suite.id, name)) for name in suite.gate_order]
        regression = suite.regression
        return RunReport(
            plan=suite.plan,
            card=scorecard(suite.plan.selected, results),
            specs=suite.gates or suite.thresholds,
            gates=tuple(gate for gate in known if gate is not None),
            tally=runner.tallies().get(suite.id, Tally()),
            started=self._session.started,
            seconds=self._session.seconds,
            ids=turn_item_ids(suite),
            shown_id=self._shown_id,
            remarks=(*suite.remarks, *self._session.notes),
            against=scorecards(suite.plan.selected, results),
            regression=regression,
            outcome=outcome_of(regression, suite.plan, runner.results().values()) if regression else None,
        )

    def _shown_id(self, node_id: str) -> str:
        """A node id relative to where pytest was started, as pytest itself prints it."""
        path, separator, name = node_id.partition("::")
        try:
            relative = os.path.relpath(self._config.rootpath / path, self._config.invocation_params.dir)
        except ValueError:  # on another drive of Windows
            relative = path
        return relative.replace(os.sep, "/") + separator + name
