"""Turns, measured: answer, judge, and what follows from both.

Answers and judgments are one pipeline: each step is a task that waits for the steps before it and for nothing
else, so that a first answer is judged while the second is written.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ..domain.chat import ChatReply, Kind
from ..domain.endpoint import Answerer
from ..domain.errors import FatalError, UnscoredError
from ..domain.game import Game
from ..domain.question import Question, QuestionId
from ..domain.result import JUDGES_DIFFER, Run, Spent, TurnKey, TurnResult
from ..domain.tally import Tally
from ..protocol.flags import answer_flags, template_markers
from ..protocol.prompts import PAIR_PROMPTS, SINGLE_PROMPTS
from ..protocol.whole import end_of
from .ahead import Ahead
from .answering import Answering
from .bots import Bots
from .judging import Flags, Judging, Side
from .plan import OLDER, Plan, first_sample
from .progress import Progress, Steps
from .replies import Replies
from .tasks import Tasks, together
from .wishes import Wish

_LEAST_AHEAD = 1000
"""Turns under way at once, where endpoints bear fewer requests: more than any usual set has."""


class _Asked(NamedTuple):
    """Which run of which turn is measured; `run` counts from 0."""

    plan: Plan
    question: Question
    turn: int
    run: int

    @property
    def place(self) -> tuple[str, QuestionId, int, int]:
        """What tells it from others."""
        return self.plan.key, self.question.id, self.turn, self.run


class Engine:
    """Measures turns of any number of suites.  Lives in one event loop.

    Args:
        plans: the suites, and the sentinels of their baselines, by key.
        replies: where replies come from.
        bots: the users' own chatbots, which answer instead of models; opened before anything is asked.
        known: results that exist already and are not measured again; `tallies`: what they cost.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan],
        replies: Replies,
        *,
        bots: Bots | None = None,
        known: Mapping[TurnKey, TurnResult] | None = None,
        tallies: Mapping[str, Tally] | None = None,
    ) -> None:
        self._plans = plans
        self._replies = replies
        self._tasks = Tasks()
        self.tallies: dict[str, Tally] = defaultdict(Tally, tallies or {})
        self.bots = bots or Bots()
        self._answering = Answering(self._tasks, replies, self.tallies, self.bots)
        self._judging = Judging(self._tasks, replies, self.tallies)
        self._markers: dict[str, frozenset[str]] = {}
        self._judgments_due: dict[tuple[str, QuestionId, int, int], int] = {}
        self._known = known or {}
        places = sum(role.limit for plan in plans.values() for role in (plan.model, *plan.judges))
        self._ahead = Ahead(self._begin, max(_LEAST_AHEAD, 4 * places))
        self.results: dict[TurnKey, TurnResult] = dict(self._known)

    @property
    def fatal(self) -> FatalError | None:
        """Why nothing can be measured any more, where that is so."""
        return self._tasks.fatal

    @property
    def progress(self) -> Progress:
        """How many answers and judgments are there, of those that will be; may be asked from any thread."""
        made = [(tally.answers.made, tally.judgments.made) for tally in list(self.tallies.values())]
        answers, judgments = (sum(counts) for counts in zip(*made, strict=True)) if made else (0, 0)
        started, done = self._tasks.started, self._tasks.done
        return Progress(
            Steps(done["answer"], started["answer"], answers),
            Steps(done["judgment"], sum(list(self._judgments_due.values())), judgments),
        )

    def want(self, wishes: Iterable[Wish]) -> None:
        """Measures turns in this order, without anybody waiting for them."""
        if self.fatal is None:
            self._ahead.add(wish for wish in wishes if wish.key not in self._known)

    async def turn(self, key: TurnKey, runs: int | None = None, upto: Kind = "judgment") -> TurnResult:
        """One turn's result; asks only for what is not known yet.  See `Wish`.

        Raises:
            FatalError: nothing can be measured any more.
        """
        if self.fatal is not None:
            raise self.fatal
        if key in self._known:
            return self._known[key]
        return await asyncio.shield(self._begin(Wish(key, runs, upto)))

    def measured(self, wish: Wish) -> TurnResult | None:
        """What is there already; may be asked from any thread."""
        result = self.results.get(wish.key)
        if result is None or wish.key in self._known:
            return result
        same = len(result.runs) == self._count(wish) and result.judged == (wish.upto == "judgment")
        return result if same else None

    async def close(self) -> None:
        """Cancels whatever is not done, and closes the users' own chatbots and the cache."""
        self._ahead.close()
        await self._tasks.close()
        await self.bots.close()
        await self._replies.close()

    def _count(self, wish: Wish) -> int:
        if wish.runs is not None:
            return wish.runs
        return self._plans[wish.key.suite].runs if wish.upto == "judgment" else 1

    def _begin(self, wish: Wish) -> asyncio.Future[TurnResult]:
        key, count, upto = wish.key, self._count(wish), wish.upto
        return self._tasks.once(("turn", *key, count, upto), lambda: self._measure(key, count, upto))

    async def _measure(self, key: TurnKey, count: int, upto: Kind) -> TurnResult:
        await asyncio.shield(self._tasks.once(("open", key.suite), lambda: self.bots.open(key.suite)))
        plan = self._plans[key.suite]
        question = plan.question(key.question_id)
        runs = await together(self._run(_Asked(plan, question, key.turn, run), upto) for run in range(count))
        spent = self.tallies[plan.payer].spent.get(key, Spent())
        result = TurnResult(key, question.category, tuple(runs), spent)
        known = self.results.get(key)
        if known is None or (known.judged, len(known.runs)) < (result.judged, count):
            self.results[key] = result
        return result

    async def _run(self, asked: _Asked, upto: Kind) -> Run:
        """One answer to one turn and its judgments; what goes wrong is a reason, not an exception."""
        plan = asked.plan
        if upto == "judgment":
            self._judgments_due[asked.place] = len(plan.judges) * plan.repeats * (2 * len(plan.opponents) or 1)
        for who in (plan.model, *(plan.opponents if upto == "judgment" else ())):
            self._answering.answer(plan, who, *asked[1:])  # side by side, and counted from the beginning
        try:
            side = await self._side(asked, plan.model)
        except UnscoredError as error:
            self._judgments_due[asked.place] = 0
            elsewhere = error.elsewhere if error.turn == asked.turn else ""
            return Run(None, games=_unplayed(asked, str(error)), failed=str(error), elsewhere=elsewhere)
        last = side.replies[-1]
        flags = self._flags_of(plan, last)
        flags += [OLDER] if last.cached and last.created and plan.is_too_old(last.created) else []
        run = Run(side.texts[-1], tuple(side.texts[:-1]), flags=tuple(flags), extra=last.extra)
        return await self._judged(asked, side, run) if upto == "judgment" else run

    async def _judged(self, asked: _Asked, side: Side, run: Run) -> Run:
        """The same with its judgments or its games."""
        plan = asked.plan
        if plan.opponents:
            played = await together(self._played(asked, side, other) for other in plan.opponents)
            games = [one for against in played for one in against]
            found = [flag for _, flags in games for flag in flags]
            return replace(run, games=tuple(game for game, _ in games), flags=(*run.flags, *found))
        samples = await self._samples(asked, [side])
        graded = await together(
            self._judging.grade(one, side, asked.question, n) for one in plan.of_judges for n in samples
        )
        found = [flag for _, flags in graded for flag in flags]
        run = replace(run, judgments=tuple(judgment for judgment, _ in graded), flags=(*run.flags, *found))
        return replace(run, flags=(*run.flags, JUDGES_DIFFER)) if run.judges_differ else run

    async def _side(self, asked: _Asked, who: Answerer) -> Side:
        return Side(who, await self._answering.answers(asked.plan, who, *asked[1:]), asked.run)

    async def _played(self, asked: _Asked, side: Side, opponent: Answerer) -> list[tuple[Game, Flags]]:
        """The games against one opponent; one that cannot be played costs no other."""
        plan = asked.plan
        try:
            other = await self._side(asked, opponent)
        except UnscoredError as error:
            self._judgments_due[asked.place] -= 2 * len(plan.judges) * plan.repeats
            return [(_lost(opponent, asked.run, f"{opponent.label}: {error}"), ())] * plan.repeats
        samples = await self._samples(asked, [side, other])
        games = await together(self._game(asked, side, other, n) for n in samples)
        flags = [f"against-{flag}" for flag in self._flags_of(plan, other.replies[-1])]
        return [(game, (*flags, *found)) for game, found in games]

    async def _game(self, asked: _Asked, side: Side, other: Side, sample: int) -> tuple[Game, Flags]:
        """One game, which each judge of a jury sees."""
        plans = asked.plan.of_judges
        seen = await together(self._judging.play(one, side, other, asked.question, sample) for one in plans)
        if not asked.plan.jury:
            return seen[0]
        return Game.of_jury([game for game, _ in seen]), tuple(flag for _, found in seen for flag in found)

    async def _samples(self, asked: _Asked, sides: list[Side]) -> range:
        """The numbers of the judgments of a run; see `first_sample`."""
        shown: list[object] = []
        for run in range(asked.run):
            try:
                earlier = [await self._side(asked._replace(run=run), side.who) for side in sides]
            except UnscoredError:
                shown.append(None)
            else:
                shown.append([side.shown(asked.plan) for side in earlier])
        first = first_sample([*shown, [side.shown(asked.plan) for side in sides]], asked.plan.repeats)
        return range(first, first + asked.plan.repeats)

    def _flags_of(self, plan: Plan, reply: ChatReply) -> list[str]:
        names = PAIR_PROMPTS if plan.opponents else SINGLE_PROMPTS
        if plan.key not in self._markers:
            prompts = plan.questions.prompts
            there = [prompts[name] for name in names if name in prompts]  # a set of one turn needs not all
            self._markers[plan.key] = template_markers([prompt.prompt_template for prompt in there])
        shown = plan.shown(reply.text)
        flags = answer_flags(shown, self._markers[plan.key])
        flags += ["answer-cut-off"] if end_of(reply.finish_reason) == "cut-off" else []
        flags += ["thinking"] if shown != reply.text else []
        return flags + ([] if shown.strip() else ["empty-answer"])


def _unplayed(asked: _Asked, reason: str) -> tuple[Game, ...]:
    """The games of an answer that there is not."""
    plan = asked.plan
    return tuple(_lost(other, asked.run, reason) for other in plan.opponents for _ in range(plan.repeats))


def _lost(opponent: Answerer, run: int, reason: str) -> Game:
    return Game(opponent.label, run + 1, unscored=reason)
