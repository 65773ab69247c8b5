"""The composition root of an active run: engine, cache, xdist channel, and when they start and stop."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ..domain.errors import ConfigError
from ..domain.result import TurnKey, TurnResult
from ..domain.tally import Tally
from ..engine.cache import ReplyCache
from ..engine.channel import ChannelServer, RemoteRunner
from ..engine.estimate import Estimate
from ..engine.judging import judge_served_as
from ..engine.measuring import Engine
from ..engine.plan import Plan
from ..engine.replies import Replies
from ..engine.runner import LocalRunner
from ..files.recorded import Recorded
from ..files.shares import merge_reports
from ..suite.resolve import SuiteRun, check_keys
from ..untrusted.paths import is_file
from .clients import Machinery, read_recorded, with_answers
from .collection import wanted_keys
from .options import usage_error
from .suites import Suites
from .turn_items import runner_key

CHANNEL = "mtbench_channel"


class SessionPlugin:
    """Starts the engine when the run loop begins, stops it when the session ends.

    Under xdist the controller has the engine and each worker a `RemoteRunner`.
    """

    def __init__(self, config: pytest.Config, suites: Suites) -> None:
        self._config = config
        self._suites = suites
        self._machinery = Machinery()
        self._channel_folder: Path | None = None
        self._server: ChannelServer | None = None
        self._remote: RemoteRunner | None = None
        self.runner: LocalRunner | None = None
        self._merged: dict[TurnKey, TurnResult] = {}
        self._tallies: dict[str, Tally] = {}
        self.started = time.time()
        self._clock = time.monotonic()
        self._session: pytest.Session | None = None
        self.estimates: list[tuple[SuiteRun, Estimate]] = []

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.monotonic() - self._clock

    @property
    def notes(self) -> Sequence[str]:
        """What the summary must say of the cache."""
        return self._machinery.notes

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells an xdist worker where the channel is."""
        if self._channel_folder is None:
            self._channel_folder = Path(tempfile.mkdtemp(prefix="mtbench-"))
        node.workerinput[CHANNEL] = str(self._channel_folder)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Starts measuring everything that the selected items need, before the first of them runs."""
        config = self._config
        failed_collection = session.testsfailed and not config.getoption("continue_on_collection_errors")
        if config.getoption("collectonly") or config.getoption("setupplan") or failed_collection:
            return None
        if self._suites.options.dry_run:
            try:
                self.estimates = self._estimates(wanted_keys(session.items))
            except ConfigError as error:
                raise usage_error(error) from error
            # xdist's controller has collected nothing itself, which would count as a failure to find tests.
            session.testscollected = session.testscollected or 1
            return True
        self._session = session
        self._clock, self.started = time.monotonic(), time.time()
        try:
            self._start(session)
        except ConfigError as error:
            raise usage_error(error) from error
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self) -> None:
        """Stops asking as soon as -x or --maxfail ends the run: xdist waits for what its workers wait for."""
        if self._session is not None and (self._session.shouldfail or self._session.shouldstop):
            self.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Stops asking at once: pytest formats its traceback before it ends the session."""
        self.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Cancels what is queued; nothing is waited for."""
        self.stop()

    def _estimates(self, wanted: list[TurnKey]) -> list[tuple[SuiteRun, Estimate]]:
        """What each suite would ask for; every turn of it where xdist's workers know the selection alone."""
        found = []
        for run in self._suites.loaded:
            keys = [key for key in wanted if key.suite == run.plan.key]
            under_xdist = self._channel_folder is not None
            made = self._machinery.estimate(self._suites.options, run, run.plan.turns() if under_xdist else keys)
            if run.regression is not None:
                for key in run.regression.sentinel_keys:
                    if under_xdist or key in wanted:
                        made.add("judgment", run.regression.sentinel_request(key), known=False)
            found.append((run, made))
        return found

    def cleanup(self) -> None:
        """Stops, and removes the channel's folder; workers have let go of it by then."""
        self.stop()
        if self._remote is not None:
            self._remote.close()
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
        workerinput = getattr(self._config, "workerinput", None)
        if workerinput is not None:
            self._remote = RemoteRunner(Path(workerinput[CHANNEL]))
            self._config.stash[runner_key] = self._remote
            self._remote.want(wanted_keys(session.items))
            return
        self.runner = self._local_runner()
        self._config.stash[runner_key] = self.runner
        if self._channel_folder is not None:
            self._server = ChannelServer(self._channel_folder, self.runner)
            self._server.start()
        else:
            self.runner.want(wanted_keys(session.items))

    def _local_runner(self) -> LocalRunner:
        options = self._suites.options
        hook = self._config.hook.pytest_mtbench_generate
        generated = bool(hook.get_hookimpls())
        runs = self._suites.loaded or [self._suites.get(self._suites.default_key)]
        for run in runs:
            check_keys(run, options, generated=generated)
        recorded: dict[str, Recorded] = {}
        for run in runs:
            if options.answers:
                recorded[run.plan.key] = read_recorded(options.answers, run)
            if options.merge:
                self._merge(run)
        cache = self._open_cache()
        plans = _Plans(self._suites)
        for key, found in recorded.items():
            plans[key] = with_answers(plans[key], found)

        def make_engine() -> Engine:
            return Engine(
                plans,
                Replies(cache, options.cache, self._machinery.client, recorded),
                limiter_of=lambda plan: self._machinery.limiter(plan.model, "answer"),
                generate=(lambda messages, question, turn, run: hook(
                    messages=messages, question=question, turn=turn, run=run
                )) if generated else None,
                known=self._merged,
                tallies=self._tallies,
            )  # fmt: skip

        return LocalRunner(make_engine, self._machinery.close)

    def _merge(self, run: SuiteRun) -> None:
        results, tally = merge_reports(self._suites.options.merge, run.plan)
        expected = run.plan.judges_served
        other = [name for name in tally.judges_served if expected and name not in expected]
        if other:
            raise ConfigError(judge_served_as(run.plan, other[0]))
        self._merged |= {result.key: result for result in results}
        self._tallies[run.plan.key] = tally

    def _open_cache(self) -> ReplyCache | None:
        options = self._suites.options
        judges = any(run.regression and run.regression.sentinel for run in self._suites.loaded)
        if options.cache == "off" or (options.merge and not judges):
            return None
        folder = options.cache_folder
        if options.cache == "only" and not is_file(folder / "cache.db"):
            raise ConfigError(f"--mtbench-cache=only: there is no cache at {folder}; run once with --mtbench-cache=all")
        cache = ReplyCache(folder, self._machinery.note)
        if options.cache == "only" and cache.is_empty():
            raise ConfigError(
                f"--mtbench-cache=only: the cache at {folder} is empty; run once with --mtbench-cache=all"
            )
        return cache


class _Plans(dict[str, Plan]):
    """Plans by suite, resolved on demand: under xdist only the workers collect, and may name any suite."""

    def __init__(self, suites: Suites) -> None:
        super().__init__({run.plan.key: run.plan for run in suites.loaded})
        self._suites = suites

    def __missing__(self, key: str) -> Plan:
        self[key] = self._suites.plan(key)
        return self[key]
