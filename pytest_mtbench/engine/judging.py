"""Judgments: a rating of one answer, or the outcome of a game of two answers in both orders."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..domain.chat import ChatReply, ChatRequest
from ..domain.endpoint import Answerer
from ..domain.errors import FatalError, UnscoredError
from ..domain.game import Game
from ..domain.question import Question
from ..domain.result import Judgment, TurnKey
from ..domain.tally import Tally
from ..protocol.judgment import RATING, VERDICT, Marking, Reading, read
from ..protocol.quotation import Material
from .hints import step
from .plan import Plan
from .replies import Replies, Use, Wanted
from .tasks import Tasks

T = TypeVar("T")

Flags = tuple[str, ...]
"""What a reader should know about a judge's texts, in fixed words."""


@dataclass(frozen=True)
class Side:
    """One side of what is judged.

    Args:
        replies: its answers to the turns up to the one that is judged.
        run: which of its answers, from 0.
    """

    who: Answerer
    replies: Sequence[ChatReply]
    run: int

    @property
    def texts(self) -> list[str]:
        """The answers."""
        return [reply.text for reply in self.replies]

    def shown(self, plan: Plan) -> list[str]:
        """The answers as the judge sees them."""
        return [plan.shown(text) for text in self.texts]


class Judging:
    """Asks the judge, each thing once; of a jury each judge, with the plan that is for that one."""

    def __init__(self, tasks: Tasks, replies: Replies, tallies: MutableMapping[str, Tally]) -> None:
        self._tasks = tasks
        self._replies = replies
        self._tallies = tallies

    async def grade(self, plan: Plan, side: Side, question: Question, sample: int) -> tuple[Judgment, Flags]:
        """The rating of an answer, or the reason why there is none.

        Raises:
            FatalError: no judge can be asked.
        """
        try:
            text, rating = await self._ask(plan, question, sample, [side], RATING)
        except UnscoredError as error:
            return Judgment("", None, str(error), plan.said_by), ()
        return Judgment(text, rating.value, rating.reason, plan.said_by), rating.flags

    async def play(self, plan: Plan, side: Side, other: Side, question: Question, sample: int) -> tuple[Game, Flags]:
        """A game; FastChat's order: first with the model under test as assistant A, then as B.

        An order in which the judge cannot be asked leaves the game without an outcome and keeps the other's text.

        Raises:
            FatalError: no judge can be asked.
        """
        orders = [[side, other], [other, side]]
        first, second = await asyncio.gather(*(self._ask_or_reason(plan, question, sample, order) for order in orders))
        game = Game(
            against=other.who.label,
            run=side.run + 1,
            verdicts=(first[1].value, second[1].value),
            answer=other.texts[-1],
            judgments=(first[0], second[0]),
            unscored=first[1].reason or second[1].reason,
            judge=plan.said_by,
        )
        return game, (*first[1].flags, *second[1].flags)

    async def _ask_or_reason(
        self, plan: Plan, question: Question, sample: int, order: Sequence[Side]
    ) -> tuple[str, Reading[str]]:
        try:
            return await self._ask(plan, question, sample, order, VERDICT)
        except UnscoredError as error:
            return "", Reading(None, str(error))

    async def _ask(
        self,
        plan: Plan,
        question: Question,
        sample: int,
        order: Sequence[Side],
        marking: Marking[T],
    ) -> tuple[str, Reading[T]]:
        side = order[0]
        turn = len(side.replies)
        others = order[1].texts if len(order) > 1 else None
        # The model under test, of which there is one, is not named.
        names: tuple[str, ...] = (
            tuple("" if one.who is plan.model else one.who.label for one in order) if others else ()
        )
        request: ChatRequest = plan.judge_request(question, side.texts, sample, others)
        apart = filter(None, [request.revision, plan.said_by])
        slot = ":".join([f"judgment:{question.id}:{turn}:{sample}", *apart, *names])
        name = ("judgment", plan.key, question.id, turn, side.run, sample, names, plan.said_by)
        shown = [text for one in order for text in one.shown(plan)]
        key = TurnKey(plan.key, question.id, turn)
        return await self._tasks.once(name, lambda: self._get(plan, key, request, slot, shown, marking))

    async def _get(
        self, plan: Plan, turn: TurnKey, request: ChatRequest, slot: str, shown: list[str], marking: Marking[T]
    ) -> tuple[str, Reading[T]]:
        material = Material("\n".join(message["content"] for message in request.messages), shown)

        def reading(reply: ChatReply) -> Reading[T]:
            if reply.elsewhere is None:
                return read(marking, reply.text, reply.finish_reason, material)
            return Reading(None, f"the judge's reply is empty and its text is in `{reply.elsewhere[0][:40]}`")

        def use_of(reply: ChatReply) -> Use:
            return "again" if reading(reply).reason else "good"

        wanted = Wanted(
            plan, "judgment", plan.judge, request, slot,
            round=request.sample,
            step=step("judgment", turn.question_id, turn.turn, plan.said_by),
            then=(),
            use_of=use_of,
            tally=self._tallies[plan.payer],
            turn=turn,
        )  # fmt: skip
        reply = await self._replies.get(wanted)
        if plan.judges_served and reply.served and reply.served not in plan.judges_served:
            raise FatalError(judge_served_as(plan, reply.served))
        moved = "system" in reply.adapted
        if reply.served and plan.judge_moved not in (None, moved):
            raise FatalError(_judge_asked_otherwise(plan, moved))
        return reply.text or (reply.elsewhere[1] if reply.elsewhere else ""), reading(reply)


def judge_served_as(plan: Plan, name: str) -> str:
    """What a run says whose judge is not served as the baseline's was."""
    return (
        f"no baseline for this run: its judge was served as {' and '.join(sorted(plan.judges_served))}, and "
        f"{plan.judge_name} is now served as {name}, so the scores cannot be compared; make a new baseline of what is "
        "deployed, with --mtbench-runs=5 --mtbench-report=FILE"
    )


def _judge_asked_otherwise(plan: Plan, moved: bool) -> str:
    """What a run says whose judge got its instructions in another place than the baseline's did."""
    places = ("in a message of their own", "at the head of the user's message")
    return (
        f"no baseline for this run: {plan.judge_name} now gets its instructions {places[moved]}, and the baseline's "
        f"judge got them {places[not moved]}, so the scores cannot be compared; make a new baseline of what is deployed"
    )
