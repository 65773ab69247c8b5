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
class JudgeTally:
    """The part of one judge of a jury.

    Args:
        made, cached: its judgments, by where they came from.
        served: the names that its endpoint calls it by.
        moved: whether its instructions had to stand in the user's message.
    """

    made: int = 0
    cached: int = 0
    usage: Usage = field(default_factory=Usage)
    served: list[str] = field(default_factory=list)
    moved: bool = False

    def join(self, other: JudgeTally) -> None:
        """Adds what it cost in another run."""
        self.made += other.made
        self.cached += other.cached
        self.usage += other.usage
        self.served += [name for name in other.served if name not in self.served]
        self.moved = self.moved or other.moved


@dataclass
class Tally:
    """What a run has cost so far: requests, tokens, and what the endpoints said about themselves.

    Args:
        answer_usage: tokens of all answers; `against_usage`: those of them that other models gave.
        moved: the kinds of requests whose instructions had to stand in the user's message.
        jury: what of it each judge of a jury has a part in; empty where there is one judge.
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
    jury: dict[str, JudgeTally] = field(default_factory=dict)
    spent: dict[TurnKey, Spent] = field(default_factory=dict)

    def count(self, kind: Kind) -> CallCount:
        """The counter of a kind of reply."""
        return self.answers if kind == "answer" else self.judgments

    def of_judge(self, name: str) -> JudgeTally:
        """The part of a judge of a jury."""
        return self.jury.setdefault(name, JudgeTally())

    def served(self, judge: str) -> list[str]:
        """The names that the endpoint of a judge calls it by.

        Args:
            judge: of a jury; empty where there is one judge.
        """
        return self.jury.get(judge, JudgeTally()).served if judge else self.judges_served

    def use(self, kind: Kind, reply: ChatReply, judge: str = "") -> None:
        """Counts a reply that the run goes on with.

        Args:
            judge: which of a jury said it.
        """
        if judge:
            moved, served = "system" in reply.adapted, [reply.served] if reply.served else []
            self.of_judge(judge).join(JudgeTally(int(not reply.cached), int(reply.cached), served=served, moved=moved))
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

    def spend(self, kind: Kind, usage: Usage, *, other: bool = False, judge: str = "") -> None:
        """Counts the tokens of a reply that was paid for, whether the run goes on with it or not.

        Args:
            other: an answer of another model than the one under test.
            judge: which of a jury said it.
        """
        if judge:
            self.of_judge(judge).usage += usage
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
        for name, part in other.jury.items():
            self.of_judge(name).join(part)

    def note(self, text: str) -> None:
        """Keeps a line for the summary, once."""
        if text not in self.notes:
            self.notes.append(text)
