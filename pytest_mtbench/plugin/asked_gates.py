"""Gates that somebody asks for, where only tests of a user's own run and nothing would decide them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from ..domain.errors import ConfigError
from ..suite.resolved import ResolvedSuite
from ..suite.settings import Settings
from .item import SuiteItem
from .needs import FIXTURE
from .registry import SuiteRegistry


def check_asked_gates(registry: SuiteRegistry, items: Iterable[pytest.Item]) -> None:
    """Sees to it that what the command line gates is not left out with the suite, as it is beside own tests.

    Where test files alone are named nothing would have been added to them; there the summary says it, see `left_out`.

    Raises:
        ConfigError: it would be, and the run be green whatever the scores are.
    """
    items = list(items)
    options = list(_asking(registry.settings))
    added = next((one.suite for one in registry.added if one.unless_used), None)
    if added is None or not options or any(isinstance(item, SuiteItem) for item in items):
        return
    own = next((item for item in items if FIXTURE in getattr(item, "fixturenames", ())), None)
    if own is not None:
        raise ConfigError(
            f"{', '.join(options)}: nothing would be gated: {own.nodeid} uses {FIXTURE}, and no suite is added to such "
            f"tests; name {added.id}::gate too (pytest . {added.id}::gate), or the test files alone"
        )


def left_out(suite: ResolvedSuite) -> str:
    """What the summary says of the gates of a suite of which no item was selected; empty where it has none."""
    if not suite.gates:
        return ""
    said = "no gate is decided, since tests of your own ran alone"
    return f"{said}; {suite.id}::gate on the command line has them decided"


def _asking(settings: Settings) -> Iterator[str]:
    """The options that ask for a gate."""
    if settings.minimums:
        yield "--mtbench-min"
    if settings.baseline is not None:
        yield "--mtbench-baseline"
    if settings.people:
        yield "--mtbench-people"
