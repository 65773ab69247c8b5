"""How far a run is, and how long it may still take.  Pure: the clock is handed in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_WINDOW_SECONDS = 60.0
_FEWEST = 3
"""Requests that must have come back before anything is said of the time left."""
_ENOUGH = 8
"""Requests of the last minute that tell the pace alone; with fewer the whole run does."""


@dataclass(frozen=True)
class Steps:
    """How many replies of one kind a run has.

    Args:
        done: all that are there, from wherever; `due`: all that will be there.
        made: those that an endpoint was asked for.
    """

    done: int = 0
    due: int = 0
    made: int = 0

    @property
    def left(self) -> int:
        """How many are still to come."""
        return max(0, self.due - self.done)


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Args:
        pause: seconds for which an endpoint's rate limit lets no request start.
        cost: USD so far, where prices are known.
    """

    answers: Steps = Steps()
    judgments: Steps = Steps()
    in_flight: int = 0
    pause: float = 0.0
    cost: float | None = None

    @property
    def left(self) -> int:
        """How many replies are still to come."""
        return self.answers.left + self.judgments.left


class Pace:
    """Estimates the time that is left from what endpoints needed of late.

    What the cache held comes at once and says nothing of them.  Answers and judgments go on side by side, so that
    the slower of both tells.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()
        self._first: tuple[float, int, int] | None = None

    def seconds_left(self, now: float, progress: Progress) -> float | None:
        """Seconds, or None where too little came back to tell.

        Args:
            now: seconds, of a clock that only goes forward.
        """
        sample = (now, progress.answers.made, progress.judgments.made)
        self._first = self._first or sample
        self._seen.append(sample)
        while self._seen[0][0] < now - _WINDOW_SECONDS:
            self._seen.popleft()
        left = [self._left(sample, kind, steps) for kind, steps in ((1, progress.answers), (2, progress.judgments))]
        known = [seconds for seconds in left if seconds is not None]
        return max(known) if len(known) == len(left) else None

    def _left(self, sample: tuple[float, int, int], kind: int, steps: Steps) -> float | None:
        if not steps.left:
            return 0.0
        for start, fewest in ((self._seen[0], _ENOUGH), (self._first, _FEWEST)):
            made = sample[kind] - start[kind] if start else 0
            if start and made >= fewest and sample[0] > start[0]:
                return steps.left * (sample[0] - start[0]) / made
        return None
