"""What the process has that asks and tells: every one but an xdist worker."""

from __future__ import annotations

import pytest

from ..suite.resolved import ResolvedSuite
from ..suite.who import answered_by, judged_by, opponents_by
from ..untrusted.text import one_line
from .arguments import not_run, root_suite
from .ending import EndingPlugin
from .generate_hook import WhoAnswers
from .painting import LastPlugin
from .registry import SuiteRegistry
from .results import ResultsPlugin
from .session import SessionPlugin
from .verbose import VerbosePlugin


def register(config: pytest.Config, registry: SuiteRegistry, who: WhoAnswers) -> None:
    """Registers the session, the display and the results."""
    session, ending = SessionPlugin(config, registry, who), EndingPlugin()
    config.add_cleanup(session.cleanup)
    results = ResultsPlugin(config, registry, session, ending)
    plugins = {
        "session": session, "ending": ending, "progress": session.display, "verbose": VerbosePlugin(),
        "results": results, "last": LastPlugin(results.write_summary), "header": HeaderPlugin(config, registry, who),
    }  # fmt: skip
    for name, plugin in plugins.items():
        config.pluginmanager.register(plugin, f"mtbench-{name}")


class HeaderPlugin:
    """Shows who answers and judges, each value that is not a default and where it came from, and what does not run."""

    def __init__(self, config: pytest.Config, registry: SuiteRegistry, who: WhoAnswers) -> None:
        self._config = config
        self._registry = registry
        self._who = who

    def pytest_report_header(self) -> list[str]:
        """Two lines a suite, and one a kind of file that it reads."""
        lines = []
        for suite in self._registry.suites.values():
            said = ", ".join(f"{label} {one_line(value)} ({source})" for label, value, source in suite.header)
            lines += [f"mtbench: {suite.id}: {line}" for line in (said, self._by(suite), *map(one_line, suite.files))]
        left = root_suite(self._config)
        return lines + (
            [not_run(self._config, left)] if left is not None and left not in self._registry.collected else []
        )

    def _by(self, suite: ResolvedSuite) -> str:
        others = opponents_by(suite)
        against = f"; against {others}" if others else ""
        if suite.is_audition:
            return f"judge {judged_by(suite)}; no model is under test"
        answers = answered_by(suite, self._registry.settings, hook=self._who.hook, key=True)
        return f"answers {answers}{against}; judge {judged_by(suite)}"
