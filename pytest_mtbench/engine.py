"""Turns, measured: answer, judge, and what follows from both.

Answers and judgments are one pipeline: each step is a task that waits for the steps before it and for nothing
else, so that a first answer is judged while the second is written.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from statistics import fmean
from typing import Any, TypeVar

from .errors import FatalError, UnscoredError
from .limits import Limiter, Priority
from .model import ChatReply, Question, Tally, TurnKey, TurnResult
from .plan import Plan, user_text
from .prompts import SINGLE_PROMPTS
from .quotation import Shown
from .rating import Rating, read_rating
from .replies import Replies, Use, Wanted
from .text import answer_flags, cut_thinking, join_surrogates, template_markers

Generate = Callable[[list[Any], Question, int, int], Any]
"""A user's replacement for the call of the model: messages, question, turn and run -> a text or None."""

AnswerSource = Mapping[tuple[Any, int, int], str]
"""Answers that exist already, by question id, turn and run (from 0)."""

_T = TypeVar("_T")
_WITHHELD = ("content_filter", "refusal")


class Engine:
    """Measures turns of any number of suites.  Lives in one event loop.

    Args:
        plans: the suites by key.
        replies: where replies come from.
        limiter_of: the limit on requests to a suite's model, which a user's own `generate` keeps too.
        generate: replaces the call of the model where it gives a text.
        answers: answers that exist already, by suite.
        known: results that exist already and are not measured again; `tallies`: what they cost.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan],
        replies: Replies,
        *,
        limiter_of: Callable[[Plan], Limiter],
        generate: Generate | None = None,
        answers: Mapping[str, AnswerSource] | None = None,
        known: Mapping[TurnKey, TurnResult] | None = None,
        tallies: Mapping[str, Tally] | None = None,
    ) -> None:
        self._plans = plans
        self._replies = replies
        self._limiter_of = limiter_of
        self._generate = generate
        self._answers = answers or {}
        self._tasks: dict[tuple[Any, ...], asyncio.Task[Any]] = {}
        self._markers: dict[str, frozenset[str]] = {}
        self.tallies: dict[str, Tally] = defaultdict(Tally, tallies or {})
        self._known = known or {}
        self.results: dict[TurnKey, TurnResult] = dict(self._known)
        self.fatal: FatalError | None = None
        self._closing = False

    async def turn(self, key: TurnKey, runs: int = 0) -> TurnResult:
        """One turn's result; asks only for what is not known yet.

        Args:
            runs: how many runs it is made of; as many as the plan says by default.

        Raises:
            FatalError: nothing can be measured any more.
        """
        if self.fatal is not None:
            raise self.fatal
        if key in self._known:
            return self._known[key]
        runs = runs or self._plans[key.suite].runs
        return await asyncio.shield(self._once(("turn", *key, runs), lambda: self._measure(key, runs)))

    async def close(self) -> None:
        """Cancels whatever is not done and closes the cache."""
        self._closing = True
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._replies.close()

    def _once(self, name: tuple[Any, ...], start: Callable[[], Coroutine[Any, Any, _T]]) -> asyncio.Task[_T]:
        """The task of that name, started by whoever asks first."""
        if name not in self._tasks:
            task = asyncio.create_task(start())
            task.add_done_callback(self._notice_fatal)
            self._tasks[name] = task
        return self._tasks[name]

    def _notice_fatal(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, FatalError) and self.fatal is None:
            self.fatal = error
            for other in self._tasks.values():
                other.cancel()

    async def _measure(self, key: TurnKey, count: int) -> TurnResult:
        plan = self._plans[key.suite]
        question = plan.question(key.question_id)
        runs = await asyncio.gather(*(self._run(plan, question, key.turn, run) for run in range(count)))
        scores = tuple(run.score for run in runs)
        rated = [score for score in scores if score is not None]
        result = TurnResult(
            key=key,
            category=question.category,
            score=fmean(rated) if rated else None,
            scores=scores,
            unscored=next((run.reason for run in runs if run.score is None), None),
            answer=runs[0].answer,
            judgment=next(iter(runs[0].judgments), ""),
            answers=tuple(run.answer if run.answered else None for run in runs),
            judgments=tuple(run.judgments for run in runs),
            earlier=runs[0].earlier,
            flags=tuple(dict.fromkeys(flag for run in runs for flag in run.flags)),
        )
        if key not in self.results or len(self.results[key].scores) < count:
            self.results[key] = result
        return result

    async def _run(self, plan: Plan, question: Question, turn: int, run: int) -> _RunOfTurn:
        """One answer to one turn and its judgments; what goes wrong is a reason, not an exception."""
        measured = _RunOfTurn()
        try:
            replies = [await self._answer(plan, question, earlier, run) for earlier in range(1, turn + 1)]
            measured.answer = replies[-1].text
            measured.answered = True
            measured.earlier = tuple(reply.text for reply in replies[:-1])
            shown = [cut_thinking(reply.text) for reply in replies]
            measured.flags += self._flags_of(plan, replies[-1], shown[-1])
            first = plan.repeats * await self._same_before(plan, question, replies, run)
            ratings = await asyncio.gather(
                *(self._judgment(plan, question, shown, run, first + n) for n in range(plan.repeats))
            )
        except UnscoredError as error:
            measured.reason = str(error)
            return measured
        measured.take([text for text, _ in ratings], [rating for _, rating in ratings])
        return measured

    async def _same_before(self, plan: Plan, question: Question, replies: list[ChatReply], run: int) -> int:
        """How many earlier runs gave these very answers: their judgments are other samples of the same prompt."""
        same = 0
        texts = [cut_thinking(reply.text) for reply in replies]
        for earlier in range(run):
            try:
                others = [await self._answer(plan, question, turn, earlier) for turn in range(1, len(texts) + 1)]
            except UnscoredError:
                continue
            same += texts == [cut_thinking(other.text) for other in others]
        return same

    def _answer(self, plan: Plan, question: Question, turn: int, run: int) -> asyncio.Task[ChatReply]:
        name = ("answer", plan.key, question.id, turn, run)
        return self._once(name, lambda: self._get_answer(plan, question, turn, run))

    async def _get_answer(self, plan: Plan, question: Question, turn: int, run: int) -> ChatReply:
        if plan.key in self._answers:
            return self._recorded_answer(plan, question, turn, run)
        before = [(await self._answer(plan, question, earlier, run)).text for earlier in range(1, turn)]
        request = plan.answer_request(question, before, run)
        # The longest chain of requests still to come goes first, so that no long one is left for the end.
        steps_left = 2 + len(question.turns) - turn
        priority = (run, -steps_left)
        own = await self._generated(plan, question, list(request.messages), turn, run, priority)
        if own is not None:
            return own
        slot = f"answer:{question.id}:{turn}:{run}"
        wanted = Wanted(plan, "answer", request, slot, priority, _use_of_answer, self.tallies[plan.key])
        reply = await self._replies.get(wanted)
        if reply.finish_reason == "length" and _is_empty(reply):
            raise UnscoredError(
                f"the model used up max_tokens ({plan.model.max_tokens}) before it answered; the suite file's "
                "model.max_tokens allows more"
            )
        if reply.finish_reason in _WITHHELD:
            who = "the endpoint's content filter" if reply.finish_reason == "content_filter" else "a refusal"
            raise UnscoredError(f"{who} withheld the answer: {reply.text[:200]}".removesuffix(": "))
        return reply

    def _recorded_answer(self, plan: Plan, question: Question, turn: int, run: int) -> ChatReply:
        text = self._answers[plan.key].get((question.id, turn, run))
        if text is None:
            raise UnscoredError("--mtbench-answers holds no answer to this turn")
        if plan.account == plan.key:
            self.tallies[plan.key].answers.cached += 1
        return ChatReply(join_surrogates(text), cached=True)

    async def _generated(
        self, plan: Plan, question: Question, messages: list[Any], turn: int, run: int, priority: Priority
    ) -> ChatReply | None:
        if self._generate is None:
            return None
        async with self._limiter_of(plan).slot(priority):
            text = await self._call_generate(messages, question, turn, run)
        if text is None:
            return None
        if not isinstance(text, str):
            raise UnscoredError(f"pytest_mtbench_generate gave {type(text).__name__}, not a text")
        self.tallies[plan.key].answers.made += 1
        return ChatReply(join_surrogates(text), served="pytest_mtbench_generate", created=time.time())

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
                if self._closing or self.fatal is not None:
                    raise
                error = raised  # of a task of the user's own
            except BaseException as raised:  # noqa: BLE001 - as above
                error = raised
        if error is not None:
            raise UnscoredError(f"pytest_mtbench_generate raised {type(error).__name__}: {_said(error)}") from None
        return text

    def _judgment(
        self, plan: Plan, question: Question, shown: list[str], run: int, sample: int
    ) -> asyncio.Task[tuple[str, Rating]]:
        name = ("judgment", plan.key, question.id, len(shown), run, sample)
        return self._once(name, lambda: self._get_judgment(plan, question, shown, sample))

    async def _get_judgment(self, plan: Plan, question: Question, shown: list[str], sample: int) -> tuple[str, Rating]:
        request = plan.judge_request(question, shown, sample)
        slot = f"judgment:{question.id}:{len(shown)}:{sample}" + (f":{request.revision}" if request.revision else "")
        material = Shown(user_text(request.messages), shown)

        def use_of(reply: ChatReply) -> Use:
            return "again" if read_rating(reply.text, reply.finish_reason, material).score is None else "good"

        wanted = Wanted(plan, "judgment", request, slot, (sample, 0), use_of, self.tallies[plan.account])
        reply = await self._replies.get(wanted)
        if plan.judges_served and reply.served and reply.served not in plan.judges_served:
            raise FatalError(judge_served_as(plan, reply.served))
        return reply.text, read_rating(reply.text, reply.finish_reason, material)

    def _flags_of(self, plan: Plan, reply: ChatReply, shown: str) -> list[str]:
        if plan.key not in self._markers:
            prompts = plan.questions.prompts
            self._markers[plan.key] = template_markers([prompts[name].prompt_template for name in SINGLE_PROMPTS])
        flags = answer_flags(shown, self._markers[plan.key])
        flags += ["answer-cut-off"] if reply.finish_reason == "length" else []
        flags += ["thinking"] if shown != reply.text else []
        return flags + ([] if shown.strip() else ["empty-answer"])


def judge_served_as(plan: Plan, name: str) -> str:
    """What a run says whose judge is not served as the baseline's was."""
    return (
        f"no baseline for this run: its judge was served as {' and '.join(sorted(plan.judges_served))}, and "
        f"{plan.judge.name} is now served as {name}, so the scores cannot be compared; make a new baseline of what is "
        "deployed, with --mtbench-runs=5 --mtbench-report=FILE"
    )


