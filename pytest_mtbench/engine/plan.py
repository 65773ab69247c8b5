"""What one suite asks for, resolved: the engine's whole knowledge of options and files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain.chat import ChatRequest, Kind, Message
from ..domain.endpoint import Role
from ..domain.question import Question, QuestionSet
from ..domain.result import TurnKey, selected_turns
from ..protocol.prompts import (
    JUDGE_TEMPERATURE,
    SYSTEM_PROMPT,
    answer_messages,
    answer_temperature,
    judge_messages,
)
from ..untrusted.text import join_surrogates


@dataclass(frozen=True)
class Plan:
    """One suite, ready to run.

    Args:
        key: the suite's node id; part of every `TurnKey`.
        questions: the whole set.
        selected: the questions that this run asks.
        runs: how often each question is answered; `repeats`: how often each answer is judged.
        revision: the user's name for what is served behind the model's name.
        budget: USD that are not passed.
        account: the suite that pays for it, where it is not a suite's own plan.
        opponents: the plans of the models that this one is compared with, in pairwise mode.
        label: how reports call an opponent; its model's name, unless another is called so.
        stored: SHA-256 of an opponent's answers, where a file holds them.
        judges_served: the names that the judge's endpoint may call it by; any, where there are none.
        judgment_revision: sets judgments apart that must be asked for anew; `judgment_age`: the seconds that they last.
    """

    key: str
    questions: QuestionSet
    selected: tuple[Question, ...]
    model: Role
    judge: Role
    system_prompt: str = SYSTEM_PROMPT
    runs: int = 1
    repeats: int = 1
    revision: str = ""
    budget: float | None = None
    account: str = ""
    opponents: tuple[Plan, ...] = ()
    label: str = ""
    stored: str = ""
    judges_served: frozenset[str] = frozenset()
    judgment_revision: str = ""
    judgment_age: float | None = None

    def __post_init__(self) -> None:
        """A suite pays for its own plan."""
        if not self.account:
            object.__setattr__(self, "account", self.key)

    def sentinel(self, key: str, age: float) -> Plan:
        """The plan that judges answers of a baseline again, for this one's account.

        Args:
            age: seconds after which a judgment is too old to speak for the judge of today.
        """
        return replace(self, key=key, runs=1, repeats=1, judgment_revision="sentinel", judgment_age=age)

    @property
    def own(self) -> bool:
        """Whether it is a suite's own plan: its answers are those of the model under test."""
        return self.account == self.key

    def turns(self) -> list[TurnKey]:
        """Every turn that this run asks, in order."""
        return selected_turns(self.selected, self.key)

    def question(self, question_id: object) -> Question:
        """The selected question of that id."""
        return next(question for question in self.selected if question.id == question_id)

    def answer_request(self, question: Question, answers: list[str], run: int) -> ChatRequest:
        """The request for the answer after these; `run` counts from 0."""
        return ChatRequest(
            endpoint=self.model.endpoint.identity,
            model=self.model.name,
            messages=_sendable(answer_messages(question, answers, self.system_prompt)),
            temperature=answer_temperature(question, self.model.temperature),
            max_tokens=self.model.max_tokens,
            sample=run,
            revision=self.revision,
            extra_body=self.model.extra_body,
        )

    def judge_request(
        self, question: Question, answers: list[str], sample: int, others: list[str] | None = None
    ) -> ChatRequest:
        """The request for a judgment of the last of these answers, thinking already cut.

        Args:
            others: what assistant B answered, where these answers are assistant A's.
        """
        return ChatRequest(
            endpoint=self.judge.endpoint.identity,
            model=self.judge.name,
            messages=_sendable(judge_messages(self.questions, question, answers, others)),
            temperature=JUDGE_TEMPERATURE if self.judge.temperature is None else self.judge.temperature,
            max_tokens=self.judge.max_tokens,
            sample=sample,
            revision=self.judgment_revision,
            extra_body=self.judge.extra_body,
        )

    def role(self, kind: Kind) -> Role:
        """Who is asked for that kind of reply."""
        return self.model if kind == "answer" else self.judge


def _sendable(messages: list[Message]) -> tuple[Message, ...]:
    """The same messages without lone surrogates, which neither UTF-8 nor a comparison with stored JSON bears."""
    return tuple({"role": message["role"], "content": join_surrogates(message["content"])} for message in messages)


def user_text(messages: tuple[Message, ...]) -> str:
    """The last user message: what recorded judgments name as their prompt."""
    return next(message["content"] for message in reversed(messages) if message["role"] == "user")
