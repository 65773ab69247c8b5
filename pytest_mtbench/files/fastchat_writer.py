"""Answers and judgments of a run, written in FastChat's layout."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..domain.chat import NO_ANSWER
from ..domain.question import Question, QuestionId
from ..domain.result import TurnResult
from ..engine.plan import Plan, user_text
from ..protocol.prompts import judge_prompt_name
from ..untrusted.paths import file_name
from ..untrusted.text import join_surrogates, listed
from .whole import write_whole

# Who a letter names in the first order and in the second, in FastChat's words; model_1 is the one under test.
_WINNERS = (
    {"A": "model_1", "B": "model_2", "C": "tie", None: "error"},
    {"A": "model_2", "B": "model_1", "C": "tie", None: "error"},
)

_Rows = list[dict[str, Any]]


def export(
    folder: Path, plan: Plan, results: Iterable[TurnResult], at: float, note: Callable[[str], None] = lambda text: None
) -> None:
    """Writes answers and judgments in FastChat's layout: `model_answer/` and `model_judgment/`.

    A row of answers is a whole conversation, as FastChat's scripts expect it: where a turn was not selected its answer
    is the one that the later turn's conversation began with, and a turn that got none has FastChat's mark of that.

    Args:
        at: the time stamp of every row, seconds since the epoch.
        note: says what could not be written.
    """
    known = {result.place: result for result in results}
    judgments: dict[Path, _Rows] = {path: [] for path in _judgment_files(folder, plan)}
    answers: dict[Path, _Rows] = {path: [] for path in _answer_files(folder, plan).values()}
    left: list[str] = []
    for question in plan.selected:
        turns = [known[question.id, turn] for turn in question.turn_numbers if (question.id, turn) in known]
        if not turns:
            continue
        for name, path in _answer_files(folder, plan).items():
            texts = [_known(run) for run in _texts_of(turns, name) if None not in run]
            if len(texts) == len(turns[0].runs) and all(len(run) == len(question.turns) for run in texts):
                answers[path].append(_answer_row(question.id, name or plan.model.name, texts, at))
            elif str(question.id) not in left:
                left.append(str(question.id))
        for path, one in zip(judgments, plan.of_judges, strict=True):
            judgments[path] += _rows_of_judge(one, turns, at)
    # A file of answers of another run is worth more than an empty one.
    for path, rows in (*((path, rows) for path, rows in answers.items() if rows), *judgments.items()):
        _write(path, rows)
    if left:
        note(
            f"--mtbench-export: {len(left)} questions were not answered in every turn and have no row among the "
            f"answers: {listed(left)}"
        )


def export_files(folder: Path, plan: Plan) -> tuple[Path, ...]:
    """Where `export` writes answers and judgments."""
    return (*_answer_files(folder, plan).values(), *_judgment_files(folder, plan))


def _answer_files(folder: Path, plan: Plan) -> dict[str, Path]:
    """The file of each model's answers by its label; that of the model under test under none."""
    names = {"": plan.model.name} | {other.label: other.label for other in plan.opponents}
    return {label: folder / "model_answer" / f"{file_name(name)}.jsonl" for label, name in names.items()}


def _judgment_files(folder: Path, plan: Plan) -> list[Path]:
    """The file of each judge."""
    kind = "pair" if plan.opponents else "single"
    return [folder / "model_judgment" / f"{file_name(judge.label)}_{kind}.jsonl" for judge in plan.judges]


