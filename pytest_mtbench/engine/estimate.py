"""What a run would ask for, from what is known already.  Calls nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..domain.chat import ChatRequest, Kind, Usage
from ..domain.question import Question
from ..domain.result import TurnKey
from ..domain.tally import CallCount
from ..protocol.thinking import cut_thinking
from .plan import Plan

CHARACTERS_A_TOKEN = 4
# A guess where no stored reply tells; real MT-Bench answers and GPT-4 judgments are about so long.
_GUESSED_TOKENS: dict[Kind, int] = {"answer": 350, "judgment": 200}
_FILLER = "x" * (CHARACTERS_A_TOKEN * _GUESSED_TOKENS["answer"])

Lookup = Callable[[Kind, ChatRequest], "str | None"]
"""The text that is known already for a request, or None."""

AnswerLookup = Callable[[Plan, Question, int, int], "str | None"]
"""An answer that exists already, by whose it is, question, turn and run."""


@dataclass
class Estimate:
    """Requests that would be made and replies that are there, with a guess at the tokens.

    Args:
        against: those tokens that other models than the one under test would use.
    """

    counts: dict[Kind, CallCount] = field(default_factory=lambda: {"answer": CallCount(), "judgment": CallCount()})
    usage: dict[Kind, Usage] = field(default_factory=lambda: {"answer": Usage(), "judgment": Usage()})
    against: Usage = field(default_factory=Usage)

    def add(self, kind: Kind, request: ChatRequest, *, known: bool, other: bool = False) -> None:
        """Counts a reply.

        Args:
            other: an answer of another model than the one under test.
        """
        if known:
            self.counts[kind].cached += 1
            return
        self.counts[kind].made += 1
        characters = sum(len(message["content"]) for message in request.messages)
        guessed = Usage(characters // CHARACTERS_A_TOKEN, _GUESSED_TOKENS[kind])
        self.usage[kind] += guessed
        self.against += guessed if other else Usage()

    def cost(self, plan: Plan) -> float | None:
        """USD at the plan's prices, or None where one is missing."""
        others = [other.model.cost(self.against) for other in plan.opponents[:1]]
        answers = plan.model.cost(self.usage["answer"] - self.against)
        costs = [answers, plan.judge.cost(self.usage["judgment"]), *others]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


def estimate(
    plan: Plan, keys: Iterable[TurnKey], lookup: Lookup, answer_lookup: AnswerLookup = lambda *_: None
) -> Estimate:
    """Walks through the turns as the engine would.

    Args:
        keys: the turns that are wanted.
    """
    result = Estimate()
    asked: set[str] = set()
    wanted: dict[object, set[int]] = {}
    for key in keys:
        wanted.setdefault(key.question_id, set()).add(key.turn)
    for question in plan.selected:
        if question.id not in wanted:
            continue
        turns = wanted[question.id]
        sides = [
            _Side(
                one,
                [_answers(one, question, run, max(turns), lookup, answer_lookup, result) for run in range(plan.runs)],
            )
            for one in (plan, *plan.opponents)
        ]
        for run in range(plan.runs):
            for turn in sorted(turns):
                for request, certain in _judgments(sides, question, run, turn):
                    result.add("judgment", request, known=certain and _is_known(request, lookup, asked))
    return result


def _is_known(request: ChatRequest, lookup: Lookup, asked: set[str]) -> bool:
    """Whether a judgment is there, or will be: the same request is made once."""
    key = json.dumps(request.as_json(), sort_keys=True)
    if key in asked or lookup("judgment", request) is not None:
        return True
    asked.add(key)
    return False


class _Answers(NamedTuple):
    """The answers of one run as a judge sees them, and how many of them are known."""

    shown: list[str]
    known: int

    def certain(self, turn: int) -> bool:
        """Whether the answers up to a turn are those that will be there."""
        return self.known >= turn


class _Side(NamedTuple):
    plan: Plan
    runs: list[_Answers]


def _answers(
    plan: Plan,
    question: Question,
    run: int,
    turns: int,
    lookup: Lookup,
    answer_lookup: AnswerLookup,
    result: Estimate,
) -> _Answers:
    answers: list[str] = []
    known = 0
    for turn in range(1, turns + 1):
        request = plan.answer_request(question, answers, run)
        text = answer_lookup(plan, question, turn, run)
        if text is None and known == turn - 1:
            text = lookup("answer", request)
        result.add("answer", request, known=text is not None, other=not plan.own)
        known += text is not None and known == turn - 1
        answers.append(_FILLER if text is None else text)
    return _Answers([cut_thinking(answer) for answer in answers], known)


def _judgments(sides: list[_Side], question: Question, run: int, turn: int) -> Iterator[tuple[ChatRequest, bool]]:
    """What the judge would be asked, and whether that is known to the letter."""
    (plan, own), others = sides[0], sides[1:]
    for group in [[own, other.runs] for other in others] or [[own]]:
        shown = [side[run].shown[:turn] for side in group]
        same = sum(
            all(side[earlier].certain(turn) for side in group)
            and [side[earlier].shown[:turn] for side in group] == shown
            for earlier in range(run)
        )
        certain = all(side[run].certain(turn) for side in group)
        for sample in range(plan.repeats * same, plan.repeats * (same + 1)):
            if len(shown) == 1:
                yield plan.judge_request(question, shown[0], sample), certain
            else:
                yield plan.judge_request(question, shown[0], sample, shown[1]), certain
                yield plan.judge_request(question, shown[1], sample, shown[0]), certain
