"""What a judge said in the run that wrote a JSON report, by what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..domain.chat import AnswerSource, ChatRequest
from ..domain.question import Question, QuestionId
from ..domain.result import TurnResult
from ..engine.plan import Plan, user_text
from .report_reader import StoredReport

Prompt = tuple[str, str]
"""A judge's name and the user message that it was sent, to the letter."""

Said = tuple[Prompt, str]
"""A recorded judgment: to what it was said, and the text."""


def judgments_of_report(report: StoredReport, answers: AnswerSource, plan: Plan) -> Iterator[Said]:
    """The judgments of a report that the plan's judge gave on the same set; none of another one."""
    identity, prints = plan.questions.identity, report.fingerprint
    theirs = (prints.get("questions"), prints.get("references"), prints.get("prompts"))
    judged = plan.judge.name in (report.judges or (report.judge,)) and not plan.judge.name_is_shared
    if not judged or theirs != (identity.questions, identity.references, identity.prompts):
        return
    turns = [result.of_judge(plan.judge.name) for result in report.turns] if report.judges else report.turns
    selected = {question.id: question for question in plan.selected}
    others: dict[str, dict[tuple[QuestionId, int, int], str]] = {}
    for result in turns:
        question_id, turn = result.place
        for game in result.games:
            if game.answer is not None:
                others.setdefault(game.against, {})[question_id, turn, game.run - 1] = game.answer
    for result in turns:
        question = selected.get(result.key.question_id)
        if question is None or result.key.turn not in question.turn_numbers:
            continue
        for request, texts in (
            *_graded(result, question, plan, answers),
            *_played(result, question, plan, answers, others),
        ):
            for text in filter(None, texts):
                yield (plan.judge.name, user_text(request.messages)), text


_Known = Iterator[tuple[ChatRequest, Sequence[str]]]
"""What the judge was asked, and what it said to that."""


def _graded(result: TurnResult, question: Question, plan: Plan, answers: AnswerSource) -> _Known:
    for number, run in enumerate(result.runs):
        # As in the cache: a judgment without a rating is asked for again.
        texts = [judgment.text for judgment in run.judgments if judgment.score is not None]
        conversation = _conversation(answers, result, number)
        if texts and conversation is not None:
            yield plan.judge_request(question, conversation, 0), texts


def _played(
    result: TurnResult,
    question: Question,
    plan: Plan,
    answers: AnswerSource,
    others: Mapping[str, AnswerSource],
) -> _Known:
    for game in result.games:
        sides = (answers, others.get(game.against, {}))
        own, other = (_conversation(side, result, game.run - 1) for side in sides)
        if own is None or other is None:
            continue
        for order, verdict in enumerate(game.verdicts):
            if verdict is not None:
                first, second = (own, other) if order == 0 else (other, own)
                yield plan.judge_request(question, first, 0, second), [game.judgments[order]]


def _conversation(answers: AnswerSource, result: TurnResult, run: int) -> list[str] | None:
    """The answers of a run up to a turn, or None where one is missing."""
    question_id, last = result.place
    known = [answers.get((question_id, turn, run)) for turn in range(1, last + 1)]
    texts = [text for text in known if text is not None]
    return texts if len(texts) == len(known) else None
