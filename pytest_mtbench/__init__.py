"""pytest-mtbench: gate deploys on MT-Bench.

The public names are what a user's own tests and hooks meet.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .domain.chat import Message
    from .domain.own import Reply, Retry
    from .domain.question import Question
    from .plugin.turn import MtbenchTurn

__version__ = "0.2.0"
__all__ = ["Message", "MtbenchTurn", "Question", "Reply", "Retry", "__version__"]

_HOMES = {
    "Message": ".domain.chat", "MtbenchTurn": ".plugin.turn", "Question": ".domain.question", "Reply": ".domain.own",
    "Retry": ".domain.own",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """A public name when it is first used: pytest imports this package at every start, used or not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
