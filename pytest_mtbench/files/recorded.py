"""Answers and judgments that exist already: FastChat's files and JSON reports, read for a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..domain.chat import AnswerSource, ChatRequest
from ..domain.errors import ConfigError
from ..domain.question import Question, QuestionId
from ..domain.result import TurnResult
from ..engine.plan import Plan, user_text
from ..untrusted.paths import is_file, is_folder
from ..untrusted.text import listed
from .fastchat import answer_file_in, answer_places, model_in, read_answer_file, read_judgment_file
from .report_reader import StoredReport, read_report

Prompt = tuple[str, str]
"""A judge's name and the user message that it was sent, to the letter."""

_Said = tuple[Prompt, str]
"""A recorded judgment: to what it was said, and the text."""


@dataclass(frozen=True)
class Recorded:
    """Answers of one model and the judgments found beside them.

    Args:
        answers: those of the model under test.
        judgments: texts by prompt; several of one prompt are several samples.
    """

    answers: AnswerSource = field(default_factory=dict)
    judgments: Mapping[Prompt, Sequence[str]] = field(default_factory=dict)

    def judgment(self, judge: str, prompt: str, sample: int) -> str | None:
        """The recorded judgment of a prompt, or None."""
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
    said: Iterable[_Said]
    if source.suffix == ".json":
        report = read_report(source)
        answers = report.answers()
        said = _judgments_of_report(report, answers, plan)
    else:
        file = _answer_file(source, plan.model.name)
        answers = read_answer_file(file)
        said = _judgments_beside(file.parent.parent, plan)
    _check_complete(f"--mtbench-answers={source}", source, plan, answers, plan.runs)
    return Recorded(answers, _by_prompt(said))


def read_judgments(folder: Path, plan: Plan) -> Recorded:
    """The judgments of a folder that has no answers of the model under test.

    Raises:
        ConfigError: a file in it is malformed.
    """
    return Recorded(judgments=_by_prompt(_judgments_beside(folder, plan)))


def read_opponent(file: Path, what: str, plan: Plan) -> AnswerSource:
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
    answers = read_report(file).answers() if file.suffix == ".json" else read_answer_file(file)
    reused: dict[tuple[QuestionId, int, int], str] = {}
    for question in plan.selected:
        runs = sorted({run for question_id, _, run in answers if question_id == question.id})
        # Whole conversations: the second answer belongs to its own first.
        whole = [run for run in runs if all((question.id, turn, run) in answers for turn in question.turn_numbers)]
        for run in range(plan.runs if whole else 0):
            source = whole[run % len(whole)]
            reused |= {(question.id, turn, run): answers[question.id, turn, source] for turn in question.turn_numbers}
    _check_complete(what, file, plan, reused, 1)
    return reused


def name_in(file: Path, what: str) -> str:
    """The model whose answers a file holds.

    Raises:
        ConfigError: it cannot be read.
    """
    if not is_file(file):
        raise ConfigError(f"{what}: no such file")
    return (read_report(file).model if file.suffix == ".json" else model_in(file, what)) or file.stem


def _judgments_beside(folder: Path, plan: Plan) -> Iterator[_Said]:
    """What the plan's judge said of the model under test, in a folder of FastChat's layout."""
    for file in sorted((folder / "model_judgment").glob("*.jsonl")):
        for row in read_judgment_file(file):
            if row.judge == plan.judge.name and row.model in (None, plan.model.name):
                yield (row.judge, row.prompt), row.text


def _judgments_of_report(report: StoredReport, answers: AnswerSource, plan: Plan) -> Iterator[_Said]:
    identity, prints = plan.questions.identity, report.fingerprint
    theirs = (prints.get("questions"), prints.get("references"), prints.get("prompts"))
    if report.judge != plan.judge.name or theirs != (identity.questions, identity.references, identity.prompts):
        return
    selected = {question.id: question for question in plan.selected}
    others: dict[str, dict[tuple[QuestionId, int, int], str]] = {}
    for result in report.turns:
        question_id, turn = result.place
        for game in result.games:
            if game.answer is not None:
                others.setdefault(game.against, {})[question_id, turn, game.run - 1] = game.answer
    for result in report.turns:
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


def _by_prompt(said: Iterable[_Said]) -> dict[Prompt, list[str]]:
    found: dict[Prompt, list[str]] = {}
    for prompt, text in said:
        found.setdefault(prompt, []).append(text)
    return found


def _answer_file(source: Path, model: str) -> Path:
    if is_file(source):
        return source.resolve()
    if not is_folder(source):
        raise ConfigError(f"--mtbench-answers={source}: no such file or folder")
    file = answer_file_in(source, model)
    if file is None:
        places = answer_places(source, model)
        raise ConfigError(f"--mtbench-answers={source}: holds neither {places[0]} nor {places[-1]}")
    return file


def _check_complete(what: str, source: Path, plan: Plan, answers: AnswerSource, count: int) -> None:
    missing = [
        str(question.id)
        for question in plan.selected
        if any((question.id, turn, run) not in answers for turn in question.turn_numbers for run in range(count))
    ]
    if missing:
        runs = f" in each of {count} runs" if count > 1 else ""
        hint = "; a JSON report has the first run's, --mtbench-export all" if runs and source.suffix == ".json" else ""
        raise ConfigError(f"{what}: no answer{runs} to {len(missing)} questions: {listed(missing)}{hint}")
