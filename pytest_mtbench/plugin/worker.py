"""An xdist worker's part of a run: its items reach the engine, which lives in the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..domain.errors import ConfigError, FatalError
from ..engine.channel import RemoteRunner
from ..engine.wishes import FailedRunner
from .arguments import CHANNEL
from .asked_gates import check_asked_gates
from .generate_hook import WhoAnswers
from .item import runner_key
from .keys import require_keys
from .needs import Needs, want
from .options import runs_items
from .registry import SuiteRegistry


class WorkerPlugin:
    """Has in a worker the place that `SessionPlugin` has elsewhere.

    What is wrong is kept for the first item to tell: xdist takes no worker that ends before its items.
    """

    def __init__(self, config: pytest.Config, registry: SuiteRegistry, who: WhoAnswers) -> None:
        self._config = config
        self._registry = registry
        self._who = who
        self._remote: RemoteRunner | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Says what the selected items need, before the first of them runs."""
        if not runs_items(session):
            return None
        if self._registry.settings.dry_run:
            return True
        try:
            self._who.check()
            check_asked_gates(self._registry, session.items)
            needs = Needs.of(session.items)
            require_keys(self._registry, needs, generated=bool(self._who.hook))
            workerinput: Any = vars(self._config)["workerinput"]
            self._remote = RemoteRunner(Path(workerinput[CHANNEL]))
            want(self._config, self._remote, needs)
        except ConfigError as error:
            self._config.stash[runner_key] = FailedRunner(FatalError(str(error)))
        except FatalError as error:
            self._config.stash[runner_key] = FailedRunner(error)
        return None

    def cleanup(self) -> None:
        """Lets go of the channel."""
        if self._remote is not None:
            self._remote.close()
