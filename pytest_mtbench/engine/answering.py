"""Answers: of the model under test and of those that it is compared with; asked for, stored, or a user's own."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from ..domain.chat import NO_ANSWER, ChatReply
from ..domain.endpoint import Answerer
from ..domain.errors import UnscoredError
from ..domain.question import Question, QuestionId
from ..domain.tally import Tally
from ..protocol.whole import answer_fault, end_of
from ..untrusted.text import join_surrogates
from .limits import Limiter, Priority
from .plan import Plan
from .replies import Replies, Use, Wanted
from .tasks import Tasks

Generate = Callable[[list[Any], Question, int, int], Any]
"""A user's replacement for the call of the model: messages, question, turn and run -> a text or None."""


class Answering:
    """Gets every answer once.

    Args:
        limiter_of: the limit on requests to a plan's model, which a user's own `generate` keeps too.
        generate: replaces the call of the model under test where it gives a text.
    """

    def __init__(
        self,
        tasks: Tasks,
        replies: Replies,
        tallies: MutableMapping[str, Tally],
        limiter_of: Callable[[Plan], Limiter],
        generate: Generate | None,
    ) -> None:
        self._tasks = tasks
        self._replies = replies
        self._tallies = tallies
        self._limiter_of = limiter_of
        self._generate = generate

    def answer(self, plan: Plan, who: Answerer, question: Question, turn: int, run: int) -> asyncio.Task[ChatReply]:
        """A model's answer to one turn, which waits for those to the turns before."""
        name = ("answer", plan.key, who.label, question.id, turn, run)
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
        # The longest chain of requests still to come goes first, so that no long one is left for the end.
        steps_left = 2 + len(question.turns) - turn
        priority = (run, -steps_left)
        if own and self._generate is not None:
            generated = await self._generated(plan, question, list(request.messages), turn, run, priority)
            if generated is not None:
                return generated
        slot = f"answer:{question.id}:{turn}:{run}" + ("" if own else f":{who.label}")
        wanted = Wanted(
            plan, "answer", who, request, slot, priority, lambda reply: _use_of(plan, reply), self._tallies[plan.payer]
        )
        reply = await self._replies.get(wanted)
        section = "model" if own else "against"
        if end_of(reply.finish_reason) == "cut-off" and _is_empty(plan, reply):
            raise UnscoredError(
                f"the model used up max_tokens ({who.max_tokens}) before it answered; the suite file's "
                f"{section}.max_tokens allows more"
            )
        fault = answer_fault(reply.finish_reason, reply.text) or _elsewhere(reply, section)
        if fault is not None:
            raise UnscoredError(fault, turn=turn, elsewhere=reply.elsewhere[1] if reply.elsewhere else "")
        return reply

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

    async def _generated(
        self, plan: Plan, question: Question, messages: list[Any], turn: int, run: int, priority: Priority
    ) -> ChatReply | None:
        async with self._limiter_of(plan).slot(priority):
            text = await self._call_generate(messages, question, turn, run)
        if text is None:
            return None
        if not isinstance(text, str):
            raise UnscoredError(f"pytest_mtbench_generate gave {type(text).__name__}, not a text")
        reply = ChatReply(join_surrogates(text), served="pytest_mtbench_generate", created=time.time())
        self._tallies[plan.payer].use("answer", reply)
        return reply

    async def _call_generate(self, messages: list[Any], question: Question, turn: int, run: int) -> object:
        def call() -> tuple[object, BaseException | None]:
            # A value: an asyncio future takes no StopIteration, and pytest.skip is no Exception.
            try:
                return self._generate and self._generate(messages, question, turn, run + 1), None
            except BaseException as error:  # noqa: BLE001 - the user's code, whatever it does, costs this turn alone
                return None, error

        # In a thread: a plain function of the user's would hold up every other request.
        text, error = await asyncio.to_thread(call)
        if error is None and inspect.isawaitable(text):
            try:
                text = await text
            except asyncio.CancelledError as raised:
                if self._tasks.ending:
                    raise
                error = raised  # of a task of the user's own
            except BaseException as raised:  # noqa: BLE001 - as above
                error = raised
        if error is not None:
            raise UnscoredError(f"pytest_mtbench_generate raised {type(error).__name__}: {_said(error)}") from None
        return text


def _said(error: BaseException) -> str:
    """What an exception says, in so many characters as a person reads."""
    try:
        return str(error)[:500]
    except Exception:  # noqa: BLE001 - the user's code, as above
        return "(its text cannot be had)"


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
