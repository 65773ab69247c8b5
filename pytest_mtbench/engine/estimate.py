"""What a run would ask for, from what is known already.  Calls nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..domain.chat import NO_ANSWER, ChatRequest, Kind, Usage
from ..domain.endpoint import Answerer
from ..domain.question import Question
from ..domain.result import TurnKey
from ..domain.tally import CallCount
from .plan import Plan, first_sample

CHARACTERS_A_TOKEN = 4
# A guess where no stored reply tells; real MT-Bench answers and GPT-4 judgments are about so long.
_GUESSED_TOKENS: dict[Kind, int] = {"answer": 350, "judgment": 200}
_FILLER = "x" * (CHARACTERS_A_TOKEN * _GUESSED_TOKENS["answer"])

Lookup = Callable[[Kind, ChatRequest], "str | None"]
"""The text that is known already for a request, or None."""


@dataclass
class Estimate:
    """Requests that would be made and replies that are there, with a guess at the tokens.

    Args:
        against: those tokens that other models than the one under test would use.
        jury: the part of each judge of a jury; empty where there is one judge.
    """

    counts: dict[Kind, CallCount] = field(default_factory=lambda: {"answer": CallCount(), "judgment": CallCount()})
    usage: dict[Kind, Usage] = field(default_factory=lambda: {"answer": Usage(), "judgment": Usage()})
    against: Usage = field(default_factory=Usage)
    jury: dict[str, Estimate] = field(default_factory=dict)

    def add(self, kind: Kind, request: ChatRequest, *, known: bool, other: bool = False, judge: str = "") -> None:
        """Counts a reply.

        Args:
            other: an answer of another model than the one under test.
            judge: which of a jury would say it.
        """
        if judge:
            self.of_judge(judge).add(kind, request, known=known)
        if known:
            self.counts[kind].cached += 1
            return
        self.counts[kind].made += 1
        characters = sum(len(message["content"]) for message in request.messages)
        guessed = Usage(characters // CHARACTERS_A_TOKEN, _GUESSED_TOKENS[kind])
        self.usage[kind] += guessed
        self.against += guessed if other else Usage()

    def of_judge(self, name: str) -> Estimate:
        """The part of a judge of a jury; the whole where there is one judge."""
        return self.jury.setdefault(name, Estimate()) if name else self

    def cost_of_judging(self, plan: Plan) -> list[float | None]:
        """USD of each judge's judgments, None where its price is missing."""
        return [one.judge.cost(self.of_judge(one.said_by).usage["judgment"]) for one in plan.of_judges]

    def cost(self, plan: Plan) -> float | None:
        """USD at the plan's prices, or None where one is missing."""
        others = [other.cost(self.against) for other in plan.opponents[:1]]
        answers = plan.model.cost(self.usage["answer"] - self.against)
        costs = [answers, *self.cost_of_judging(plan), *others]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


def estimate(
    plan: Plan,
    keys: Iterable[TurnKey],
    lookup: Lookup,
    result: Estimate | None = None,
    answered: Iterable[TurnKey] = (),
) -> Estimate:
    """Walks through the turns as the engine would.

    Args:
        keys: the turns that are judged; `answered`: those of which the answer is wanted, of the first run.
        result: what is added to, where the plan is one of several that are paid together.
    """
    result = Estimate() if result is None else result
    asked: set[str] = set()
    judged, alone = _turns_of(keys), _turns_of(answered)
    for question in plan.selected:
        turns = judged.get(question.id, set())
        last = max(turns, default=0)
        of_first = max(last, max(alone.get(question.id, ()), default=0))
        sides = [
            [
                _answers(plan, who, question, run, last if run or who is not plan.model else of_first, lookup, result)
                for run in range(plan.runs)
            ]
            for who in (plan.model, *plan.opponents)
        ]
        for run, turn, one in itertools.product(range(plan.runs), sorted(turns), plan.of_judges):
            for request, certain in _judgments(one, sides, question, run, turn):
                known = certain and _is_known(request, lookup, asked)
                result.add("judgment", request, known=known, judge=one.said_by)
    return result


def _turns_of(keys: Iterable[TurnKey]) -> dict[object, set[int]]:
    """The turns that are wanted of each question."""
    wanted: dict[object, set[int]] = {}
    for key in keys:
        wanted.setdefault(key.question_id, set()).add(key.turn)
    return wanted


def _is_known(request: ChatRequest, lookup: Lookup, asked: set[str]) -> bool:
    """Whether a judgment is there, or will be: the same request is made once."""
    if request.key in asked or lookup("judgment", request) is not None:
        return True
    asked.add(request.key)
    return False


class _Answers(NamedTuple):
    """The answers of one run, and how many of them, from the first on, are known."""

    texts: list[str]
    known: int

    def certain(self, turn: int) -> bool:
        """Whether the answers up to a turn are those that will be there."""
        return self.known >= turn


def _answers(
    plan: Plan,
    who: Answerer,
    question: Question,
    run: int,
    turns: int,
    lookup: Lookup,
    result: Estimate,
) -> _Answers:
    answers: list[str] = []
    known = 0
    for turn in range(1, turns + 1):
        request = plan.answer_request(who, question, answers, run)
        text = (who.answers or {}).get((question.id, turn, run))
        if text is not None and text.strip() == NO_ANSWER:
            break  # nothing is asked, and nothing judged
        if text is None and known == turn - 1:
            text = lookup("answer", request)
        result.add("answer", request, known=text is not None, other=who is not plan.model)
        known += text is not None and known == turn - 1
        answers.append(_FILLER if text is None else text)
    return _Answers(answers, known)


def _judgments(
    plan: Plan, sides: list[list[_Answers]], question: Question, run: int, turn: int
) -> Iterator[tuple[ChatRequest, bool]]:
    """What the judge would be asked, and whether that is known to the letter."""
    own, others = sides[0], sides[1:]
    for group in [[own, other] for other in others] or [[own]]:
        texts = [side[run].texts[:turn] for side in group]
        if any(len(known) < turn for known in texts):
            continue
        certain = all(side[run].certain(turn) for side in group)
        first = first_sample([_shown(plan, group, earlier, turn) for earlier in range(run + 1)], plan.repeats)
        for sample in range(first, first + plan.repeats):
            if len(texts) == 1:
                yield plan.judge_request(question, texts[0], sample), certain
            else:
                yield plan.judge_request(question, texts[0], sample, texts[1]), certain
                yield plan.judge_request(question, texts[1], sample, texts[0]), certain


def _shown(plan: Plan, group: list[list[_Answers]], run: int, turn: int) -> object:
    """What the judge is shown of a run, where that is known."""
    if not all(side[run].certain(turn) for side in group):
        return None
    return [[plan.shown(text) for text in side[run].texts[:turn]] for side in group]
