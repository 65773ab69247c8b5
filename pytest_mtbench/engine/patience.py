"""How long one request may take: what the user allows, and twice that once it was too little."""

from __future__ import annotations

from collections.abc import Callable

Announce = Callable[[str], None]
"""Says a line at once, from any thread; the same line only once."""


class Patience:
    """The time of one request, over its tries.

    Args:
        seconds: what `--mtbench-timeout` allows.
    """

    def __init__(self, seconds: float) -> None:
        self._allowed = seconds
        self.seconds = seconds
        """What the next try may take."""

    def timed_out(self, where: str, announce: Announce) -> str:
        """Gives the next tries twice the time, and says so at once.

        Args:
            where: the endpoint as messages name it.

        Returns:
            what came of this try, for the reason of a turn that is given up.
        """
        waited, self.seconds = self.seconds, 2 * self._allowed
        announce(
            f"mtbench: {where}: no reply within {self._allowed:g} s; asked again with {self.seconds:g} s "
            "(--mtbench-timeout)"
        )
        return f"no reply within {waited:g} s; --mtbench-timeout allows more"
