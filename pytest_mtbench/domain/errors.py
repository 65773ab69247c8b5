"""What can go wrong, sorted by whose fault it is and by what must stop.

A message names the file, option or key and what to do about it, in a line or two.  The shell turns a
`ConfigError` into pytest's usage error (exit 4), a `FatalError` into the end of the run (exit 4), and an
`UnscoredError` into one turn that is unscored, with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence


class MTBenchError(Exception):
    """The base of every error that this package raises on purpose."""


class ConfigError(MTBenchError):
    """A user's mistake in an option, a suite file or a data file; nothing has been requested yet.

    Args:
        problems: one line each; a file's errors are all reported at once.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class FatalError(MTBenchError):
    """Nothing can work any more (wrong key, unknown model, quota used up): no further request is made."""


class UnscoredError(MTBenchError):
    """One turn cannot be measured; the message is the reason that the report gives.

    Args:
        turn: the turn of the question that lacks an answer.
        elsewhere: what its reply held in another field than the answer's, for the report.
    """

    def __init__(self, message: str, *, turn: int = 0, elsewhere: str = "") -> None:
        super().__init__(message)
        self.turn = turn
        self.elsewhere = elsewhere


class StoppedError(MTBenchError):
    """The run was stopped (`-x`, Ctrl-C, a fatal error) before this turn was measured."""
