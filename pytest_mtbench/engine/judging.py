"""Judgments: a rating of one answer, or the outcome of a game of two answers in both orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..domain.chat import ChatReply, ChatRequest
from ..domain.errors import FatalError
from ..domain.game import Game
from ..domain.question import Question
from ..domain.tally import Tally
from ..protocol.judgment import Rating, Verdict, read_rating, read_verdict
from ..protocol.quotation import Shown
from ..protocol.thinking import cut_thinking
from .plan import Plan, user_text
from .replies import Replies, Use, Wanted
from .tasks import Tasks

_Read = TypeVar("_Read", Rating, Verdict)


@dataclass(frozen=True)
class Contestant:
    """One side of what is judged.

    Args:
        replies: its answers to the turns up to the one that is judged.
        run: which of its answers, from 0.
    """

    plan: Plan
    replies: Sequence[ChatReply]
    run: int

    @property
    def shown(self) -> list[str]:
        """The answers as the judge sees them."""
        return [cut_thinking(reply.text) for reply in self.replies]


@dataclass(frozen=True)
class Judged:
    """What came of judging an answer once.

    Args:
        score: 1-10, or 0-1 of a game; None with its `reason`.
        texts: what the judge said.
    """

    score: float | None
    reason: str | None
    texts: tuple[str, ...]
    flags: tuple[str, ...]
    game: Game | None = None


class Judging:
    """Asks the judge, each thing once."""

    def __init__(self, tasks: Tasks, replies: Replies, tallies: MutableMapping[str, Tally]) -> None:
        self._tasks = tasks
        self._replies = replies
        self._tallies = tallies

    async def grade(self, side: Contestant, question: Question, sample: int) -> Judged:
        """The rating of an answer.

        Raises:
            UnscoredError, FatalError: the judge cannot be asked.
        """
        text, rating = await self._ask(side, question, sample, None, read_rating)
        return Judged(rating.score, rating.reason, (text,), rating.flags)

    async def play(self, side: Contestant, other: Contestant, question: Question, sample: int) -> Judged:
        """The outcome of a game; FastChat's order: first with the model under test as assistant A, then as B.

        Raises:
            UnscoredError, FatalError: the judge cannot be asked.
        """
        said = await asyncio.gather(
            self._ask(side, question, sample, (side, other), read_verdict),
            self._ask(side, question, sample, (other, side), read_verdict),
        )
        (first, second), (text, swapped) = [[verdict for _, verdict in said], [text for text, _ in said]]
        answer = other.replies[-1].text
        reason = first.reason or second.reason
        game = Game(other.plan.label, side.run + 1, (first.letter, second.letter), answer, (text, swapped), reason)
        return Judged(game.score, reason, game.judgments, (*first.flags, *second.flags), game)

    async def _ask(
        self,
        side: Contestant,
        question: Question,
        sample: int,
        order: tuple[Contestant, Contestant] | None,
        read: Callable[[str, str, Shown], _Read],
    ) -> tuple[str, _Read]:
        plan, turn = side.plan, len(side.replies)
        shown: list[str] = order[0].shown if order else side.shown
        others: list[str] | None = order[1].shown if order else None
        # The model under test has no label.
        labels: tuple[str, ...] = tuple(contestant.plan.label for contestant in order or ())
        request: ChatRequest = plan.judge_request(question, shown, sample, others)
        slot = ":".join([f"judgment:{question.id}:{turn}:{sample}", *filter(None, [request.revision]), *labels])
        name = ("judgment", plan.key, question.id, turn, side.run, sample, labels)
        return await self._tasks.once(name, lambda: self._get(plan, request, slot, [*shown, *(others or ())], read))

    async def _get(
        self, plan: Plan, request: ChatRequest, slot: str, shown: list[str], read: Callable[[str, str, Shown], _Read]
    ) -> tuple[str, _Read]:
        system = request.messages[0]
        # The pairwise templates' instructions hold the three verdicts themselves.
        instructions = system["content"] if read is read_verdict and system["role"] == "system" else ""
        material = Shown(user_text(request.messages), shown, instructions)

        def use_of(reply: ChatReply) -> Use:
            return "again" if read(reply.text, reply.finish_reason, material).reason else "good"

        wanted = Wanted(plan, "judgment", request, slot, (request.sample, 0), use_of, self._tallies[plan.account])
        reply = await self._replies.get(wanted)
        if plan.judges_served and reply.served and reply.served not in plan.judges_served:
            raise FatalError(judge_served_as(plan, reply.served))
        return reply.text, read(reply.text, reply.finish_reason, material)


def judge_served_as(plan: Plan, name: str) -> str:
    """What a run says whose judge is not served as the baseline's was."""
    return (
        f"no baseline for this run: its judge was served as {' and '.join(sorted(plan.judges_served))}, and "
        f"{plan.judge.name} is now served as {name}, so the scores cannot be compared; make a new baseline of what is "
        "deployed, with --mtbench-runs=5 --mtbench-report=FILE"
    )


def lost_game(plan: Plan, run: int, reason: str, answer: str | None = None) -> Judged:
    """A game that could not be played.

    Args:
        plan: the other side's; `answer`: its answer, where there was one.
        run: from 0.
    """
    return Judged(None, reason, (), (), Game(plan.label, run + 1, answer=answer, unscored=reason))
