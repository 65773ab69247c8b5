"""FastChat's files: answers and judgments that exist already, read and written."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .model import QuestionId, TurnResult
from .paths import is_file, is_folder
from .plan import Plan, user_text
from .prompts import judge_prompt_name
from .questions.jsonl import read_rows
from .quotation import Shown
from .rating import read_rating
from .stored import read_report, read_turns
from .text import cut_thinking, join_surrogates

_LONGEST_NAME = 200
"""Bytes; most file systems take 255."""

Answers = dict[tuple[QuestionId, int, int], str]


@dataclass
class Recorded:
    """Answers of one model and the judgments found beside them.

    Args:
        answers: by question id, turn and run (from 0).
        judgments: texts by judge and by the prompt to the letter.
    """

    answers: Answers = field(default_factory=dict)
    judgments: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def judgment(self, judge: str, prompt: str, sample: int) -> str | None:
        """The recorded judgment of a prompt, or None; several of one prompt are several samples."""
        texts = self.judgments.get((judge, prompt), [])
        return texts[sample] if sample < len(texts) else None


def read_answers(source: Path, plan: Plan) -> Recorded:
    """Reads `--mtbench-answers`.

    Args:
        source: a FastChat answer file, a folder that holds `model_answer/MODEL.jsonl` (or `MODEL.jsonl`), or a JSON
            report of this package.

    Raises:
        ConfigError: nothing there, malformed, or a selected question has no answer.
    """
    recorded = Recorded()
    if source.suffix == ".json":
        _from_report(source, plan, recorded)
    else:
        file = _answer_file(source, plan.model.name)
        recorded.answers = _read_answer_file(file)
        for judgments in sorted((file.parent.parent / "model_judgment").glob("*.jsonl")):
            _read_judgments(judgments, plan, recorded)
    _check_complete(source, plan, recorded)
    return recorded


def export(folder: Path, plan: Plan, results: Iterable[TurnResult], at: float) -> None:
    """Writes answers and judgments in FastChat's layout: `model_answer/` and `model_judgment/`.

    Args:
        at: the time stamp of every row, seconds since the epoch.
    """
    known = {(result.key.question_id, result.key.turn): result for result in results}
    answers, judgments = [], []
    for question in plan.selected:
        turns = [known[question.id, n] for n in range(1, len(question.turns) + 1) if (question.id, n) in known]
        runs = list(zip(*(result.answers for result in turns), strict=False))
        if len(turns) < len(question.turns) or any(text is None for run in runs for text in run):
            continue
        choices = [{"index": run, "turns": list(texts)} for run, texts in enumerate(runs)]
        row = {"question_id": question.id, "answer_id": _answer_id(plan, question.id), "model_id": plan.model.name}
        answers.append(row | {"choices": choices, "tstamp": at})
        for result in turns:
            judgments += _judgment_rows(plan, turns[: result.key.turn], at)
    for path, rows in zip(export_files(folder, plan), (answers, judgments), strict=True):
        _write(path, rows)


def export_files(folder: Path, plan: Plan) -> tuple[Path, Path]:
    """Where `export` writes answers and judgments."""
    return (
        folder / "model_answer" / f"{file_name(plan.model.name)}.jsonl",
        folder / "model_judgment" / f"{file_name(plan.judge.name)}_single.jsonl",
    )


def _judgment_rows(plan: Plan, turns: list[TurnResult], at: float) -> list[dict[str, Any]]:
    last = turns[-1]
    question = plan.question(last.key.question_id)
    rows = []
    for run, repeats in enumerate(last.judgments):
        shown = [cut_thinking(result.answers[run] or "") for result in turns]
        request = plan.judge_request(question, shown, 0)
        for judgment in repeats:
            score = read_rating(judgment, shown=Shown(user_text(request.messages), shown)).score
            rows.append(
                {
                    "question_id": question.id,
                    "model": plan.model.name,
                    "judge": [plan.judge.name, judge_prompt_name(question, last.key.turn)],
                    "user_prompt": user_text(request.messages),
                    "judgment": judgment,
                    "score": -1 if score is None else score,  # FastChat's mark of a judgment without a rating
                    "turn": last.key.turn,
                    "tstamp": at,
                }
            )
    return rows


def _from_report(source: Path, plan: Plan, recorded: Recorded) -> None:
    report = read_report(source)
    prints = report.get("fingerprint", {})
    identity = plan.questions.identity
    same = (
        report.get("judge") == plan.judge.name
        and prints.get("questions") == identity.questions
        and prints.get("references") == identity.references
        and prints.get("prompts") == identity.prompts
    )
    results = read_turns(report["turns"], plan.key)
    for result in results:
        for run, text in enumerate(result.answers):
            if text is not None:
                recorded.answers[result.key.question_id, result.key.turn, run] = text
    if same:
        _judgments_of_report(results, plan, recorded)


def _judgments_of_report(results: list[TurnResult], plan: Plan, recorded: Recorded) -> None:
    selected = {question.id: question for question in plan.selected}
    for result in results:
        question_id, last = result.key.question_id, result.key.turn
        for run, repeats in enumerate(result.judgments):
            texts = [recorded.answers.get((question_id, turn, run)) for turn in range(1, last + 1)]
            if question_id not in selected or None in texts:
                continue
            request = plan.judge_request(selected[question_id], [cut_thinking(text or "") for text in texts], 0)
            known = recorded.judgments.setdefault((plan.judge.name, user_text(request.messages)), [])
            known += [text for text in repeats if text]


def _answer_file(source: Path, model: str) -> Path:
    if is_file(source):
        return source.resolve()
    if not is_folder(source):
        raise ConfigError(f"--mtbench-answers={source}: no such file or folder")
    names = [name for name in dict.fromkeys((model, file_name(model))) if name == Path(name).name]
    places = [folder / f"{name}.jsonl" for folder in (source / "model_answer", source) for name in names]
    for place in places:
        if is_file(place):
            return place.resolve()
    raise ConfigError(f"--mtbench-answers={source}: holds neither {places[0]} nor {places[-1]}")


def _read_answer_file(file: Path) -> Answers:
    answers: dict[QuestionId, Answers] = {}
    for number, row in read_rows(file):
        try:
            choices = [choice["turns"] for choice in row["choices"]]
            lists = all(isinstance(turns, list) for turns in choices)
            found = {
                (row["question_id"], turn, run): text
                for run, turns in enumerate(choices)
                for turn, text in enumerate(turns, 1)
            }
        except (LookupError, TypeError):
            lists, found = False, {}
        if not lists or not found or not all(isinstance(text, str) for text in found.values()):
            raise ConfigError(f"{file}:{number}: not a row of answers (question_id and choices[].turns are needed)")
        # A later row of a question replaces the whole of an earlier one: turns of two conversations do not mix.
        answers[row["question_id"]] = found
    return {key: text for found in answers.values() for key, text in found.items()}


def _read_judgments(file: Path, plan: Plan, recorded: Recorded) -> None:
    for _, row in read_rows(file):
        judge, prompt, text = row.get("judge"), row.get("user_prompt"), row.get("judgment")
        if row.get("model", plan.model.name) != plan.model.name or not isinstance(judge, list) or not judge:
            continue
        if isinstance(prompt, str) and isinstance(text, str) and judge[0] == plan.judge.name:
            recorded.judgments.setdefault((judge[0], prompt), []).append(text)


def _check_complete(source: Path, plan: Plan, recorded: Recorded) -> None:
    missing = [
        str(question.id)
        for question in plan.selected
        if any(
            (question.id, turn, run) not in recorded.answers
            for turn in range(1, len(question.turns) + 1)
            for run in range(plan.runs)
        )
    ]
    if missing:
        named = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        runs = f" in each of {plan.runs} runs" if plan.runs > 1 else ""
        hint = "; a JSON report has the first run's, --mtbench-export all" if runs and source.suffix == ".json" else ""
        raise ConfigError(f"--mtbench-answers={source}: no answer{runs} to {len(missing)} questions: {named}{hint}")


def _answer_id(plan: Plan, question_id: QuestionId) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, join_surrogates(f"{plan.model.name}/{question_id}")).hex


def file_name(model: str) -> str:
    """A model's name as the name of a file, as long as file systems take with an ending."""
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in model).lstrip(".")
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[:-1]
    if kept == model:
        return kept
    # `a/b` and `a:b` are two models and must not share a file.
    return f"{kept or 'model'}-{hashlib.sha256(model.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
