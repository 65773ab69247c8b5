"""What a run asks for and what that costs, counted while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from .chat import ChatReply, Kind, Usage
from .result import Spent, TurnKey


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
        moved: the kinds of requests whose instructions had to stand in the user's message.
        spent: what single turns took, as far as anything was asked for them.
    """

    answers: CallCount = field(default_factory=CallCount)
    judgments: CallCount = field(default_factory=CallCount)
    answer_usage: Usage = field(default_factory=Usage)
    judgment_usage: Usage = field(default_factory=Usage)
    judges_served: list[str] = field(default_factory=list)
    oldest_cached_answer: float | None = None
    notes: list[str] = field(default_factory=list)
    against_usage: Usage = field(default_factory=Usage)
    moved: set[Kind] = field(default_factory=set)
    spent: dict[TurnKey, Spent] = field(default_factory=dict)

    def count(self, kind: Kind) -> CallCount:
        """The counter of a kind of reply."""
        return self.answers if kind == "answer" else self.judgments

    def use(self, kind: Kind, reply: ChatReply) -> None:
        """Counts a reply that the run goes on with."""
        if reply.cached:
            self.count(kind).cached += 1
        else:
            self.count(kind).made += 1
        if kind == "answer" and reply.cached and reply.created:
            self.oldest_cached_answer = min(reply.created, self.oldest_cached_answer or reply.created)
        if kind == "judgment":
            self.judge_served_as(reply.served)
        if "system" in reply.adapted:
            self.moved.add(kind)

    def spend(self, kind: Kind, usage: Usage, *, other: bool = False) -> None:
        """Counts the tokens of a reply that was paid for, whether the run goes on with it or not.

        Args:
            other: an answer of another model than the one under test.
        """
        if kind == "answer":
            self.answer_usage += usage
            self.against_usage += usage if other else Usage()
        else:
            self.judgment_usage += usage

    def bill(self, turn: TurnKey, cost: float | None) -> None:
        """Counts a new reply that a turn took."""
        self.spent[turn] = self.spent.get(turn, Spent()).plus(cost)

    def judge_served_as(self, name: str) -> None:
        """Keeps a name that the judge's endpoint calls it by, once; an empty one says nothing."""
        if name and name not in self.judges_served:
            self.judges_served.append(name)

    def join(self, other: Tally) -> None:
        """Adds what another run cost."""
        kinds: tuple[Kind, ...] = ("answer", "judgment")
        for kind in kinds:
            count, theirs = self.count(kind), other.count(kind)
            count.made += theirs.made
            count.cached += theirs.cached
            count.retried += theirs.retried
        self.answer_usage += other.answer_usage
        self.judgment_usage += other.judgment_usage
        self.against_usage += other.against_usage
        self.moved |= other.moved
        for name in other.judges_served:
            self.judge_served_as(name)

    def note(self, text: str) -> None:
        """Keeps a line for the summary, once."""
        if text not in self.notes:
            self.notes.append(text)
