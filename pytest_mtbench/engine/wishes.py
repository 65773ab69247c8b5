"""What items want of the engine, in whichever process it lives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from ..domain.chat import Kind
from ..domain.errors import FatalError
from ..domain.result import TurnKey, TurnResult


class Wish(NamedTuple):
    """A turn that is wanted.

    Args:
        runs: how many runs it is made of; None for as many as the plan says, and one of an answer alone.
        upto: `answer` asks no judge, and no other model.
    """

    key: TurnKey
    runs: int | None = None
    upto: Kind = "judgment"


class Runner(Protocol):
    """What test items see of the engine, in whichever process it lives."""

    def want(self, keys: Iterable[TurnKey], runs: int | None = None, upto: Kind = "judgment") -> None:
        """Starts measuring turns; returns at once.

        Args:
            runs: how many runs of each; see `Engine.turn`.
            upto: `answer` asks no judge.
        """
        ...

    def result(self, key: TurnKey, runs: int | None = None, upto: Kind = "judgment") -> TurnResult:
        """Waits for one turn; see `want`.

        Raises:
            FatalError: nothing can be measured any more.
            StoppedError: the run was stopped.
        """
        ...


class FailedRunner:
    """Stands for an engine that cannot be reached, and says why.

    Args:
        error: what every item hears.
    """

    def __init__(self, error: FatalError) -> None:
        self._error = error

    def want(self, keys: Iterable[TurnKey], runs: int | None = None, upto: Kind = "judgment") -> None:
        """Does nothing; see `Runner`."""

    def result(self, key: TurnKey, runs: int | None = None, upto: Kind = "judgment") -> TurnResult:  # noqa: ARG002
        """Raises; see `Runner`."""
        raise self._error