class _RunOfTurn:
    """One run of one turn while it is measured."""

    def __init__(self) -> None:
        self.answer = ""
        self.answered = False
        self.earlier: tuple[str, ...] = ()
        self.judgments: tuple[str, ...] = ()
        self.score: float | None = None
        self.reason: str | None = "not measured"
        self.flags: list[str] = []

    def take(self, judgments: list[str], ratings: list[Rating]) -> None:
        """The judgments of the answer: the score is the mean of those that hold a rating."""
        self.judgments = tuple(judgments)
        scores = [rating.score for rating in ratings if rating.score is not None]
        self.score = fmean(scores) if scores else None
        self.reason = next((rating.reason for rating in ratings if rating.reason), None)
        self.flags += [flag for rating in ratings for flag in rating.flags]


def _said(error: BaseException) -> str:
    """What an exception says, in so many characters as a person reads."""
    try:
        return str(error)[:500]
    except Exception:  # noqa: BLE001 - the user's code, as above
        return "(its text cannot be had)"


def _is_empty(reply: ChatReply) -> bool:
    return not cut_thinking(reply.text).strip()


def _use_of_answer(reply: ChatReply) -> Use:
    if reply.finish_reason in _WITHHELD or (reply.finish_reason == "length" and _is_empty(reply)):
        return "useless"
    return "again" if _is_empty(reply) else "good"
