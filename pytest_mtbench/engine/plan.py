"""What one suite asks for, resolved: the engine's whole knowledge of options and files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..domain.chat import AnswerSource, ChatRequest, Kind, Message
from ..domain.endpoint import Answerer, Role
from ..domain.question import Question, QuestionId, QuestionSet
from ..domain.result import TurnKey, selected_turns
from ..domain.tally import JudgeTally, Tally
from ..protocol.prompts import JUDGE_TEMPERATURE, answer_messages, answer_temperature, judge_messages
from ..protocol.thinking import Tags, cut_thinking
from ..untrusted.text import join_surrogates

OLDER = "older-than-baseline"
"""The flag of an answer that is no evidence about the candidate, since it is not newer than the baseline."""


@dataclass(frozen=True)
class Juror:
    """One judge of a jury; its role's label is how results and reports call it.

    Args:
        served, moved: as `judges_served` and `judge_moved` of a plan say it of its one judge.
    """

    role: Role
    served: frozenset[str] = frozenset()
    moved: bool | None = None


@dataclass(frozen=True)
class Plan:
    """One suite, ready to run.

    Args:
        key: the suite's node id; part of every `TurnKey`.
        questions: the whole set.
        selected: the questions that this run asks.
        model: the model under test; `opponents`: those that it is compared with, in pairwise mode.
        judge: the judge, or the first of a jury; `jury`: every judge of a jury, empty where there is one judge.
        runs: how often each question is answered; `repeats`: how often each answer is judged.
        budget: USD that are not passed.
        judges_served: the names that the judge's endpoint may call it by; any, where there are none.
        judge_moved: whether the judge's instructions must stand in the user's message; None where that is all one.
        again: what sets judgments apart that must be asked for anew, where these are such.
        judgment_age: the seconds that a judgment lasts.
        account: the suite that pays for it, where it is not this one.
        answers_of: the model whose stored answers are graded, where it is called otherwise than the one under test.
        shard: which share of the questions this is, as `1/3`; empty where it is the whole.
        answers_after: only cached answers of the model under test that came after this count, seconds since the epoch;
            a baseline's own answers are no evidence about the candidate.
    """

    key: str
    questions: QuestionSet
    selected: tuple[Question, ...]
    model: Answerer
    judge: Role
    opponents: tuple[Answerer, ...] = ()
    runs: int = 1
    repeats: int = 1
    budget: float | None = None
    judges_served: frozenset[str] = frozenset()
    judge_moved: bool | None = None
    again: str = ""
    judgment_age: float | None = None
    account: str = ""
    answers_of: str = ""
    shard: str = ""
    answers_after: float | None = None
    jury: tuple[Juror, ...] = ()

    @cached_property
    def of_judges(self) -> tuple[Plan, ...]:
        """The plan as it is for each judge of a jury; itself where there is one judge."""
        return tuple(
            replace(self, judge=one.role, jury=(one,), judges_served=one.served, judge_moved=one.moved)
            for one in self.jury
        ) or (self,)

    @property
    def judges(self) -> tuple[Role, ...]:
        """The judges: several of a jury, else one."""
        return tuple(one.role for one in self.jury) or (self.judge,)

    @property
    def said_by(self) -> str:
        """How results call the judge of a plan for one judge of a jury; empty where there is one judge."""
        return self.judge.label if self.jury else ""

    @property
    def judge_name(self) -> str:
        """The judge as reports name it; the names of a jury together."""
        return " + ".join(one.role.label for one in self.jury) or self.judge.name

    @property
    def payer(self) -> str:
        """The suite whose tally and budget its requests count in."""
        return self.account or self.key

    def is_too_old(self, answered: float) -> bool:
        """Whether a cached answer of the model under test, of that moment, does not count."""
        return self.answers_after is not None and not self.answers_after < answered <= time.time()

    def cost(self, tally: Tally) -> float | None:
        """USD for what was asked, or None where a price is missing."""
        if all(role.price is None for role in (self.model, *self.judges)):
            return None
        costs = [self.model.cost(tally.answer_usage - tally.against_usage), *self.cost_of_judging(tally).values()]
        # The other models have one price.
        costs += [other.cost(tally.against_usage) for other in self.opponents[:1]]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    def cost_of_judging(self, tally: Tally) -> dict[str, float | None]:
        """USD for each judge's judgments, by its name, or None where its price is missing."""
        if not self.jury:
            return {self.judge.label: self.judge.cost(tally.judgment_usage)}
        return {judge.label: judge.cost(tally.jury.get(judge.label, JudgeTally()).usage) for judge in self.judges}

    def turns(self) -> list[TurnKey]:
        """Every turn that this run asks, in order."""
        return selected_turns(self.selected, self.key)

    def question(self, question_id: QuestionId) -> Question:
        """The selected question of that id."""
        return self._by_id[question_id]

    def answer_request(self, who: Answerer, question: Question, answers: list[str], run: int) -> ChatRequest:
        """The request for the answer after these.

        Args:
            who: the model that is asked.
            run: from 0.
        """
        return ChatRequest(
            endpoint=who.endpoint.identity,
            model=who.name,
            messages=_sendable(answer_messages(question, answers, who.system_prompt)),
            temperature=answer_temperature(question, who.temperature),
            max_tokens=who.max_tokens,
            sample=run,
            revision=who.revision,
            extra_body=who.extra_body,
            answer_from=who.answer_from,
            headers=who.endpoint.headers,
        )

    def judge_request(
        self, question: Question, answers: list[str], sample: int, others: list[str] | None = None
    ) -> ChatRequest:
        """The request for a judgment of the last of these answers, which the judge sees without their thinking.

        Args:
            answers: as the model gave them.
            others: what assistant B answered, where these answers are assistant A's.
        """
        shown = [self.shown(answer) for answer in answers]
        beside = None if others is None else [self.shown(answer) for answer in others]
        return ChatRequest(
            endpoint=self.judge.endpoint.identity,
            model=self.judge.name,
            messages=_sendable(judge_messages(self.questions, question, shown, beside)),
            temperature=JUDGE_TEMPERATURE if self.judge.temperature is None else self.judge.temperature,
            max_tokens=self.judge.max_tokens,
            sample=sample,
            revision=self.again,
            extra_body=self.judge.extra_body,
            answer_from=self.judge.answer_from,
            headers=self.judge.endpoint.headers,
        )

    def shown(self, answer: str) -> str:
        """An answer as the judge sees it: without thinking."""
        return cut_thinking(answer, self._tags)

    def role(self, kind: Kind) -> Role:
        """Who is asked for that kind of reply."""
        return self.model if kind == "answer" else self.judge

    @cached_property
    def _tags(self) -> tuple[Tags, ...]:
        return tuple(who.thinking for who in (self.model, *self.opponents) if who.thinking is not None)

    @cached_property
    def _by_id(self) -> dict[QuestionId, Question]:
        return {question.id: question for question in self.selected}


