"""The users' own chatbots of a run, by the suite that they answer for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .bot import Bot
from .bot_opening import CLOSING_SECONDS


class Bots:
    """Opens them before anything is asked, and closes them at the end.

    Args:
        of: by suite; several suites may have one.
        later: the suites whose chatbots are opened only once they are needed.
    """

    def __init__(self, of: Mapping[str, Bot] | None = None, later: Collection[str] = ()) -> None:
        self._of = of or {}
        self._later = later
        self.faults: list[str] = []
        """What went wrong when they were closed."""

    def get(self, suite: str) -> Bot | None:
        """Who answers for a suite, where it is no endpoint."""
        return self._of.get(suite)

    @property
    def is_opening(self) -> bool:
        """Whether one is being made or entered now, which may hold up the loop."""
        return any(bot.is_opening for bot in self._of.values())

    @property
    def closing_seconds(self) -> float:
        """How long it may take to close them."""
        return CLOSING_SECONDS if any(bot.is_held for bot in self._of.values()) else 0.0

    async def open(self, suite: str) -> None:
        """Opens all but the later ones, and that of a suite.

        Raises:
            FatalError: one cannot be opened.
        """
        for name, bot in self._of.items():
            if name == suite or name not in self._later:
                await bot.open()

    async def close(self) -> None:
        """Closes them, one after the other."""
        for bot in dict.fromkeys(self._of.values()):
            fault = await bot.close()
            self.faults += [fault] if fault else []