def _texts_of(turns: list[TurnResult], against: str) -> list[tuple[str | None, ...]]:
    """A model's answers to the turns of a question up to the last of these, a row a run.

    The model under test has FastChat's mark where it gave none; None stands for what is not known.
    """
    last = turns[-1]
    if not against:
        own = {result.key.turn: result.answers for result in turns}
        return [
            tuple(
                (own[turn][number] if own[turn][number] is not None else NO_ANSWER)
                if turn in own and number < len(own[turn])
                else next(iter(run.earlier[turn - 1 : turn]), None)
                for turn in range(1, last.key.turn + 1)
            )
            for number, run in enumerate(last.runs)
        ]
    runs = range(1, len(last.runs) + 1)
    # Repeats of a run are games of the same answer.
    by_turn = {
        result.key.turn: {
            game.run: game.answer for game in result.games if game.against == against and game.answer is not None
        }
        for result in turns
    }
    return [tuple(by_turn.get(turn, {}).get(run) for turn in range(1, last.key.turn + 1)) for run in runs]


def _known(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(text for text in texts if text is not None)


def _answer_row(question_id: QuestionId, model: str, texts: list[tuple[str, ...]], at: float) -> dict[str, Any]:
    return {
        "question_id": question_id,
        "answer_id": _answer_id(model, question_id),
        "model_id": model,
        "choices": [{"index": run, "turns": list(turns)} for run, turns in enumerate(texts)],
        "tstamp": at,
    }


def _rows_of_judge(plan: Plan, turns: list[TurnResult], at: float) -> _Rows:
    """What a judge said of these turns.

    Args:
        plan: for that judge of a jury.
    """
    seen = [result.of_judge(plan.said_by) for result in turns]
    rows: _Rows = []
    for number in range(1, len(seen) + 1):
        rows += _judgment_rows(plan, seen[:number], at) + _game_rows(plan, seen[:number], at)
    return rows


def _judgment_rows(plan: Plan, turns: list[TurnResult], at: float) -> _Rows:
    last = turns[-1]
    question = plan.question(last.key.question_id)
    rows = []
    for run, texts in zip(last.runs, _texts_of(turns, ""), strict=True):
        if None in texts:
            continue
        request = plan.judge_request(question, list(_known(texts)), 0)
        for judgment in run.judgments:
            if not judgment.text:
                continue  # the judge said nothing
            # FastChat's mark of a judgment without a rating.
            score = -1 if judgment.score is None else judgment.score
            rows.append(
                {
                    "question_id": question.id,
                    "model": plan.model.name,
                    "judge": [
                        plan.judge.label,
                        _prompt_name(plan, question, last.key.turn),
                    ],
                    "user_prompt": user_text(request.messages),
                    "judgment": judgment.text,
                    "score": score,
                    "turn": last.key.turn,
                    "tstamp": at,
                }
            )
    return rows


def _game_rows(plan: Plan, turns: list[TurnResult], at: float) -> _Rows:
    last = turns[-1]
    question = plan.question(last.key.question_id)
    rows = []
    for game in last.games:
        if game.judgments == ("", ""):
            continue  # it was not played
        own, other = (list(_known(_texts_of(turns, who)[game.run - 1])) for who in ("", game.against))
        if not len(own) == len(other) == last.key.turn:
            continue  # the conversation that the judge was shown is not known
        row: dict[str, Any] = {"question_id": question.id, "model_1": plan.model.name, "model_2": game.against}
        for number, (first, second) in enumerate(((own, other), (other, own))):
            request = plan.judge_request(question, first, 0, second)
            row |= {
                f"g{number + 1}_winner": _WINNERS[number][game.verdicts[number]],
                f"g{number + 1}_user_prompt": user_text(request.messages),
                f"g{number + 1}_judgment": game.judgments[number],
            }
        judge = [
            plan.judge.label,
            _prompt_name(plan, question, last.key.turn),
        ]
        rows.append(row | {"judge": judge, "turn": last.key.turn, "tstamp": at})
    return rows


def _prompt_name(plan: Plan, question: Question, turn: int) -> str:
    categories = plan.questions.reference_categories
    return judge_prompt_name(question, turn, pair=bool(plan.opponents), categories=categories)


def _answer_id(model: str, question_id: QuestionId) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, join_surrogates(f"{model}/{question_id}")).hex


def _write(path: Path, rows: _Rows) -> None:
    write_whole(path, "".join(json.dumps(row) + "\n" for row in rows))