@dataclass(frozen=True)
class Sentinel:
    """Some of a baseline's answers, judged again: is the judge still the same?

    Args:
        plan: asks for nothing but judgments.
        keys: the turns that are judged.
    """

    plan: Plan
    keys: tuple[TurnKey, ...]

    @classmethod
    def of(cls, plan: Plan, answers: AnswerSource, turns: list[TurnKey], age: float) -> Sentinel:
        """The sentinel of a suite.

        Args:
            plan: the suite's own, which pays.
            answers: the baseline's.
            turns: those of the suite that are judged again.
            age: seconds after which a judgment is too old to speak for the judge of today.
        """
        key = f"{plan.key}::judge"
        again = replace(
            plan, key=key, runs=1, repeats=1, again="sentinel", judgment_age=age, account=plan.key,
            model=replace(plan.model, answers=answers),
        )  # fmt: skip
        return cls(again, tuple(turn._replace(suite=key) for turn in turns))


def first_sample(conversations: Sequence[object], repeats: int) -> int:
    """The number of the first judgment of the last of these runs; judgments of one prompt are numbered from 0.

    An earlier run that gave the very same answers has been judged with the same prompt, so that its judgments are
    the first samples of it, and those of this run are others.

    Args:
        conversations: what the judge is shown of each run up to this one; None where that is not known.
        repeats: how often each answer is judged.
    """
    *before, now = conversations
    return 0 if now is None else repeats * before.count(now)


def _sendable(messages: list[Message]) -> tuple[Message, ...]:
    """The same messages without lone surrogates, which neither UTF-8 nor a comparison with stored JSON bears."""
    return tuple({"role": message["role"], "content": join_surrogates(message["content"])} for message in messages)


def user_text(messages: tuple[Message, ...]) -> str:
    """The last user message: what recorded judgments name as their prompt."""
    return next(message["content"] for message in reversed(messages) if message["role"] == "user")
