"""What happens when the plugin is switched on: suites are resolved, markers and plugins registered."""

from __future__ import annotations

from functools import partial

import pytest

from ..domain.errors import ConfigError
from ..questions import load_questions
from ..untrusted.text import one_line
from .collection import CollectionPlugin, ListingPlugin
from .names import marker_name
from .options import is_worker, usage_error
from .registry import SuiteRegistry, resolved_suites
from .results import ResultsPlugin
from .session import SessionPlugin


def activate(config: pytest.Config) -> None:
    """Registers what an active run needs.

    Raises:
        pytest.UsageError: an option or a suite file is wrong; nothing has been requested.
    """
    if _only_lists(config):
        config.pluginmanager.register(ListingPlugin(), "mtbench-listing")
        return
    try:
        registry = resolved_suites(config)
    except ConfigError as error:
        raise usage_error(error) from error
    _add_markers(config, registry)
    session = SessionPlugin(config, registry)
    config.add_cleanup(session.cleanup)
    config.pluginmanager.register(session, "mtbench-session")
    config.pluginmanager.register(CollectionPlugin(registry), "mtbench-collection")
    if not is_worker(config):
        config.pluginmanager.register(ResultsPlugin(config, registry, session), "mtbench-results")
        config.pluginmanager.register(HeaderPlugin(registry), "mtbench-header")


def add_markers_at_hand(config: pytest.Config) -> None:
    """For `--markers`: also the categories', where they are known without a download."""
    try:
        _add_markers(config, resolved_suites(config, partial(load_questions, offline=True)))
    except (ConfigError, pytest.UsageError):
        return  # a list of markers is no place for it


class HeaderPlugin:
    """Shows each value that is not a default, and where it came from."""

    def __init__(self, registry: SuiteRegistry) -> None:
        self._registry = registry

    def pytest_report_header(self) -> list[str]:
        """One line a suite, and one a kind of file that it reads."""
        lines = []
        for suite in self._registry.suites.values():
            said = ", ".join(f"{label} {one_line(value)} ({source})" for label, value, source in suite.header)
            lines += [f"mtbench: {suite.id}: {line}" for line in (said, *map(one_line, suite.files))]
        return lines


def _only_lists(config: pytest.Config) -> bool:
    names = ("showfixtures", "show_fixtures_per_test", "cacheshow")
    return any(config.getoption(name, False) for name in names)


def _add_markers(config: pytest.Config, registry: SuiteRegistry) -> None:
    categories = {category: None for suite in registry.all for category in suite.plan.questions.categories}
    for category in categories:
        config.addinivalue_line("markers", f"{marker_name(category)}: MT-Bench category {one_line(category)}")
    for turn in (1, 2):
        config.addinivalue_line("markers", f"turn{turn}: an MT-Bench test of turn {turn}")
