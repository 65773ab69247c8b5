"""What items reported -> the scorecard, the reports, the summary and the exit status."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..domain.tally import Tally
from ..report import dry_run, terminal
from ..report.line import wrapped
from ..report.resuming import resuming
from ..report.run_report import RunReport
from ..scores.gates import GateResult
from ..scores.people import biases_beside
from ..scores.regression_gate import outcome_of
from ..scores.scorecard import scorecard, scorecards
from ..suite.who import answered_by
from ..untrusted.text import one_line
from .asked_gates import left_out
from .ending import EndingPlugin, Pointer, error_report, point_to_summary, say, undecided_text
from .github import annotate, append_summary
from .item import FATAL_PROPERTY, gate_of
from .names import gate_item_name, turn_item_ids
from .painting import SCREEN, Heading, paragraph, short_summary_lines, write_lines
from .people_items import people_outcome, shown_of
from .writing import Writer, call_report_hook

if TYPE_CHECKING:
    from ..domain.result import TurnResult
    from ..engine.runner import LocalRunner
    from ..scores.biases import Biases
    from ..scores.people import PeopleOutcome
    from ..suite.resolved import ResolvedSuite
    from .registry import SuiteRegistry
    from .session import SessionPlugin


_GREEN = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


class ResultsPlugin:
    """Gathers gate results from wherever items ran, and tells them at the end."""

    def __init__(
        self, config: pytest.Config, registry: SuiteRegistry, session: SessionPlugin, ending: EndingPlugin
    ) -> None:
        self._config = config
        self._registry = registry
        self._session = session
        self._ending = ending
        self._gates: dict[tuple[str, str], GateResult] = {}
        self._reports: list[RunReport] = []
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._writer = Writer(registry.settings)
        self._fatal: str | None = None
        self._summary: list[str] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Takes what an item told; the first one that cannot go on ends the run, once everybody has its error."""
        told = gate_of(report)
        if told is not None:
            suite_id, gate = told
            self._gates[suite_id, gate.name] = gate
            if gate.status == "failed":
                point_to_summary(self._config, report)
        fatal = dict(report.user_properties).get(FATAL_PROPERTY)
        if fatal is None:
            return (yield)
        message = one_line(self._session.channel_failure or str(fatal))
        report.longrepr = Pointer(message, "the run ended here; the last line says why")
        self._ending.abort(message)
        self._fatal = message
        yield
        say(self._config, [message])
        pytest.exit(message, returncode=pytest.ExitCode.USAGE_ERROR)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the reports, also where nothing is printed; the table is made from the same."""
        runner = self._session.runner
        if runner is None:
            return
        self._session.stop()
        self._fail(session, self._session.closing_faults)
        suites = self._measured_suites(runner)
        self._tell_what_is_missing(session, suites)
        self._reports = [self._report(session, suite, runner) for suite in suites]
        self._fail(session, self._writer.write(self._reports))
        for suite in suites if self._registry.settings.rate_sheets else ():
            self._fail(session, self._writer.write_sheets(shown_of(suite, runner.results().values()), *suite.sheet))
        for report in self._reports:
            self._fail(session, call_report_hook(self._config, report))
        ending = self._ending.ending(int(session.exitstatus), self._problems)
        if any(report.ending != ending for report in self._reports):  # a hook or a disk has changed it
            self._reports = [replace(report, ending=ending) for report in self._reports]
            self._fail(session, self._writer.write(self._reports))
        if not self._registry.settings.no_github:
            annotate(self._config, suites, self._reports)
            self._notes += append_summary(self._reports)
        say(self._config, [*self._problems, *self._remarks])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Writes the table between pytest's failures and its short summary, unless that is too long."""
        self._summary = self._summary_lines(terminalreporter)
        if len(self._summary) + short_summary_lines(terminalreporter) <= SCREEN:
            self.write_summary()

    def write_summary(self) -> None:
        """Writes what was not written yet."""
        write_lines(self._config, self._summary)
        self._summary = []

    def _summary_lines(self, terminalreporter: pytest.TerminalReporter) -> list[str]:
        tables: Iterable[str] = () if terminalreporter.config.getoption("no_summary") else self._tables()
        return [
            *tables,
            *(line for problem in self._problems for line in paragraph(problem, "failed")),
            *(line for remark in self._remarks for line in paragraph(remark, "warning")),
        ]

    def _tables(self) -> Iterator[str]:
        width = shutil.get_terminal_size().columns
        for suite, estimated, highest in self._session.estimates:
            yield Heading(dry_run.title(suite.plan))
            most = suite.regression.rule.looks[-1] if suite.regression else suite.plan.runs
            yield from dry_run.lines(suite.plan, estimated, width, most, highest)
            if self._session.estimates_all:
                yield from wrapped("every turn is counted, since with -n workers alone know the selection", width)
        for report in self._reports:
            yield Heading(terminal.title(report.plan))
            yield from terminal.lines(report, width)

    @property
    def _remarks(self) -> list[str]:
        """What is said after everything else and is no failure."""
        settings, aborted = self._registry.settings, any(report.ending.status == "aborted" for report in self._reports)
        folder = shown_path(settings.cache_folder, self._config.invocation_params.dir)
        tallies = [report.tally for report in self._reports] if aborted else []
        kept = resuming(tallies, settings.cache, folder, generated=self._session.who.is_own)
        return [*self._writer.told, *self._notes, *([kept] if kept else [])]

    def _measured_suites(self, runner: LocalRunner) -> list[ResolvedSuite]:
        """The suites that run, and the default one where a user's tests have read it."""
        asked = {key.suite for key in runner.results()}
        running = {suite.id for suite in self._registry.suites.values()}
        return [suite for suite in self._registry.all if suite.id in running | asked]

    def _tell_what_is_missing(self, session: pytest.Session, suites: Iterable[ResolvedSuite]) -> None:
        """A selected gate without a result fails the run, and an item that was cut off is an error."""
        green = session.exitstatus in _GREEN
        if session.shouldfail or session.shouldstop:
            self._ending.stopped(str(session.shouldfail or session.shouldstop))
        cut_off = self._ending.unfinished() if self._fatal is None else None
        if cut_off is not None:
            self._log(error_report(cut_off, f"not run to its end: {self._ending.cause}"))
        for suite in suites:
            decided = [name for suite_id, name in self._gates if suite_id == suite.id]
            missing = self._ending.undecided(suite, decided)
            for name in missing if green else ():
                self._log(error_report(f"{suite.id}::{gate_item_name(name)}", undecided_text(suite.id, [name])))
            if missing:
                self._fail(session, [undecided_text(suite.id, missing)])

    def _log(self, report: pytest.TestReport) -> None:
        self._config.hook.pytest_runtest_logreport(report=report)

    def _fail(self, session: pytest.Session, problems: Iterable[str]) -> None:
        """Keeps what is wrong for the summary; a run with such is not green."""
        for problem in problems:
            if problem not in self._problems:
                self._problems.append(problem)
            if session.exitstatus in _GREEN:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _report(self, session: pytest.Session, suite: ResolvedSuite, runner: LocalRunner) -> RunReport:
        results = [result for result in runner.results().values() if result.key.suite == suite.id]
        # In the order of the suite, whichever worker was first.
        known = [self._gates.get((suite.id, name)) for name in suite.gate_order]
        regression = suite.regression
        compared = tuple(_compared(suite, runner))
        judged = [result for result in runner.results().values() if result.judged]
        people = people_outcome(suite, suite.people, judged) if suite.people else None
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
            remarks=(*suite.remarks, *self._left_out(suite), *self._session.notes),
            against=scorecards(suite.plan.selected, results),
            regression=regression,
            outcome=outcome_of(regression, suite.plan, judged) if regression else None,
            ending=self._ending.ending(int(session.exitstatus), self._problems),
            answered_by=answered_by(suite, self._registry.settings, hook=self._session.who.hook),
            people=people,
            biases=_biases(suite, [result for result in results if result.judged], compared, people),
            people_rule=suite.people.rule if suite.people else None,
            compared=compared,
            models={bout.plan.key: bout.models for bout in suite.bouts},
            is_audition=suite.is_audition,
            floor=suite.floor,
        )

    def _left_out(self, suite: ResolvedSuite) -> Iterator[str]:
        said = "" if self._ending.selects_any_of(suite) else left_out(suite)
        if said:
            yield said

    def _shown_id(self, node_id: str) -> str:
        """A node id relative to where pytest was started, as pytest itself prints it."""
        path, separator, name = node_id.partition("::")
        return shown_path(self._config.rootpath / path, self._config.invocation_params.dir) + separator + name


def shown_path(path: Path, start: Path) -> str:
    """A path relative to a folder, as pytest prints it."""
    try:
        return os.path.relpath(path, start).replace(os.sep, "/")
    except ValueError:  # on another drive of Windows
        return path.as_posix()


def _compared(suite: ResolvedSuite, runner: LocalRunner) -> Iterator[TurnResult]:
    """What the judge said of answers that people compared, in the order of the items."""
    results = runner.results()
    yield from (results[key] for bout in suite.bouts for key in bout.keys if key in results)


def _biases(
    suite: ResolvedSuite, results: Sequence[TurnResult], compared: Sequence[TurnResult], people: PeopleOutcome | None
) -> Biases:
    """What the judge's verdicts depend on beside the answers; of ratings nothing is said."""
    games = [game for result in (*results, *compared) for game in result.games]
    votes = people is not None and people.agreement is not None
    shown = shown_of(suite, [*results, *compared]) if games or votes else []
    judge = "" if suite.plan.jury else suite.plan.judge.name  # several have no one family
    return biases_beside(people, judge, games, shown)
