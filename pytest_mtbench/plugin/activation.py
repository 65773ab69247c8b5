"""What happens when the plugin is switched on: inputs are checked, markers and plugins registered."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..domain.errors import ConfigError
from ..files.fastchat_writer import export_files
from ..suite.resolve import SuiteRun
from ..suite.settings import Options
from ..untrusted.text import one_line
from .collection import CollectionPlugin
from .options import VIRTUAL, collected_suites, model_option, options_from, suite_option
from .results import ResultsPlugin
from .session import SessionPlugin
from .suites import Suites, names_a_model
from .turn_items import marker_name


def activate(config: pytest.Config, named: Sequence[Path]) -> None:
    """Registers what an active run needs.

    Args:
        named: the suite files that the command line names.

    Raises:
        ConfigError: an option or a suite file is wrong; nothing has been requested.
    """
    if model_option(config) is None:
        without = [path for path in named if not names_a_model(path)]
        if without:
            raise ConfigError(f"{without[0].name}: names no model; add `model:` to it, or give --mtbench-model=NAME")
    options = options_from(config)
    suites = Suites(options, VIRTUAL, named[0] if len(named) == 1 else suite_option(config))
    virtual = _take_virtual(config)
    paths: Sequence[Path | None] = [None] if virtual else collected_suites(config) or [suites.default]
    for path in paths:
        suites.get(suites.key_of(path))
    if not hasattr(config, "workerinput"):
        _probe_outputs(options, suites.loaded)
    for run in suites.loaded:
        for category in run.plan.questions.categories:
            config.addinivalue_line("markers", f"{marker_name(category)}: MT-Bench category {one_line(category)}")
    for turn in (1, 2):
        config.addinivalue_line("markers", f"turn{turn}: an MT-Bench test of turn {turn}")
    session = SessionPlugin(config, suites)
    config.add_cleanup(session.cleanup)
    config.pluginmanager.register(session, "mtbench-session")
    config.pluginmanager.register(CollectionPlugin(suites, virtual), "mtbench-collection")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ResultsPlugin(config, suites, session), "mtbench-results")
        config.pluginmanager.register(HeaderPlugin(suites), "mtbench-header")


class HeaderPlugin:
    """Shows each value that is not a default, and where it came from."""

    def __init__(self, suites: Suites) -> None:
        self._suites = suites

    def pytest_report_header(self) -> list[str]:
        """One line a suite."""
        return [
            f"mtbench: {run.plan.key}: "
            + ", ".join(f"{label} {one_line(value)} ({source})" for label, value, source in run.shown)
            for run in self._suites.loaded
        ]


def _take_virtual(config: pytest.Config) -> list[str]:
    """Removes pasted ids such as `mtbench::math[q111-turn1]` from what pytest looks for on disk."""
    names, others = [], []
    for argument in config.args:
        path, separator, name = argument.partition("::")
        place = Path(os.path.normpath(config.invocation_params.dir / path))
        # pytest prints ids relative to where it was started: `../mtbench::...` below the rootdir.
        if separator and path and place in (config.rootpath / VIRTUAL, config.invocation_params.dir / VIRTUAL):
            names.append(name)
        else:
            others.append(argument)
    config.args[:] = others
    return names


def _probe_outputs(options: Options, runs: Sequence[SuiteRun]) -> None:
    """Whether every file can be written, before anything is paid for."""
    for path in options.reports:
        _probe(path, f"--mtbench-report={path}")
    if options.export:
        for run in runs:
            for path in export_files(options.export, run.plan):
                _probe(path, f"--mtbench-export={options.export}")


def _probe(path: Path, what: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        with path.open("a", encoding="utf-8"):
            pass
        if not existed:
            path.unlink()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{what}: cannot be written ({reason})") from error
