"""How a run ends: what was selected, what came of it, and what ended it before its time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import pytest

from ..report.run_report import Ending
from ..suite.resolved import ResolvedSuite
from ..untrusted.text import one_line
from .names import gate_item_name

_Made = TypeVar("_Made", bound="Pointer")


class EndingPlugin:
    """Watches what is selected and reported, in whichever process items run."""

    def __init__(self) -> None:
        self._selected: dict[str, None] | None = None
        self._finished: set[str] = set()
        self._failed = False
        self._cause: str | None = None
        self._aborted = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """What a worker will run."""
        self._select(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What this process will run, where it runs any."""
        self._select(item.nodeid for item in session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._finished.add(report.nodeid)
        self._failed = self._failed or report.failed

    def abort(self, cause: str) -> None:
        """Takes note that nothing can go on."""
        self._aborted, self._cause = True, self._cause or cause

    def stopped(self, cause: str) -> None:
        """Takes note of why the run was ended early, as by -x."""
        self._cause = self._cause or one_line(cause)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        error = excinfo.value
        if isinstance(error, pytest.exit.Exception):
            self.abort(f"pytest.exit: {one_line(str(error.msg))}")
        elif type(error) is KeyboardInterrupt:
            self.abort("interrupted (KeyboardInterrupt)")
        else:  # pytest's own kind, and xdist's: --stepwise, -x
            self.stopped(str(error))
            self._aborted = self._aborted or not self._failed

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.abort(f"internal error: {one_line(excinfo.exconly())[:500]}")

    def undecided(self, suite: ResolvedSuite, decided: Iterable[str]) -> list[str]:
        """The selected gates of a suite that have no result; all of them where nobody could say what is selected.

        Args:
            decided: names of those that have one.
        """
        known = set(decided)
        return [
            name
            for name in suite.gate_order
            if name not in known and self._is_selected(f"{suite.id}::{gate_item_name(name)}")
        ]

    def selects_any_of(self, suite: ResolvedSuite) -> bool:
        """Whether an item of a suite was selected, or nobody can say."""
        return self._selected is None or any(one.startswith(f"{suite.id}::") for one in self._selected)

    def _is_selected(self, node_id: str) -> bool:
        # --dist=loadgroup writes the group behind an id.
        return self._selected is None or any(one == node_id or one.startswith(f"{node_id}@") for one in self._selected)

    def unfinished(self) -> str | None:
        """The first selected item that did not come to its end, where the run was aborted."""
        if not self._aborted:
            return None
        return next((node_id for node_id in self._selected or () if node_id not in self._finished), None)

    @property
    def cause(self) -> str:
        """What ended the run before its time."""
        return self._cause or ""

    def ending(self, exit_status: int, problems: Sequence[str]) -> Ending:
        """What the run came to, by all that is known so far.

        Args:
            problems: what is wrong that no item tells.
        """
        if self._aborted:
            return Ending("aborted", exit_status, self._cause)
        reason = "; ".join(filter(None, (self._cause, *problems))) or None
        return Ending("passed" if exit_status == 0 else "failed", exit_status, reason)

    def _select(self, ids: Iterable[str]) -> None:
        self._selected = (self._selected or {}) | dict.fromkeys(ids)


def undecided_text(suite_id: str, names: Sequence[str]) -> str:
    """What is said of gates without a result."""
    gates = ", ".join(gate_item_name(name) for name in names)
    return f"{one_line(suite_id)}: {gates} {'was' if len(names) == 1 else 'were'} selected and not decided"


def error_report(node_id: str, message: str) -> pytest.TestReport:
    """An error in the place of an item that could not run, for the terminal and for JUnit's XML."""
    path, _, name = node_id.partition("::")
    return pytest.TestReport(
        nodeid=node_id, location=(path, None, name), keywords={}, outcome="failed", longrepr=message, when="setup"
    )


class Pointer(str):
    """A message in full, as JUnit's XML has it, which the terminal's section of failures only points to.

    A text, since plugins tell the kinds of what pytest calls `longrepr` apart and know that one.

    Args:
        message: what is told elsewhere on the terminal.
        shown: what that section says instead.
        writer: the terminal's; whoever else asks for the text gets the message.
    """

    _shown: str
    _writer: object

    def __new__(cls: type[_Made], message: str, shown: str, writer: object = None) -> _Made:
        """The message, with what else there is to know."""
        made = str.__new__(cls, message)
        made._shown, made._writer = shown, writer
        return made

    def toterminal(self, writer: Any) -> None:
        """What the section of failures shows."""
        writer.line(self._shown if self._writer in (None, writer) else str(self))


@dataclass(frozen=True)
class _Crash:
    """Where pytest's short summary and JUnit's XML find a message; `--tb=line` shows the place alone."""

    path: str
    lineno: int
    message: str

    def __str__(self) -> str:
        return self.path


class GatePointer(Pointer):
    """What the summary tells of a failed gate, and pytest's short summary once more."""

    reprcrash: _Crash

    @classmethod
    def of(cls, crash: Any, writer: object) -> GatePointer:
        """That of a failure as pytest tells it."""
        made = cls(str(crash.message), "the summary says why", writer)
        made.reprcrash = _Crash(str(crash.path), int(crash.lineno), str(crash.message))
        return made


def point_to_summary(config: pytest.Config, report: pytest.TestReport) -> None:
    """Has a failed gate told by our summary and by pytest's short one, and not by the section of failures as well."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and config.pluginmanager.has_plugin("terminalreporter"):
        report.longrepr = GatePointer.of(crash, config.get_terminal_writer())


def say(config: pytest.Config, lines: Iterable[str]) -> None:
    """Writes lines to stderr, where the terminal plugin is off and nobody else would say them."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if not config.pluginmanager.has_plugin("terminalreporter"):
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            for line in lines:
                sys.stderr.write(f"{line}\n")


def end_run(config: pytest.Config, message: str) -> NoReturn:
    """Ends the run with one message, which somebody prints also where the terminal plugin is off."""
    say(config, [message])
    pytest.exit(message, returncode=pytest.ExitCode.USAGE_ERROR)
