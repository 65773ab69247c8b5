"""What happens when the plugin is switched on: suites are resolved, markers and plugins registered."""

from __future__ import annotations

import atexit
import gc
from functools import partial

import pytest

from ..domain.errors import ConfigError
from ..questions import load_questions
from ..suite.resolved import ResolvedSuite
from ..suite.who import answered_by, judged_by, opponents_by
from ..untrusted.text import one_line
from .arguments import not_run, root_suite
from .collection import CollectionPlugin, ListingPlugin
from .ending import EndingPlugin
from .names import marker_name
from .options import is_worker, usage_error
from .painting import LastPlugin
from .registry import SuiteRegistry, resolved_suites
from .results import ResultsPlugin
from .session import SessionPlugin
from .verbose import VerbosePlugin


def activate(config: pytest.Config) -> None:
    """Registers what an active run needs.

    Raises:
        pytest.UsageError: an option or a suite file is wrong; nothing has been requested.
    """
    if _only_lists(config):
        config.pluginmanager.register(ListingPlugin(), "mtbench-listing")
        return
    if config.getoption("forked", False):
        raise pytest.UsageError(
            "--forked runs each item in a process of its own, which cannot reach the run's requests; leave it out"
        )
    try:
        registry = resolved_suites(config)
    except ConfigError as error:
        raise usage_error(error) from error
    # The interpreter's end looks through every object twice more; with openai's that is up to a fifth of a second.
    atexit.register(gc.freeze)
    _add_markers(config, registry)
    session = SessionPlugin(config, registry)
    config.add_cleanup(session.cleanup)
    config.pluginmanager.register(session, "mtbench-session")
    config.pluginmanager.register(session.own, "mtbench-bots")
    config.pluginmanager.register(CollectionPlugin(registry), "mtbench-collection")
    if not is_worker(config):
        ending = EndingPlugin()
        config.pluginmanager.register(ending, "mtbench-ending")
        config.pluginmanager.register(session.display, "mtbench-progress")
        config.pluginmanager.register(VerbosePlugin(), "mtbench-verbose")
        results = ResultsPlugin(config, registry, session, ending)
        config.pluginmanager.register(results, "mtbench-results")
        config.pluginmanager.register(LastPlugin(results.write_summary), "mtbench-last")
        config.pluginmanager.register(HeaderPlugin(config, registry, session), "mtbench-header")


def add_markers_at_hand(config: pytest.Config) -> None:
    """For `--markers`: also the categories', where they are known without a download."""
    try:
        _add_markers(config, resolved_suites(config, partial(load_questions, offline=True)))
    except (ConfigError, pytest.UsageError):
        return  # a list of markers is no place for it


class HeaderPlugin:
    """Shows who answers and judges, each value that is not a default and where it came from, and what does not run."""

    def __init__(self, config: pytest.Config, registry: SuiteRegistry, session: SessionPlugin) -> None:
        self._config = config
        self._registry = registry
        self._session = session

    def pytest_report_header(self) -> list[str]:
        """Two lines a suite, and one a kind of file that it reads."""
        lines = []
        for suite in self._registry.suites.values():
            said = ", ".join(f"{label} {one_line(value)} ({source})" for label, value, source in suite.header)
            lines += [f"mtbench: {suite.id}: {line}" for line in (said, self._who(suite), *map(one_line, suite.files))]
        left = root_suite(self._config)
        return lines + (
            [not_run(self._config, left)] if left is not None and left not in self._registry.collected else []
        )

    def _who(self, suite: ResolvedSuite) -> str:
        others = opponents_by(suite)
        against = f"; against {others}" if others else ""
        if suite.is_audition:
            return f"judge {judged_by(suite)}; no model is under test"
        answers = answered_by(suite, self._registry.settings, hook=self._session.own.hook, key=True)
        return f"answers {answers}{against}; judge {judged_by(suite)}"


def _only_lists(config: pytest.Config) -> bool:
    names = ("showfixtures", "show_fixtures_per_test", "cacheshow")
    return any(config.getoption(name, False) for name in names)


def _add_markers(config: pytest.Config, registry: SuiteRegistry) -> None:
    categories = {category: None for suite in registry.all for category in suite.plan.questions.categories}
    for category in categories:
        config.addinivalue_line("markers", f"{marker_name(category)}: MT-Bench category {one_line(category)}")
    for turn in (1, 2):
        config.addinivalue_line("markers", f"turn{turn}: an MT-Bench test of turn {turn}")
