"""Answers and judgments that exist already: FastChat's files and JSON reports, read for a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..domain.chat import NO_ANSWER, AnswerSource
from ..domain.errors import ConfigError
from ..domain.question import QuestionId
from ..engine.plan import Plan, user_text
from ..protocol.judgment import RATING, VERDICT, Marking, read
from ..untrusted.paths import is_file, is_folder
from ..untrusted.text import listed
from .fastchat import answer_file_in, answer_places, judgment_files, read_answer_file, read_judgment_file
from .report_judgments import Prompt, Said, judgments_of_report
from .report_reader import read_report


@dataclass(frozen=True)
class Recorded:
    """Answers of one model and the judgments found beside them.

    Args:
        answers: those of the model under test.
        judgments: texts by prompt; several of one prompt are several samples.
        model: the model that the file says the answers are of; empty where it names none.
        shown: what was taken and what was left, for the header.
    """

    answers: AnswerSource = field(default_factory=dict)
    judgments: Mapping[Prompt, Sequence[str]] = field(default_factory=dict)
    model: str = ""
    shown: str = ""

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
        ConfigError: nothing there, malformed, of several models, or a selected question has no answer.
    """
    left: Counter[str] = Counter()
    if source.suffix == ".json":
        file, report = source, read_report(source, plan.questions)
        answers, model = report.answers(), report.answers_of or report.model
        said = _by_prompt(row for one in plan.of_judges for row in judgments_of_report(report, answers, one))
    else:
        file = _answer_file(source, plan.model.name)
        answers, model = read_answer_file(file)
        answers = _with_own_ids(answers, plan)
        said = _by_prompt(_judgments_beside(file.parent.parent, plan, model, left))
    _check_complete(f"--mtbench-answers={source}", source, plan, answers, plan.runs)
    if not plan.opponents:  # whose answers need not be known yet
        asked = _prompts(plan, answers)
        left["of other prompts"] = sum(len(texts) for prompt, texts in said.items() if prompt not in asked)
    return Recorded(answers, said, model, f"{_of_answers(file, model, answers, plan)}; {_of_judgments(said, left)}")


def read_judgments(folder: Path, plan: Plan) -> Recorded:
    """The judgments of a folder that has no answers of the model under test.

    Raises:
        ConfigError: a file in it is malformed.
    """
    left: Counter[str] = Counter()
    said = _by_prompt(_judgments_beside(folder, plan, "", left))
    return Recorded(judgments=said, shown=_of_judgments(said, left))


def read_opponent(file: Path, what: str, plan: Plan) -> AnswerSource:
    """The stored answers of a model that the one under test is compared with, for each of the plan's runs.

    Where fewer runs are stored they are used again.

    Args:
        file: a FastChat answer file or a JSON report.
        what: how the user named it.

    Raises:
        ConfigError: not there, malformed, of several models, or a selected question has no answer.
    """
    if not is_file(file):
        raise ConfigError(f"{what}: no such file")
    if file.suffix == ".json":
        answers = read_report(file, plan.questions).answers()
    else:
        answers = _with_own_ids(read_answer_file(file).answers, plan)
    reused: dict[tuple[QuestionId, int, int], str] = {}
    for question in plan.selected:
        runs = sorted({run for question_id, _, run in answers if question_id == question.id})
        texts = {run: [answers.get((question.id, turn, run)) for turn in question.turn_numbers] for run in runs}
        # Whole conversations: the second answer belongs to its own first.
        whole = [run for run in runs if None not in texts[run]]
        whole = [run for run in whole if NO_ANSWER not in texts[run]] or whole
        for run in range(plan.runs if whole else 0):
            source = whole[run % len(whole)]
            reused |= {(question.id, turn, run): answers[question.id, turn, source] for turn in question.turn_numbers}
    _check_complete(what, file, plan, reused, 1)
    return reused


def name_in(file: Path, what: str) -> str:
    """The model whose answers a file holds; the file's own name where it names none.

    Raises:
        ConfigError: it cannot be read, or holds answers of several.
    """
    if not is_file(file):
        raise ConfigError(f"{what}: no such file")
    return model_in(file) or file.stem


def model_in(file: Path) -> str:
    """The model that a file says its answers are of; empty where it names none.

    Raises:
        ConfigError: it cannot be read, or holds answers of several.
    """
    if file.suffix != ".json":
        return read_answer_file(file).model
    report = read_report(file)
    return report.answers_of or report.model


def _with_own_ids(answers: AnswerSource, plan: Plan) -> AnswerSource:
    """The same answers under the ids of the question set: a file may have "101" for 101."""
    own_id = plan.questions.own_id
    return {(own_id(question_id), turn, run): text for (question_id, turn, run), text in answers.items()}


def _judgments_beside(folder: Path, plan: Plan, model: str, left: Counter[str]) -> Iterator[Said]:
    """What the plan's judges said of the model under test, in a folder of FastChat's layout.

    Two judges of one name are not told apart there, so that nothing is taken of them.

    Args:
        model: how the file of the answers calls that model.
        left: counts what is not taken, by why.
    """
    judges = {judge.name for judge in plan.judges if not judge.name_is_shared}
    for file in judgment_files(folder):
        for row in read_judgment_file(file):
            marking: Marking[Any] = VERDICT if row.pairwise else RATING
            if row.judge not in judges:
                left["of other judges"] += 1
            elif row.model not in (None, plan.model.name, model):
                left["of other models"] += 1
            elif (value := read(marking, row.text).value) is None or value != (row.score or value):
                left["without a rating, asked again" if value is None else "with another score than text"] += 1
            else:
                yield (row.judge, row.prompt), row.text


def _of_answers(file: Path, model: str, answers: AnswerSource, plan: Plan) -> str:
    """What the header says of the answers."""
    asked = {question.id for question in plan.selected}
    there = {question_id for question_id, _, _ in answers}
    failed = sum(text.strip() == NO_ANSWER for place, text in answers.items() if place[0] in asked)
    left = [f"{failed} {NO_ANSWER}"] if failed else []
    left += [f"{len(there - asked)} of questions that are not asked"] if there - asked else []
    whose = f" of {model}" if model and model != plan.model.name else ""
    return f"answers{whose} in {file.name}: {len(there & asked)} questions" + _left(left)


def _of_judgments(said: Mapping[Prompt, Sequence[str]], left: Counter[str]) -> str:
    """What the header says of the judgments."""
    fit = sum(map(len, said.values())) - left["of other prompts"]
    return f"judgments: {fit}" + _left([f"{count} {why}" for why, count in left.items() if count])


def _prompts(plan: Plan, answers: AnswerSource) -> set[Prompt]:
    """What each judge is asked about these answers, in single grading."""
    found: set[Prompt] = set()
    for question in plan.selected:
        for run in range(plan.runs):
            texts = [answers[question.id, turn, run] for turn in question.turn_numbers]
            for turn in question.turn_numbers:
                request = plan.judge_request(question, texts[:turn], 0)
                found.update((judge.name, user_text(request.messages)) for judge in plan.judges)
    return found


def _left(parts: Sequence[str]) -> str:
    return f" (left: {', '.join(parts)})" if parts else ""


def _by_prompt(said: Iterable[Said]) -> dict[Prompt, list[str]]:
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
