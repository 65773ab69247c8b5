"""What a run asks for and what that costs, counted while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from .chat import Usage


@dataclass
class CallCount:
    """How many replies of one kind a run used, and where they came from."""

    made: int = 0
    cached: int = 0
    retried: int = 0


@dataclass
class Tally:
    """What a run has cost so far: requests, tokens, and what the endpoints said about themselves.

    Args:
        answer_usage: tokens of all answers; `against_usage`: those of them that other models gave.
    """

    answers: CallCount = field(default_factory=CallCount)
    judgments: CallCount = field(default_factory=CallCount)
    answer_usage: Usage = field(default_factory=Usage)
    judgment_usage: Usage = field(default_factory=Usage)
    judges_served: list[str] = field(default_factory=list)
    oldest_cached_answer: float | None = None
    notes: list[str] = field(default_factory=list)
    against_usage: Usage = field(default_factory=Usage)

    def note(self, text: str) -> None:
        """Keeps a line for the summary, once."""
        if text not in self.notes:
            self.notes.append(text)
