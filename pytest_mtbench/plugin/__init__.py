"""The entry point: registers options, markers and hooks, and everything else only when there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import hookspecs
from .arguments import named_suites, not_run, refuse_options_of_nothing, root_suite, suite_typed
from .options import add_options, begins, judges_alone, model_option

if TYPE_CHECKING:
    from .turn import MtbenchTurn

_MARKERS = (
    "mtbench(category, turn, question, judge): an MT-Bench test; with mtbench_turn: which turns, judged or not",
    "mtbench_gate: a score threshold of MT-Bench",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("markers", False) and _is_active(config):
        from .activation import add_markers_at_hand

        add_markers_at_hand(config)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    if not begins(config):
        return None
    from .beginning import begin

    begin(config)
    return 0


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Not at `pytest_configure`: `--help` and the like need no question set, and must work where there is none."""
    if _is_active(session.config):
        from .activation import activate

        activate(session.config)
    else:
        refuse_options_of_nothing(session.config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Of a suite file that lies there and is not run somebody may think that it is; an active run says so itself."""
    left = None if _is_active(config) else root_suite(config)
    return [] if left is None else [not_run(config, left)]


@pytest.fixture
def mtbench_turn(request: pytest.FixtureRequest) -> MtbenchTurn:
    """One turn of MT-Bench: question, turn, category, messages, answer, reference, score, judgment, games.

    The last three ask the judge when one of them is read.  A test is parametrised over the selected turns; a `mtbench`
    marker with `category=`, `turn=` or `question=` narrows them, and with `judge=` has them judged from the start, or
    never.  Without a model or a suite file on the command line it is skipped.
    """
    if not _is_active(request.config):
        pytest.skip("mtbench_turn needs --mtbench-model=NAME or --mtbench-suite=FILE")
    if not hasattr(request, "param"):
        pytest.fail("mtbench_turn: name it as an argument of the test, which is parametrised over it", pytrace=False)
    from .turn_fixture import requested_turn

    return requested_turn(request)


def _is_active(config: pytest.Config) -> bool:
    return model_option(config) is not None or judges_alone(config) or suite_typed(config) or bool(named_suites(config))
