"""Collects suite files, adds the suite that pytest does not find, and parametrises `mtbench_turn`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from .arguments import is_suite_name
from .item import SuiteItem
from .needs import FIXTURE
from .registry import SuiteRegistry
from .suite_nodes import added_node, suite_file_node
from .turn_fixture import parametrize_turns


class CollectionPlugin:
    """Turns suites into items; registered only when the plugin is active."""

    def __init__(self, registry: SuiteRegistry) -> None:
        self._registry = registry

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        suites = self._registry.suites
        if file_path not in suites and (self._registry.leaves_files or not is_suite_name(file_path)):
            return None
        return suite_file_node(parent, file_path, suites.get(file_path))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Adds suites behind everything else: whether one is needed may depend on what was collected before."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result += [added_node(collector, added) for added in self._registry.added]
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if isinstance(item, SuiteItem):
                item.show_parameters()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if FIXTURE in metafunc.fixturenames:
            parametrize_turns(metafunc, self._registry)


class ListingPlugin:
    """Suite files without items, where pytest only lists fixtures and the like."""

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if not is_suite_name(file_path):
            return None
        node: _EmptyFile = _EmptyFile.from_parent(parent, path=file_path)
        return node


class _EmptyFile(pytest.File):
    def collect(self) -> Iterable[pytest.Item]:
        return []
