"""What a run would ask for, from what is known already.  Calls nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .model import ChatRequest, Question, TurnKey, Usage
from .plan import Kind, Plan
from .tally import CallCount
from .text import cut_thinking

CHARACTERS_A_TOKEN = 4
# A guess where no stored reply tells; real MT-Bench answers and GPT-4 judgments are about so long.
_GUESSED_TOKENS: dict[Kind, int] = {"answer": 350, "judgment": 200}
_FILLER = "x" * (CHARACTERS_A_TOKEN * _GUESSED_TOKENS["answer"])

Lookup = Callable[[Kind, ChatRequest], "str | None"]
"""The text that is known already for a request, or None."""

AnswerLookup = Callable[[Question, int, int], "str | None"]
"""An answer that exists already, by question, turn and run."""


@dataclass
class Estimate:
    """Requests that would be made and replies that are there, with a guess at the tokens."""

    counts: dict[Kind, CallCount] = field(default_factory=lambda: {"answer": CallCount(), "judgment": CallCount()})
    usage: dict[Kind, Usage] = field(default_factory=lambda: {"answer": Usage(), "judgment": Usage()})

    def add(self, kind: Kind, request: ChatRequest, *, known: bool) -> None:
        """Counts a reply."""
        if known:
            self.counts[kind].cached += 1
            return
        self.counts[kind].made += 1
        characters = sum(len(message["content"]) for message in request.messages)
        self.usage[kind] += Usage(characters // CHARACTERS_A_TOKEN, _GUESSED_TOKENS[kind])

    def cost(self, plan: Plan) -> float | None:
        """USD at the plan's prices, or None where one is missing."""
        costs = [plan.role(kind).cost(usage) for kind, usage in self.usage.items()]
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
    wanted: dict[object, set[int]] = {}
    for key in keys:
        wanted.setdefault(key.question_id, set()).add(key.turn)
    for question in plan.selected:
        earlier: list[list[str]] = []
        for run in range(plan.runs if question.id in wanted else 0):
            _walk(plan, question, run, wanted[question.id], earlier, lookup, answer_lookup, result)
    return result


def _walk(
    plan: Plan,
    question: Question,
    run: int,
    turns: set[int],
    earlier: list[list[str]],
    lookup: Lookup,
    answer_lookup: AnswerLookup,
    result: Estimate,
) -> None:
    answers: list[str] = []
    certain = True
    for turn in range(1, max(turns) + 1):
        request = plan.answer_request(question, answers, run)
        text = answer_lookup(question, turn, run)
        if text is None and certain:
            text = lookup("answer", request)
        result.add("answer", request, known=text is not None)
        certain = certain and text is not None
        answers.append(_FILLER if text is None else text)
        if turn in turns:
            shown = [cut_thinking(answer) for answer in answers]
            first = plan.repeats * sum(other[:turn] == shown for other in earlier)
            for repeat in range(plan.repeats):
                judging = plan.judge_request(question, shown, first + repeat)
                result.add("judgment", judging, known=certain and lookup("judgment", judging) is not None)
    if certain:
        earlier.append([cut_thinking(answer) for answer in answers])
