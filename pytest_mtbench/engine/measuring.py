"""Turns, measured: answer, judge, and what follows from both.

Answers and judgments are one pipeline: each step is a task that waits for the steps before it and for nothing
else, so that a first answer is judged while the second is written.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from ..domain.chat import ChatReply
from ..domain.errors import FatalError, UnscoredError
from ..domain.game import Game
from ..domain.question import Question
from ..domain.result import TurnKey, TurnResult
from ..domain.tally import Tally
from ..protocol.flags import answer_flags, template_markers
from ..protocol.prompts import PAIR_PROMPTS, SINGLE_PROMPTS
from ..protocol.thinking import cut_thinking
from .answering import Answering, AnswerSource, Generate
from .judging import Contestant, Judged, Judging, lost_game
from .limits import Limiter
from .plan import Plan
from .replies import Replies
from .tasks import Tasks


class Engine:
    """Measures turns of any number of suites.  Lives in one event loop.

    Args:
        plans: the suites by key.
        replies: where replies come from.
        limiter_of: the limit on requests to a suite's model, which a user's own `generate` keeps too.
        generate: replaces the call of the model where it gives a text.
        answers: answers that exist already, by the key of the plan that they answer.
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
        self._tasks = Tasks()
        self.tallies: dict[str, Tally] = defaultdict(Tally, tallies or {})
        self._answering = Answering(self._tasks, replies, self.tallies, limiter_of, generate, answers or {})
        self._judging = Judging(self._tasks, replies, self.tallies)
        self._markers: dict[str, frozenset[str]] = {}
        self._known = known or {}
        self.results: dict[TurnKey, TurnResult] = dict(self._known)

    @property
    def fatal(self) -> FatalError | None:
        """Why nothing can be measured any more, where that is so."""
        return self._tasks.fatal

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
        return await asyncio.shield(self._tasks.once(("turn", *key, runs), lambda: self._measure(key, runs)))

    async def close(self) -> None:
        """Cancels whatever is not done and closes the cache."""
        await self._tasks.close()
        await self._replies.close()

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
            unscored=next((run.reason for run in runs if run.reason is not None), None),
            answer=runs[0].answer,
            judgment=next(iter(runs[0].judgments), ""),
            answers=tuple(run.answer if run.answered else None for run in runs),
            judgments=tuple(run.judgments for run in runs),
            earlier=runs[0].earlier,
            flags=tuple(dict.fromkeys(flag for run in runs for flag in run.flags)),
            games=tuple(game for run in runs for game in run.games),
        )
        if key not in self.results or len(self.results[key].scores) < count:
            self.results[key] = result
        return result

    async def _run(self, plan: Plan, question: Question, turn: int, run: int) -> _RunOfTurn:
        """One answer to one turn and its judgments; what goes wrong is a reason, not an exception."""
        measured = _RunOfTurn()
        for other in plan.opponents:
            self._answering.answer(other, question, turn, run)  # beside the model's own, not after them
        try:
            replies = await self._answering.answers(plan, question, turn, run)
            measured.take_answers(replies, self._flags_of(plan, replies[-1]))
            side = Contestant(plan, replies, run)
            if not plan.opponents:
                measured.take(await self._graded(side, question))
        except UnscoredError as error:
            measured.reason = str(error)
            measured.games = _unplayed(plan, run, str(error))
            return measured
        if plan.opponents:
            games = await asyncio.gather(*(self._played(side, other, question) for other in plan.opponents))
            measured.take([game for played in games for game in played])
        return measured

    async def _graded(self, side: Contestant, question: Question) -> list[Judged]:
        first = await self._first_sample([side], question)
        samples = range(first, first + side.plan.repeats)
        return list(await asyncio.gather(*(self._judging.grade(side, question, sample) for sample in samples)))

    async def _played(self, side: Contestant, opponent: Plan, question: Question) -> list[Judged]:
        """The games against one opponent; one that cannot be played costs no other."""
        repeats = side.plan.repeats
        try:
            replies = await self._answering.answers(opponent, question, len(side.replies), side.run)
        except UnscoredError as error:
            return [lost_game(opponent, side.run, f"{opponent.label}: {error}")] * repeats
        other = Contestant(opponent, replies, side.run)
        first = await self._first_sample([side, other], question)

        async def play(sample: int) -> Judged:
            try:
                judged = await self._judging.play(side, other, question, sample)
            except UnscoredError as error:
                return lost_game(opponent, side.run, str(error), replies[-1].text)
            flags = [f"against-{flag}" for flag in self._flags_of(side.plan, replies[-1])]
            return replace(judged, flags=(*flags, *judged.flags))

        return list(await asyncio.gather(*(play(sample) for sample in range(first, first + repeats))))

    async def _first_sample(self, sides: Sequence[Contestant], question: Question) -> int:
        """The number of the first judgment: earlier runs of these very answers were other samples of the prompt."""
        same, turn = 0, len(sides[0].replies)
        for earlier in range(sides[0].run):
            try:
                others = [await self._answering.answers(side.plan, question, turn, earlier) for side in sides]
            except UnscoredError:
                continue
            before = [Contestant(side.plan, replies, earlier) for side, replies in zip(sides, others, strict=True)]
            same += [side.shown for side in sides] == [side.shown for side in before]
        return same * sides[0].plan.repeats

    def _flags_of(self, plan: Plan, reply: ChatReply) -> list[str]:
        names = PAIR_PROMPTS if plan.opponents else SINGLE_PROMPTS
        if plan.key not in self._markers:
            prompts = plan.questions.prompts
            self._markers[plan.key] = template_markers([prompts[name].prompt_template for name in names])
        shown = cut_thinking(reply.text)
        flags = answer_flags(shown, self._markers[plan.key])
        flags += ["answer-cut-off"] if reply.finish_reason == "length" else []
        flags += ["thinking"] if shown != reply.text else []
        return flags + ([] if shown.strip() else ["empty-answer"])


def _unplayed(plan: Plan, run: int, reason: str) -> list[Game]:
    """The games of a run that has no answer."""
    return [Game(other.label, run + 1, unscored=reason) for other in plan.opponents for _ in range(plan.repeats)]


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
        self.games: list[Game] = []

    def take_answers(self, replies: Sequence[ChatReply], flags: Sequence[str]) -> None:
        """The answers to the turns up to this one, and what is to be said of the last."""
        self.answer = replies[-1].text
        self.answered = True
        self.earlier = tuple(reply.text for reply in replies[:-1])
        self.flags += flags

    def take(self, judged: Sequence[Judged]) -> None:
        """The judgments of the answer: the score is the mean of those that hold one."""
        self.judgments = tuple(text for one in judged for text in one.texts)
        self.games = [one.game for one in judged if one.game is not None]
        scores = [one.score for one in judged if one.score is not None]
        self.score = fmean(scores) if scores else None
        reason = next((one.reason for one in judged if one.reason), None)
        # A rating that is missing among several is made up for; a game that is missing is one.
        self.reason = reason if self.score is None or self.games else None
        self.flags += [flag for one in judged for flag in one.flags]
