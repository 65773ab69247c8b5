"""What happens when the plugin is switched on: suites are resolved, markers and plugins registered."""

from __future__ import annotations

import atexit
import gc
from functools import partial

import pytest

from ..domain.errors import ConfigError
from ..questions import load_questions
from ..untrusted.text import one_line
from .collection import CollectionPlugin, ListingPlugin
from .generate_hook import WhoAnswers
from .names import marker_name
from .options import is_worker, usage_error
from .registry import SuiteRegistry, resolved_suites


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
    who = WhoAnswers(config, registry)
    config.pluginmanager.register(who, "mtbench-answers")
    config.pluginmanager.register(CollectionPlugin(registry), "mtbench-collection")
    if is_worker(config):  # of which there are many, that ask and tell nothing
        from .worker import WorkerPlugin

        worker = WorkerPlugin(config, registry, who)
        config.add_cleanup(worker.cleanup)
        config.pluginmanager.register(worker, "mtbench-session")
    else:
        from .controller import register

        register(config, registry, who)


def add_markers_at_hand(config: pytest.Config) -> None:
    """For `--markers`: also the categories', where they are known without a download."""
    try:
        _add_markers(config, resolved_suites(config, partial(load_questions, offline=True)))
    except (ConfigError, pytest.UsageError):
        return  # a list of markers is no place for it


def _only_lists(config: pytest.Config) -> bool:
    names = ("showfixtures", "show_fixtures_per_test", "cacheshow")
    return any(config.getoption(name, False) for name in names)


def _add_markers(config: pytest.Config, registry: SuiteRegistry) -> None:
    categories = {category: None for suite in registry.all for category in suite.plan.questions.categories}
    for category in categories:
        config.addinivalue_line("markers", f"{marker_name(category)}: MT-Bench category {one_line(category)}")
    for turn in (1, 2):
        config.addinivalue_line("markers", f"turn{turn}: an MT-Bench test of turn {turn}")
