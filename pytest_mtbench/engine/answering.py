"""Answers: of the model under test and of those that it is compared with; asked for, stored, or a user's own."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping

from ..domain.chat import NO_ANSWER, ChatReply
from ..domain.endpoint import Answerer
from ..domain.errors import UnscoredError
from ..domain.question import Question, QuestionId
from ..domain.result import TurnKey
from ..domain.tally import Tally
from ..protocol.whole import answer_fault, end_of
from ..untrusted.text import join_surrogates
from .bot import Bot
from .bots import Bots
from .hints import step
from .plan import Plan
from .replies import Replies, Use, Wanted
from .tasks import Tasks


class Answering:
    """Gets every answer once.

    Args:
        bots: the users' own chatbots, which answer instead of the models under test.
    """

    def __init__(
        self,
        tasks: Tasks,
        replies: Replies,
        tallies: MutableMapping[str, Tally],
        bots: Bots,
    ) -> None:
        self._tasks = tasks
        self._replies = replies
        self._tallies = tallies
        self._bots = bots

    def answer(self, plan: Plan, who: Answerer, question: Question, turn: int, run: int) -> asyncio.Future[ChatReply]:
        """A model's answer to one turn, which waits for those to the turns before."""
        name = ("answer" if who.answers is None else "stored answer", plan.key, who.label, question.id, turn, run)
        return self._tasks.once(name, lambda: self._get(plan, who, question, turn, run))

    async def answers(self, plan: Plan, who: Answerer, question: Question, turn: int, run: int) -> list[ChatReply]:
        """A model's answers to the turns up to this one.

        Raises:
            UnscoredError, FatalError: there is none.
        """
        return [await self.answer(plan, who, question, earlier, run) for earlier in range(1, turn + 1)]

    async def _get(self, plan: Plan, who: Answerer, question: Question, turn: int, run: int) -> ChatReply:
        if who.answers is not None:
            return self._stored_answer(plan, who, (question.id, turn, run))
        before = [reply.text for reply in await self.answers(plan, who, question, turn - 1, run)]
        request = plan.answer_request(who, question, before, run)
        own = who is plan.model
        name = "" if own else who.label
        slot = f"answer:{question.id}:{turn}:{run}" + (f":{name}" if name else "")
        wanted = Wanted(
            plan, "answer", who, request, slot,
            round=run,
            step=step("answer", question.id, turn, name),
            then=_what_follows(plan, name, question, turn),
            use_of=lambda reply: _use_of(plan, reply),
            tally=self._tallies[plan.payer],
            turn=TurnKey(plan.key, question.id, turn),
        )  # fmt: skip
        bot = self._bots.get(plan.key) if own else None
        given = None if bot is None else await self._given(bot, wanted, question, turn, run)
        return _checked(plan, who, turn, await self._replies.get(wanted)) if given is None else given

    async def _given(self, bot: Bot, wanted: Wanted, question: Question, turn: int, run: int) -> ChatReply | None:
        """The answer of a user's own chatbot, or None where it leaves that to the model."""
        told = {"question": question, "turn": turn, "run": run + 1}
        return await self._replies.give(wanted, lambda terms: bot.answer(wanted.request, told, terms))

    def _stored_answer(self, plan: Plan, who: Answerer, place: tuple[QuestionId, int, int]) -> ChatReply:
        text = (who.answers or {}).get(place)
        if text is None or text.strip() == NO_ANSWER:
            where = "--mtbench-answers" if who is plan.model else f"the file of {who.label}"
            mark = "" if text is None else f", but {NO_ANSWER}, FastChat's mark of a request that failed"
            raise UnscoredError(f"{where} holds no answer to turn {place[1]}{mark}")
        reply = ChatReply(join_surrogates(text), cached=True)
        if not plan.again:  # a baseline's answers are none of this run's
            self._tallies[plan.payer].use("answer", reply)
        return reply


def _what_follows(plan: Plan, name: str, question: Question, turn: int) -> tuple[str, ...]:
    """The steps that wait for an answer: its judgments, the later answers and theirs."""
    turns = range(turn, len(question.turns) + 1)
    judgments = (step("judgment", question.id, one, judge.said_by) for one in turns for judge in plan.of_judges)
    return (*judgments, *(step("answer", question.id, later, name) for later in turns[1:]))


def _checked(plan: Plan, who: Answerer, turn: int, reply: ChatReply) -> ChatReply:
    """The reply, where it is an answer.

    Raises:
        UnscoredError: it is none.
    """
    section = "model" if who is plan.model else "against"
    if end_of(reply.finish_reason) == "cut-off" and _is_empty(plan, reply):
        raise UnscoredError(
            f"the model used up max_tokens ({who.max_tokens}) before it answered; the suite file's "
            f"{section}.max_tokens allows more"
        )
    fault = answer_fault(reply.finish_reason, reply.text) or _elsewhere(reply, section)
    if fault is not None:
        raise UnscoredError(fault, turn=turn, elsewhere=reply.elsewhere[1] if reply.elsewhere else "")
    return reply


def _elsewhere(reply: ChatReply, section: str) -> str | None:
    """Why an answer that is empty beside text in another field is none."""
    if reply.elsewhere is None:
        return None
    name = reply.elsewhere[0][:40]
    return (
        f"the answer is empty and the reply's text is in `{name}`; `{section}.answer_from: {name}` in the suite file "
        "takes it from there"
    )


def _is_empty(plan: Plan, reply: ChatReply) -> bool:
    return not plan.shown(reply.text).strip()


def _use_of(plan: Plan, reply: ChatReply) -> Use:
    end, empty = end_of(reply.finish_reason), _is_empty(plan, reply)
    if end == "withheld" or (end == "cut-off" and empty):
        return "useless"
    if end == "broken" or reply.elsewhere is not None:
        return "again"
    return "empty" if empty else "good"
