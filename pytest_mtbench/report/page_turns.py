"""Every turn of a run as the page shows it: a row of its list, and the texts of its conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.game import Game
from ..domain.question import Place, Question
from ..domain.result import NOT_JUDGED, Judgment, Run, TurnResult
from ..engine.plan import Plan
from ..protocol.judgment import RATING, VERDICT, Marking, marks_in
from ..protocol.prompts import judge_prompt_name
from ..untrusted.text import readable
from .page_charts import ORDERS_DIFFER
from .pages import anchor, shown_line
from .run_report import RunReport

_MOST = 100_000
"""Characters of one text; what is longer stands in the JSON report."""
_PREVIEW = 140
Json = dict[str, Any]


@dataclass(frozen=True)
class PageTurn:
    """One turn on the page.

    Args:
        row: what the list shows and the filters go by.
        texts: what is shown once the row is opened.
    """

    row: Json
    texts: Json


def page_turns(report: RunReport, people: Mapping[str, str]) -> Iterator[PageTurn]:
    """The turns of a suite, in its order; of an audition, the comparisons.

    Args:
        people: what people say of a turn in other words than the judge, by its anchor.
    """
    results = results_of(report)
    there = {(result.key.suite, result.place) for result in results}
    changes = changes_by_turn(report)
    for result in results:
        question = _question(report.plan, result)
        row = _row(report, result, question) | {"flags": [shown_line(flag) for flag in result.flags]}
        if result.place in changes:
            row["change"] = round(changes[result.place], 4)
        texts = _texts(report, result, question)
        name = str(row["id"])
        if name in people:
            row["differs"] = True
            texts["people"] = people[name]
        before = result.key.turn - 1
        if before and (result.key.suite, (question.id, before)) not in there:
            texts["before"] = [
                {"question": _cut(asked), "answer": _answer(report.plan, said)}
                for asked, said in zip(question.turns[:before], result.runs[0].earlier, strict=False)
            ]
        yield PageTurn(row, texts)


def results_of(report: RunReport) -> tuple[TurnResult, ...]:
    """What the page lists: the turns of the suite, or the comparisons of an audition."""
    return report.compared if report.is_audition else report.card.listed


def _question(plan: Plan, result: TurnResult) -> Question:
    """The question of a turn; an audition asks none and has them all the same."""
    found = plan.questions.find(result.key.question_id)
    return plan.question(result.key.question_id) if found is None else found


def changes_by_turn(report: RunReport) -> Mapping[Place, float]:
    """The change of each turn against the baseline, where that says anything."""
    return {} if report.outcome is None or report.outcome.old else report.outcome.last.by_turn


def _row(report: RunReport, result: TurnResult, question: Question) -> Json:
    node = report.ids.get(result.place) if not report.is_audition else None
    row: Json = {
        "id": anchor(result.place, report.models.get(result.key.suite, ())),
        "label": shown_line(f"q{question.id}"),
        "turn": result.key.turn,
        "category": shown_line(result.category),
        "score": None if result.score is None else round(result.score, 4),
        "status": _status(report, result),
        "text": shown_line(question.turns[result.key.turn - 1][: 4 * _PREVIEW])[:_PREVIEW],
    }
    if node is not None:
        row["node"] = shown_line(report.shown_id(node))
    if report.is_audition:
        row["models"] = shown_line(" against ".join(report.models[result.key.suite]))
    return row


def _status(report: RunReport, result: TurnResult) -> str:
    if not result.judged:
        return NOT_JUDGED
    if result.unscored is not None or (result.score is None and not result.games):
        return "unscored"
    if result.games:
        outcomes = {game.outcome for game in result.games}
        if outcomes == {"tie"}:
            return "tie" if all(game.consistent for game in result.games) else ORDERS_DIFFER
        return str(outcomes.pop()) if len(outcomes) == 1 else "mixed"
    return "below the floor" if report.is_below_floor(result) else "scored"


def _texts(report: RunReport, result: TurnResult, question: Question) -> Json:
    plan, turn = report.plan, result.key.turn
    texts: Json = {
        "question": _cut(question.turns[turn - 1]),
        "runs": [_run(plan, run) for run in result.runs],
    }
    reference = _reference_seen(plan, question, turn, pair=bool(result.games))
    if reference is not None:
        texts["reference"] = _cut(reference)
    if result.no_score is not None:
        texts["unscored"] = shown_line(result.no_score)
    models = report.models[result.key.suite] if report.is_audition else None
    if models:
        texts["own"] = shown_line(models[0])
    baseline = report.regression.baseline if report.regression else None
    first = baseline.first.get(result.place) if baseline else None
    if baseline is not None and first is not None:
        texts["base"] = _run(plan, first)
        texts["base"]["scores"] = [_number(score) for score in baseline.scores.get(result.place, ())]
    return texts


def _run(plan: Plan, run: Run) -> Json:
    """One answer and what the judge said of it."""
    row: Json = {"answer": _answer(plan, run.answer), "score": _number(run.score)}
    if run.judgments:
        row["judgments"] = [_judgment(judgment) for judgment in run.judgments]
    if run.games:
        row["games"] = [_game(plan, game) for game in run.games]
    if run.unscored is not None:
        row["unscored"] = shown_line(run.unscored)
    if run.elsewhere:
        row["elsewhere"] = _cut(run.elsewhere)
    return row


def _answer(plan: Plan, answer: str | None) -> Json | None:
    """An answer as the judge saw it, and the thinking that it did not see."""
    if answer is None:
        return None
    seen = plan.shown(answer)
    if seen == answer:
        return {"text": _cut(answer)}
    thinking = answer.removesuffix(seen) if seen else answer
    return {"text": _cut(seen), "thinking": _cut(thinking.strip())}


def _judgment(judgment: Judgment) -> Json:
    row: Json = {"text": _marked(RATING, judgment.text, judgment.score), "score": _number(judgment.score)}
    name = getattr(judgment, "judge", "")  # of a jury
    if name:
        row["judge"] = shown_line(name)
    if judgment.reason is not None:
        row["reason"] = shown_line(judgment.reason)
    return row


def _game(plan: Plan, game: Game) -> Json:
    return {
        "against": shown_line(game.against),
        "outcome": game.outcome,
        "flipped": game.flipped_to,
        "winners": game.winners,
        "verdicts": game.verdicts,
        "answer": _answer(plan, game.answer),
        "judgments": [
            _marked(VERDICT, text, verdict) for text, verdict in zip(game.judgments, game.verdicts, strict=True)
        ],
        "unscored": None if game.unscored is None else shown_line(game.unscored),
    }


def _marked(marking: Marking[Any], text: str, value: object) -> list[str]:
    """A judgment in pieces: text, mark, text, mark, ..., text."""
    short = text if len(text) <= _MOST else text[-_MOST:]  # its mark stands at its end
    pieces: list[str] = []
    last = 0
    for start, end in marks_in(marking, short, value):
        pieces += [readable(short[last:start]), readable(short[start:end])]
        last = end
    return [*pieces, readable(short[last:])]


def _reference_seen(plan: Plan, question: Question, turn: int, *, pair: bool) -> str | None:
    """The reference answer to a turn, where the judge's prompt has a place for it."""
    if question.reference is None or turn > len(question.reference):
        return None
    name = judge_prompt_name(question, turn, pair=pair, categories=plan.questions.reference_categories)
    prompt = plan.questions.prompts.get(name)
    seen = prompt is not None and f"{{ref_answer_{turn}" in prompt.prompt_template
    return question.reference[turn - 1] if seen else None


def _cut(text: str) -> str:
    if len(text) <= _MOST:
        return readable(text)
    return f"{readable(text[:_MOST])}\n[... {len(text) - _MOST:,} characters more, in the JSON report]"


def _number(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
