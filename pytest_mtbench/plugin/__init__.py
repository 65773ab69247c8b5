"""The entry point: registers options, markers and hooks, and everything else only when there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import hookspecs
from .options import add_options, model_option, named_suites, usage_error

if TYPE_CHECKING:
    from pathlib import Path

    from .turn import MtbenchTurn

_MARKERS = (
    "mtbench(category, turn, question): an MT-Bench test; on a test that uses mtbench_turn, narrows its turns",
    "mtbench_gate: a score threshold of MT-Bench",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    named = named_suites(config)
    if model_option(config) is not None or named:
        _activate(config, named)


@pytest.fixture
def mtbench_turn(request: pytest.FixtureRequest) -> MtbenchTurn:
    """One measured turn of MT-Bench: question, turn, category, messages, answer, judgment, score, reference.

    The test is parametrised over the selected turns; a `mtbench` marker with `category=`, `turn=` or `question=`
    narrows them.  Without `--mtbench-model` it is skipped.
    """
    if not hasattr(request, "param"):
        pytest.skip("mtbench_turn needs --mtbench-model")
    from .collection import request_turn

    return request_turn(request)


def _activate(config: pytest.Config, named: list[Path]) -> None:
    from ..domain.errors import ConfigError
    from .activation import activate

    try:
        activate(config, named)
    except ConfigError as error:
        raise usage_error(error) from error
