"""What an endpoint has shown of itself so far: whether it works at all.  Pure."""

from __future__ import annotations

from collections import defaultdict

from .waits import LONGEST_WAIT

ALIKE = 8
"""Different requests that an endpoint refuses alike before it answered any: what refuses them is none of theirs."""


class Standing:
    """The standing of one endpoint, by model."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._refused: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._limited_since: float | None = None

    def answered(self, model: str) -> None:
        """A good reply came."""
        self._answered.add(model)
        self._limited_since = None

    def knows(self, model: str) -> bool:
        """Whether a good reply ever came from this model."""
        return model in self._answered

    def is_hopeless(self, model: str, alike: str, request: str) -> bool:
        """Whether one more refused request shows that every other will be refused too.

        Args:
            alike: what the refusals have in common; empty where one says nothing of other requests.
            request: tells different requests apart.
        """
        if not alike or self.knows(model):
            return False
        refused = self._refused[model, alike]
        refused.add(request)
        return len(refused) >= ALIKE

    def is_limited_for_good(self, now: float) -> bool:
        """Whether nothing but "too many requests" came for longer than a moment lasts.

        Args:
            now: seconds, of a clock that never goes back.
        """
        if self._limited_since is None:
            self._limited_since = now
        return now - self._limited_since > LONGEST_WAIT
