"""The composition root of an active run: engine, cache, xdist channel, and when they start and stop."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ..domain.errors import ConfigError, FatalError
from ..domain.result import TurnKey, TurnResult
from ..domain.tally import Tally
from ..engine.channel import ChannelServer
from ..engine.judging import judge_served_as
from ..engine.measuring import Engine
from ..engine.progress import Progress
from ..engine.replies import Replies
from ..engine.runner import LocalRunner
from ..files.shares import merge_reports
from ..suite.resolved import ResolvedSuite
from ..untrusted.text import one_line
from .announcer import Announcer
from .arguments import CHANNEL
from .asked_gates import check_asked_gates
from .bots import OwnBots
from .clients import Clients, opened_cache, with_answers
from .ending import end_run
from .estimates import SuiteEstimate, estimates
from .generate_hook import WhoAnswers
from .keys import require_keys
from .needs import Needs, want
from .options import runs_items, usage_error
from .outputs import probe_outputs
from .progress import ProgressPlugin, progress_of
from .registry import SuiteRegistry


class SessionPlugin:
    """Starts the engine when the run loop begins, stops it when the session ends.

    Under xdist the controller has the engine; see `WorkerPlugin` for the rest.
    """

    def __init__(self, config: pytest.Config, registry: SuiteRegistry, who: WhoAnswers) -> None:
        self._config = config
        self._registry = registry
        self._settings = registry.settings
        self._announcer = Announcer(config)
        self._clients = Clients(registry.plans.values(), self._announcer)
        self.who = who
        self._own = OwnBots(config, registry, self._clients, who)
        self.display = ProgressPlugin(config, self._announcer, self._progress, lambda: who.is_own)
        self._channel_folder: Path | None = None
        self._server: ChannelServer | None = None
        self.runner: LocalRunner | None = None
        self._merged: dict[TurnKey, TurnResult] = {}
        self._tallies: dict[str, Tally] = {}
        self.started = time.time()
        self._clock = time.monotonic()
        self._session: pytest.Session | None = None
        self.estimates: list[SuiteEstimate] = []
        self.estimates_all = False

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.monotonic() - self._clock

    @property
    def closing_faults(self) -> Sequence[str]:
        """What went wrong when users' own chatbots were closed."""
        return self.runner.closing_faults if self.runner is not None else ()

    @property
    def notes(self) -> Sequence[str]:
        """What the summary must say of the cache."""
        return self._clients.notes

    @property
    def channel_failure(self) -> str:
        """Why xdist's workers cannot be served any more, where that is so; on a full disk they only see an end."""
        return self._server.failure if self._server is not None else ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells an xdist worker where the channel is."""
        if self._channel_folder is None:
            try:
                self._channel_folder = Path(tempfile.mkdtemp(prefix="mtbench-"))
            except OSError as error:
                raise pytest.UsageError(
                    f"no temporary folder can be made, through which xdist's workers reach the run ({error}); TMPDIR "
                    "names another place"
                ) from error
        node.workerinput[CHANNEL] = str(self._channel_folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """Ends the run where a worker found a mistake of the user's: xdist would only start the worker again."""
        found = re.search(r"^(?:\w+\.)*UsageError: (.*)", str(error or ""), re.MULTILINE | re.DOTALL)
        if found:
            end_run(self._config, one_line(f"in a worker: {found[1]}"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Starts measuring everything that the selected items need, before the first of them runs."""
        config = self._config
        if not runs_items(session):
            return None
        try:
            for line in self.who.check():
                self._clients.note(line)
            check_asked_gates(self._registry, session.items)
            if self._settings.dry_run:
                self._estimate(session)
                return True
            self._session = session
            self._clock, self.started = time.monotonic(), time.time()
            self._start(session)
        except ConfigError as error:
            raise usage_error(error) from error
        except FatalError as error:
            end_run(config, one_line(str(error)))
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self) -> None:
        """Stops asking as soon as -x or --maxfail ends the run: xdist waits for what its workers wait for."""
        self._announcer.say()
        if self._session is not None and (self._session.shouldfail or self._session.shouldstop):
            self.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Stops asking at once: pytest formats its traceback before it ends the session."""
        self.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Cancels what is queued; nothing is waited for."""
        self.stop()
        self._announcer.say()
        failure = self.runner.failure if self.runner is not None else ""
        if failure:
            self._clients.note(f"warning: {self._clients.redact(failure)}")
            session.exitstatus = session.exitstatus or pytest.ExitCode.INTERNAL_ERROR

    def _estimate(self, session: pytest.Session) -> None:
        """What each suite would ask for; every turn of it where xdist's workers know the selection alone."""
        self.estimates_all = self._channel_folder is not None
        needs = None if self.estimates_all else Needs.of(session.items)
        self.estimates = list(estimates(self._registry, needs, self._clients.note))
        if self.estimates_all:  # the controller has collected nothing itself, which is no failure to find tests
            session.testscollected = 1

    def cleanup(self) -> None:
        """Stops, and removes the channel's folder; workers have let go of it by then."""
        self.stop()
        self._own.close()
        if self._channel_folder is not None:
            shutil.rmtree(self._channel_folder, ignore_errors=True)

    def stop(self) -> None:
        """Ends the engine and tells whoever waits; may be called more than once."""
        if self.runner is not None:
            self.runner.stop()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _start(self, session: pytest.Session) -> None:
        needs, elsewhere = Needs.of(session.items), self._channel_folder is not None
        require_keys(self._registry, needs, generated=bool(self.who.hook), elsewhere=elsewhere)
        self.runner = self._local_runner(needs)
        if self._channel_folder is not None:
            self._server = ChannelServer(self._channel_folder, self.runner, self.display.tell)
            self._server.start()
        else:
            want(self._config, self.runner, needs)

    def _local_runner(self, needs: Needs) -> LocalRunner:
        settings, suites = self._settings, list(self._registry.suites.values())
        probe_outputs(settings, [suite.plan for suite in suites])
        wanted = {key.suite for keys, _ in needs.by_kind() for key in keys}
        bots = self._own.of(wanted if self._channel_folder is None else None)
        recorded = {suite.id: suite.recorded for suite in suites if suite.recorded is not None}
        for suite in suites if settings.merge else ():
            self._merge(suite)
        judges_again = any(suite.regression and suite.regression.sentinel for suite in self._registry.all)
        cache = opened_cache(settings, self._clients.note) if judges_again or not settings.merge else None

        plans = dict(self._registry.plans)
        for key, found in recorded.items():
            plans[key] = with_answers(plans[key], found)

        def make_engine() -> Engine:
            return Engine(
                plans,
                Replies(cache, settings.cache, self._clients.client, recorded),
                bots=bots,
                known=self._merged,
                tallies=self._tallies,
            )

        return LocalRunner(make_engine, self._clients.close, self.display.tell, self.display.waited)

    def _progress(self) -> Progress:
        return Progress() if self.runner is None else progress_of(self.runner, self._clients, self._registry.plans)

    def _merge(self, suite: ResolvedSuite) -> None:
        results, tally = merge_reports(self._settings.shares, suite.plan)
        for one in suite.plan.of_judges:
            expected = one.judges_served
            other = [name for name in tally.served(one.said_by) if expected and name not in expected]
            if other:
                raise ConfigError(judge_served_as(one, other[0]))
        for remark in filter(None, (named.remark for named in self._settings.merge)):
            tally.note(remark)
        self._merged |= {result.key: result for result in results}
        self._tallies[suite.id] = tally
