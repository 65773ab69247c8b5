"""How long each step of a question took in an earlier run: what goes first follows from it.

It orders requests and nothing else: never what is asked, and no score.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.chat import Kind
from ..domain.question import QuestionId
from .cache_thread import CacheThread

_UNKNOWN_SECONDS = 1.0
"""Of a step that no run has timed; where none was, the longest chain of steps goes first."""


def step(kind: Kind, question: QuestionId, turn: int, who: str = "") -> str:
    """The name of a step, which every run has in common.

    Args:
        who: of several models or judges the one that is asked.
    """
    return f"{kind}:{question}:{turn}:{who}"


class Hints:
    """The seconds of steps, as runs before this one left them in the cache."""

    def __init__(self, cache: CacheThread) -> None:
        self._cache = cache
        self._seconds: dict[str, float] = {}

    async def weight(self, own: str, then: Sequence[str]) -> float:
        """How early a step should go: the seconds of all that can begin only after it, and half of its own.

        Among steps with as much to follow, the whole of its own time would leave the judge without work at the
        beginning, none of it would leave a long answer for the end.  Half came out best or close to it in simulations,
        whichever of model and judge was the slower; `python -m benchmarks uneven` measures it.

        Args:
            own: the step; `then`: those that follow from it.
        """
        new = [name for name in (own, *then) if name not in self._seconds]
        if new:
            found = await self._cache.do(lambda cache: cache.seconds(new)) if self._cache.is_on else {}
            self._seconds |= dict.fromkeys(new, _UNKNOWN_SECONDS) | found
        return self._seconds[own] / 2 + sum(self._seconds[name] for name in then)
