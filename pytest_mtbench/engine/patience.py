"""How long requests to one endpoint may take: what the user allows, and twice that where it was too little."""

from __future__ import annotations

from collections.abc import Callable

Announce = Callable[[str], None]
"""Says a line at once, from any thread; the same line only once."""

TRIES = 3
"""So often is a request asked that gets no reply in time: each time its endpoint may have worked for nothing."""
_MOST = 4
"""Times what the user allows."""


class Pace:
    """What an endpoint needs, as far as its requests have shown.

    Args:
        allowed: seconds, by `--mtbench-timeout`.
        streams: whether replies come in pieces; the time is that of one piece then.
    """

    def __init__(self, allowed: float, *, streams: bool = False) -> None:
        self.allowed = allowed
        self.streams = streams
        self.usual = allowed
        """What a new request gets: more than allowed once a reply needed it, so that only the first ones wait twice."""

    @property
    def too_little(self) -> str:
        """What did not come in time."""
        return "no piece of a reply" if self.streams else "no reply"

    @property
    def remedy(self) -> str:
        """What a user can do where it takes too long."""
        stream = "" if self.streams else ", or `stream: true` in the suite file, which waits from piece to piece"
        return f"--mtbench-timeout allows more, --mtbench-concurrency asks for fewer at once{stream}"


class Patience:
    """The time of one request, over its tries."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._timed_out = 0
        self._own = 0.0

    @property
    def seconds(self) -> float:
        """What the next try may take: others may have shown by now what the endpoint needs."""
        return max(self._own, self._pace.usual)

    @property
    def is_over(self) -> bool:
        """Whether it got no reply in time so often that it is not asked again."""
        return self._timed_out >= TRIES

    def timed_out(self, waited: float, where: str, announce: Announce) -> str:
        """Gives the next try twice the time, and says so at once.

        Args:
            waited: seconds that this try was given.
            where: the endpoint as messages name it.

        Returns:
            what came of this try, for the reason of a turn that is given up.
        """
        pace = self._pace
        self._timed_out += 1
        self._own = min(2 * waited, _MOST * pace.allowed)
        came = f"{pace.too_little} within {waited:g} s"
        if not self.is_over:
            announce(f"mtbench: {where}: {came}; asked again with {self.seconds:g} s ({pace.remedy})")
        return f"{came}; {pace.remedy}"

    def replied(self, waited: float) -> None:
        """A reply came to a try that was given so many seconds: so many the next requests get."""
        self._pace.usual = max(self._pace.usual, waited)
