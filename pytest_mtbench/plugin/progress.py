"""Progress while items wait: a line that is rewritten on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ..engine.plan import Plan
from ..engine.progress import Pace, Progress
from ..engine.runner import LocalRunner
from ..report.progress_line import progress_line
from .announcer import Announcer
from .clients import Clients
from .item import SuiteItem
from .status_line import StatusLine

REWRITE_SECONDS = 1.0
LINE_SECONDS = 30.0
_LINE_WIDTH = 100
_MOST_PUT_BACK = 20
"""Times a second; cached items by the hundred need no line."""


class ProgressPlugin:
    """Tells how far the engine is, in the process that has it; nothing with `-q` and without a terminal reporter.

    Args:
        announcer: writes lines; its own come first.
        look: how far the engine is.
        own_bot: whether a user's own chatbot answers, in this process.
    """

    def __init__(
        self,
        config: pytest.Config,
        announcer: Announcer,
        look: Callable[[], Progress],
        own_bot: Callable[[], bool],
    ) -> None:
        self._config = config
        self._announcer = announcer
        self._look = look
        self._own_bot = own_bot
        self._pace = Pace()
        # With xdist a thread that serves the workers tells, beside the one that reports what they did.
        self._lock = threading.RLock()
        self._status: StatusLine | None = None
        self._active = False
        self._stays = False
        self._text = ""
        self._next_look = 0.0
        self._put_back_since = 0
        self._next_line = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Tells while items run, and leaves nothing behind."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        self._active = reporter is not None and self._config.getoption("verbose") >= 0
        self._next_line = time.monotonic() + LINE_SECONDS
        if self._active:
            # Tests of others may write to the terminal behind pytest's back as soon as they run.
            self._stays = _under_xdist(self._config) or not _others(session)
            descriptor = _terminal(self._config, reporter, session, own_bot=self._own_bot())
            if descriptor is not None:
                self._status = StatusLine(self._config.get_terminal_writer(), descriptor, self._lock)
        try:
            return (yield)
        finally:
            with self._lock:
                self._active = False
                if self._status is not None:
                    self._status.close()
                self._status = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logstart(self) -> Generator[None, object, object]:
        """Lets pytest write what belongs together, and puts the line back below it."""
        with self._lock:
            result = yield
            self._put_back()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None, object, object]:
        """As above."""
        with self._lock:
            result = yield
            self._put_back()
        return result

    def tell(self) -> None:
        """Tells how far the run is, where it is time to; called by whoever waits for turns."""
        if not self._lock.acquire(blocking=False):  # pytest writes; the next call comes soon
            return
        try:
            self._announcer.say()
            if self._active:
                self._tell()
        finally:
            self._lock.release()

    def waited(self) -> None:
        """Takes the line away before a test runs that may write to the terminal itself."""
        if self._status is not None and not self._stays:
            self._status.clear()

    def _put_back(self) -> None:
        if self._status is not None and self._stays and self._text and self._put_back_since < _MOST_PUT_BACK:
            self._put_back_since += 1
            self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + REWRITE_SECONDS
            self._put_back_since = 0
            self._text = self._line(now)
        if self._status is not None:
            self._status.show(self._text)
        elif self._text and now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            self._announcer.write(self._text)

    def _line(self, now: float) -> str:
        progress = self._look()
        left = self._pace.seconds_left(now, progress)
        if not progress.left:
            return ""
        # A terminal that is filled to its last column breaks the line.
        return progress_line(progress, left, self._status.columns - 1 if self._status else _LINE_WIDTH)


def progress_of(runner: LocalRunner, clients: Clients, plans: Mapping[str, Plan]) -> Progress:
    """How far an engine is, what is under way to its endpoints, and what it cost so far.

    Args:
        plans: those that are paid, by key.
    """
    costs = [plans[payer].cost(tally) for payer, tally in runner.tallies().items()]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known) if known and len(known) == len(costs) else None
    return replace(runner.progress, in_flight=clients.in_flight, pause=clients.pause, cost=cost)


def _terminal(config: pytest.Config, reporter: Any, session: pytest.Session, *, own_bot: bool) -> int | None:
    """A descriptor of the terminal, where a line can be rewritten and nothing but pytest writes there meanwhile."""
    bare = sys.platform == "win32" or os.environ.get("TERM", "") in ("", "dumb", "unknown")
    # Another reporter, as pytest-sugar's, moves the cursor itself.
    if bare or type(reporter).__name__ != "TerminalReporter":
        return None
    if _logs_live(config) or _prints_freely(config, session, own_bot=own_bot):
        return None
    try:
        descriptor = os.dup(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    if os.isatty(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _logs_live(config: pytest.Config) -> bool:
    try:
        return bool(config.getini("log_cli")) or config.getoption("log_cli_level", None) is not None
    except ValueError:  # -p no:logging
        return False


def _prints_freely(config: pytest.Config, session: pytest.Session, *, own_bot: bool) -> bool:
    """Whether what tests or a user's own chatbot print goes to the terminal as it is."""
    if _under_xdist(config):  # the controller runs the chatbot and no test, and captures nothing
        return own_bot
    return config.getoption("capture", "no") in ("no", "tee-sys") and (own_bot or _others(session))


def _others(session: pytest.Session) -> bool:
    """Whether there are tests that are not ours."""
    return any(not isinstance(item, SuiteItem) for item in session.items)


def _under_xdist(config: pytest.Config) -> bool:
    return bool(config.pluginmanager.has_plugin("dsession"))
