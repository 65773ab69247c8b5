"""FastChat's files: answers and judgments that exist already, read and written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..domain.chat import ChatRequest
from ..domain.errors import ConfigError
from ..domain.question import Question, QuestionId
from ..domain.result import TurnResult
from ..engine.plan import Plan, user_text
from ..protocol.thinking import cut_thinking
from ..questions.jsonl import read_rows
from ..untrusted.paths import is_file, is_folder
from .report_reader import read_report, read_turns

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


def read_answers(source: Path, plan: Plan, *, judgments_alone: bool = False) -> Recorded:
    """Reads `--mtbench-answers`.

    Args:
        source: a FastChat answer file, a folder that holds `model_answer/MODEL.jsonl` (or `MODEL.jsonl`), or a JSON
            report of this package.
        judgments_alone: it is a folder that has no answers of the model under test, and may have judgments.

    Raises:
        ConfigError: nothing there, malformed, or a selected question has no answer.
    """
    recorded = Recorded()
    if judgments_alone:
        for judgments in sorted((source / "model_judgment").glob("*.jsonl")):
            _read_judgments(judgments, plan, recorded)
        return recorded
    if source.suffix == ".json":
        _from_report(source, plan, recorded)
    else:
        file = _answer_file(source, plan.model.name)
        recorded.answers = _read_answer_file(file)
        for judgments in sorted((file.parent.parent / "model_judgment").glob("*.jsonl")):
            _read_judgments(judgments, plan, recorded)
    _check_complete(f"--mtbench-answers={source}", source, plan, recorded.answers, plan.runs)
    return recorded


def read_opponent(file: Path, what: str, plan: Plan) -> Answers:
    """The stored answers of a model that the one under test is compared with, for each of the plan's runs.

    Where fewer runs are stored they are used again.

    Args:
        file: a FastChat answer file or a JSON report.
        what: how the user named it.

    Raises:
        ConfigError: not there, malformed, or a selected question has no answer.
    """
    if not is_file(file):
        raise ConfigError(f"{what}: no such file")
    answers = _report_answers(read_report(file), plan) if file.suffix == ".json" else _read_answer_file(file)
    reused: Answers = {}
    for question in plan.selected:
        turns = range(1, len(question.turns) + 1)
        runs = sorted({run for question_id, _, run in answers if question_id == question.id})
        # Whole conversations: the second answer belongs to its own first.
        whole = [run for run in runs if all((question.id, turn, run) in answers for turn in turns)]
        for run in range(plan.runs if whole else 0):
            source = whole[run % len(whole)]
            reused |= {(question.id, turn, run): answers[question.id, turn, source] for turn in turns}
    _check_complete(what, file, plan, reused, 1)
    return reused


def name_in(file: Path, what: str) -> str:
    """The model whose answers a file holds.

    Raises:
        ConfigError: it cannot be read.
    """
    if not is_file(file):
        raise ConfigError(f"{what}: no such file")
    if file.suffix == ".json":
        return str(read_report(file).get("model") or file.stem)
    names = {name for _, row in read_rows(file) if isinstance(name := row.get("model_id"), str) and name.strip()}
    if len(names) > 1:
        raise ConfigError(f"{what}: holds answers of several models: {', '.join(sorted(names)[:3])}")
    return names.pop() if names else file.stem


def answer_file_in(folder: Path, model: str) -> Path | None:
    """The file of a model's answers in a folder of FastChat's layout, where it has one."""
    return next((place.resolve() for place in _places(folder, model) if is_file(place)), None)


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
    recorded.answers = _report_answers(report, plan)
    if same:
        _judgments_of_report(read_turns(report["turns"], plan.key), plan, recorded)


def _report_answers(report: Mapping[str, Any], plan: Plan) -> Answers:
    return {
        (*result.place, run): text
        for result in read_turns(report["turns"], plan.key)
        for run, text in enumerate(result.answers)
        if text is not None
    }


def _judgments_of_report(results: list[TurnResult], plan: Plan, recorded: Recorded) -> None:
    selected = {question.id: question for question in plan.selected}
    others = {(*result.place, game.against, game.run): game.answer for result in results for game in result.games}
    for result in results:
        question = selected.get(result.key.question_id)
        if question is None or result.key.turn > len(question.turns):
            continue
        for request, texts in (
            *_graded(result, question, plan, recorded),
            *_played(result, question, plan, recorded, others),
        ):
            known = recorded.judgments.setdefault((plan.judge.name, user_text(request.messages)), [])
            known += [text for text in texts if text]


_Known = Iterator[tuple[ChatRequest, Sequence[str]]]
"""What the judge was asked, and what it said to that."""


def _graded(result: TurnResult, question: Question, plan: Plan, recorded: Recorded) -> _Known:
    for run, texts in enumerate(result.judgments if not result.games else ()):
        if result.scores[run] is None:
            continue  # as in the cache: a judgment without a rating is asked for again
        shown = _shown([recorded.answers.get((question.id, turn, run)) for turn in range(1, result.key.turn + 1)])
        if shown is not None:
            yield plan.judge_request(question, shown, 0), texts


def _played(
    result: TurnResult, question: Question, plan: Plan, recorded: Recorded, others: Mapping[tuple[Any, ...], str | None]
) -> _Known:
    for game in result.games:
        turns = range(1, result.key.turn + 1)
        own = _shown([recorded.answers.get((question.id, turn, game.run - 1)) for turn in turns])
        other = _shown([others.get((question.id, turn, game.against, game.run)) for turn in turns])
        if own is None or other is None:
            continue
        for order, verdict in enumerate(game.verdicts):
            if verdict is not None:
                sides = (own, other) if order == 0 else (other, own)
                yield plan.judge_request(question, sides[0], 0, sides[1]), [game.judgments[order]]


def _shown(answers: Sequence[str | None]) -> list[str] | None:
    """The answers as a judge sees them, or None where one is missing."""
    known = [cut_thinking(answer) for answer in answers if answer is not None]
    return known if len(known) == len(answers) else None


def _answer_file(source: Path, model: str) -> Path:
    if is_file(source):
        return source.resolve()
    if not is_folder(source):
        raise ConfigError(f"--mtbench-answers={source}: no such file or folder")
    file = answer_file_in(source, model)
    if file is None:
        places = _places(source, model)
        raise ConfigError(f"--mtbench-answers={source}: holds neither {places[0]} nor {places[-1]}")
    return file


def _places(folder: Path, model: str) -> list[Path]:
    names = [name for name in dict.fromkeys((model, file_name(model))) if name == Path(name).name]
    return [place / f"{name}.jsonl" for place in (folder / "model_answer", folder) for name in names]


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
        judge = row.get("judge")
        if row.get("model", plan.model.name) != plan.model.name or not isinstance(judge, list) or not judge:
            continue
        for game in ("", "g1_", "g2_"):  # a pairwise row holds both orders
            if row.get(f"{game}winner") == "error" or (not game and row.get("score") == -1):
                continue  # as in the cache: a judgment that says nothing is asked for again
            prompt, text = row.get(f"{game}user_prompt"), row.get(f"{game}judgment")
            if isinstance(prompt, str) and isinstance(text, str) and judge[0] == plan.judge.name:
                recorded.judgments.setdefault((judge[0], prompt), []).append(text)


def _check_complete(what: str, source: Path, plan: Plan, answers: Answers, count: int) -> None:
    missing = [
        str(question.id)
        for question in plan.selected
        if any(
            (question.id, turn, run) not in answers
            for turn in range(1, len(question.turns) + 1)
            for run in range(count)
        )
    ]
    if missing:
        named = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        runs = f" in each of {count} runs" if count > 1 else ""
        hint = "; a JSON report has the first run's, --mtbench-export all" if runs and source.suffix == ".json" else ""
        raise ConfigError(f"{what}: no answer{runs} to {len(missing)} questions: {named}{hint}")


def file_name(model: str) -> str:
    """A model's name as the name of a file, as long as file systems take with an ending."""
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in model).lstrip(".")
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[:-1]
    if kept == model:
        return kept
    # `a/b` and `a:b` are two models and must not share a file.
    return f"{kept or 'model'}-{hashlib.sha256(model.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
