"""The keys that a run needs, seen to before anything is asked."""

from __future__ import annotations

from ..suite.keys import require_api_keys
from .needs import Needs
from .registry import SuiteRegistry


def require_keys(registry: SuiteRegistry, needs: Needs, *, generated: bool, elsewhere: bool = False) -> None:
    """Whether every endpoint that is surely asked has its key.

    Of judges that tests may or may not ask only the first request says that a key is missing.

    Args:
        needs: of the items of this process.
        generated: a user's own hook answers.
        elsewhere: items are collected by xdist's workers, so that what they need is known in part.

    Raises:
        ConfigError: a key is missing.
    """
    needed, judged = needs.payers(registry.plans), needs.payers(registry.plans, "judgment")
    if elsewhere:
        needed |= {suite.id for suite in registry.suites.values()}
        judged |= registry.surely_run
    for suite in registry.all:
        if suite.id in needed:
            require_api_keys(suite, registry.settings, generated=generated, judged=suite.id in judged)
