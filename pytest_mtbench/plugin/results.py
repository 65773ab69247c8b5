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
from ..scores.regression_gate import RegressionOutcome, outcome_of
from ..scores.scorecard import scorecard, scorecards
from ..untrusted.text import one_line
from .turn_items import FATAL_PROPERTY, end_run, gate_of, suite_item_names

if TYPE_CHECKING:
    from ..suite.resolve import SuiteRun
    from .session import SessionPlugin
    from .suites import Suites


class ResultsPlugin:
    """Gathers gate results from wherever items ran, and tells them at the end."""

    def __init__(self, config: pytest.Config, suites: Suites, session: SessionPlugin) -> None:
        self._config = config
        self._suites = suites
        self._session = session
        self._gates: dict[str, GateResult] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        gate = gate_of(report)
        if gate is not None:
            self._gates[report.nodeid] = gate
        fatal = dict(report.user_properties).get(FATAL_PROPERTY)
        if fatal is not None:
            end_run(self._config, one_line(str(fatal)))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the reports, also where nothing is printed."""
        options = self._suites.options
        for report in self._reports():
            written = json_report.as_json(report)
            for path in options.reports:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json_report.as_text(written, every_run=options.shard is not None), encoding="utf-8")
            if options.export:
                export(options.export, report.plan, report.card.results, report.started)
            session.config.hook.pytest_mtbench_report(report=written)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if terminalreporter.config.getoption("no_summary"):
            return
        width = shutil.get_terminal_size().columns
        if self._suites.options.dry_run and not terminalreporter.config.getoption("collectonly"):
            for run, estimated in self._session.estimates:
                terminalreporter.ensure_newline()
                terminalreporter.section(dry_run.title(run.plan))
                most = run.regression.rule.looks[-1] if run.regression else run.plan.runs
                for line in dry_run.lines(run.plan, estimated, width, most):
                    terminalreporter.write_line(line)
        for report in self._reports():
            terminalreporter.ensure_newline()
            terminalreporter.section(terminal.title(report))
            for line in terminal.lines(report, width):
                terminalreporter.write_line(line)

    def _reports(self) -> list[RunReport]:
        return [self._report(run) for run in self._suites.loaded] if self._session.runner else []

    def _report(self, run: SuiteRun) -> RunReport:
        runner = self._session.runner
        key = run.plan.key
        results = [result for result in runner.results().values() if result.key.suite == key] if runner else []
        # In the order of the suite, whichever worker was first.
        order = [spec.name for spec in run.gates]
        gates = [gate for gate in self._gates.values() if gate.id.startswith(f"{key}::")]
        tally = runner.tallies().get(key, Tally()) if runner else Tally()
        return RunReport(
            plan=run.plan,
            card=scorecard(run.plan.selected, results),
            specs=run.gates,
            gates=tuple(sorted(gates, key=lambda gate: order.index(gate.name))),
            tally=tally,
            started=self._session.started,
            seconds=self._session.seconds,
            ids=suite_item_names(run),
            shown_id=self._shown_id,
            remarks=(*run.remarks, *self._session.notes),
            against=scorecards(run.plan.selected, results),
            regression=run.regression,
            outcome=self._outcome(run),
        )

    def _outcome(self, run: SuiteRun) -> RegressionOutcome | None:
        runner = self._session.runner
        if run.regression is None or runner is None:
            return None
        return outcome_of(run.regression, run.plan, runner.results().values())

    def _shown_id(self, node_id: str) -> str:
        """A node id relative to where pytest was started, as pytest itself prints it."""
        path, separator, name = node_id.partition("::")
        relative = os.path.relpath(self._config.rootpath / path, self._config.invocation_params.dir)
        return relative.replace(os.sep, "/") + separator + name
