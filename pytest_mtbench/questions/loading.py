"""A folder in FastChat's layout -> a checked `QuestionSet`."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..domain.errors import ConfigError
from ..domain.question import Identity, JudgePrompt, Question, QuestionId, QuestionSet
from ..protocol.prompts import PAIR_PROMPTS, REFERENCE_CATEGORIES, SINGLE_PROMPTS, fill
from ..untrusted.text import listed
from .jsonl import LARGEST_SET_FILE, read_rows

OWN_PROMPTS = Path(__file__).parent / "judge_prompts.jsonl"


def load_folder(
    folder: Path, *, name: str | None = None, references: Path | None = None, prompts_file: Path | None = None
) -> QuestionSet:
    """Loads `question.jsonl`, `judge_prompts.jsonl` and `reference_answer/*.jsonl` of a folder.

    Args:
        folder: the set; without `judge_prompts.jsonl` the package's own prompts are used.
        name: how reports call the set; the folder's name by default.
        references: another file of reference answers, in the same layout.
        prompts_file: the judge's prompts, where they do not stand in the folder.

    Raises:
        ConfigError: a file is missing or malformed; the message names file and line.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; a question set is a folder with a question.jsonl")
    files = [references] if references else sorted(folder.glob("reference_answer/*.jsonl"))
    answers = _references(files)
    questions = _questions(folder / "question.jsonl", answers)
    own_file = folder / "judge_prompts.jsonl"
    prompts = load_prompts(own_file if own_file.exists() else prompts_file or OWN_PROMPTS)
    return QuestionSet(
        name=name or folder.resolve().name,
        questions=questions,
        prompts=prompts,
        identity=Identity(
            questions=_sha256([[q.id, q.category, q.turns, q.required_temperature] for q in questions]),
            references=_sha256([[q.id, q.reference] for q in questions if q.reference]),
            prompts=_sha256([[p.name, p.system_prompt, p.prompt_template] for p in prompts.values()]),
        ),
        notes=_notes(questions),
    )


def load_prompts(path: Path) -> dict[str, JudgePrompt]:
    """The judge's prompts by name, sorted, each tried once with stand-in texts.

    Raises:
        ConfigError: a row lacks a field, a template names an unknown field, or a prompt is missing.
    """
    prompts = {}
    for number, row in read_rows(path, LARGEST_SET_FILE):
        fields = [_text(row, key, path, number) for key in ("name", "type", "system_prompt", "prompt_template")]
        prompt = JudgePrompt(*fields)
        if prompt.name in SINGLE_PROMPTS:
            _try_template(prompt, f"{path}:{number}")
        prompts[prompt.name] = prompt
    for name in SINGLE_PROMPTS:
        if name not in prompts:
            raise ConfigError(f"{path}: has no prompt named {name}")
    return dict(sorted(prompts.items()))


def check_pair_prompts(questions: QuestionSet) -> None:
    """Whether two answers can be compared with the prompts of a set.

    Raises:
        ConfigError: a prompt is missing, names an unknown field, or does not show both answers.
    """
    for name in PAIR_PROMPTS:
        if name not in questions.prompts:
            raise ConfigError(f"question set {questions.name}: its judge_prompts.jsonl has no prompt named {name}")
        _try_template(questions.prompts[name], f"question set {questions.name}")


def _try_template(prompt: JudgePrompt, where: str) -> None:
    two = prompt.name.endswith("multi-turn")
    with_reference = "-math" in prompt.name
    pair = prompt.name in PAIR_PROMPTS
    references = ("r1", "r2") if two else ("r1",)
    question = Question(0, "math", ("q1", "q2"), references if with_reference else None)
    try:
        _check_fields(prompt.prompt_template)
        filled = fill(prompt, question, ("a1", "a2")[: 1 + two], ("b1", "b2")[: 1 + two] if pair else None)
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        reason = f"{where}: prompt_template of {prompt.name} cannot be filled ({error!r})"
        raise ConfigError(reason) from error
    last = "2" if two else "1"
    if f"a{last}" not in filled or (pair and f"b{last}" not in filled):
        what = "both answers" if pair else "the answer"
        raise ConfigError(f"{where}: prompt_template of {prompt.name} does not show {what}")


def _check_fields(template: str) -> None:
    """Fields are names and nothing more: `{answer:>2000000000}` would fill the memory, `{answer[0]}` break on some."""
    for _, field, spec, conversion in string.Formatter().parse(template):
        if field is not None and (spec or conversion or not field.isidentifier()):
            raise ValueError(f"only plain fields as {{answer}} may stand in it, not {{{field}...}}")


def _questions(path: Path, references: dict[QuestionId, tuple[Path, int, tuple[str, ...]]]) -> tuple[Question, ...]:
    questions: dict[str, Question] = {}
    for number, row in read_rows(path, LARGEST_SET_FILE):
        question = _question(row, path, number)
        if str(question.id) in questions:  # 1 and "1" would have the same test id
            raise ConfigError(f"{path}:{number}: question_id {question.id!r} stands twice")
        if question.id in references:
            file, line, texts = references[question.id]
            if len(texts) < len(question.turns):
                raise ConfigError(
                    f"{file}:{line}: question {question.id!r} has {len(question.turns)} turns, "
                    f"its reference answer {len(texts)}"
                )
            question = Question(question.id, question.category, question.turns, texts, question.required_temperature)
        questions[str(question.id)] = question
    if not questions:
        raise ConfigError(f"{path}: holds no question")
    return tuple(questions.values())


def _question(row: dict[str, Any], path: Path, number: int) -> Question:
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) and turn for turn in turns):
        raise ConfigError(f"{path}:{number}: turns must be a list of one or two texts")
    if len(turns) > 2:
        raise ConfigError(f"{path}:{number}: {len(turns)} turns; one- and two-turn questions are supported")
    temperature = row.get("required_temperature")
    if temperature is not None and not _is_temperature(temperature):
        raise ConfigError(f"{path}:{number}: required_temperature must be a number, not {temperature!r}")
    return Question(
        id=_question_id(row, path, number),
        category=_text(row, "category", path, number),
        turns=tuple(turns),
        required_temperature=temperature,
    )


def _is_temperature(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _references(files: Sequence[Path]) -> dict[QuestionId, tuple[Path, int, tuple[str, ...]]]:
    references: dict[QuestionId, tuple[Path, int, tuple[str, ...]]] = {}
    for file in files:
        for number, row in read_rows(file, LARGEST_SET_FILE):
            try:
                turns = row["choices"][0]["turns"]
            except (LookupError, TypeError):
                turns = None
            if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
                raise ConfigError(f"{file}:{number}: choices[0].turns must be a list of texts")
            # Several files: the first in the order of their names counts, so that the choice is the same everywhere.
            references.setdefault(_question_id(row, file, number), (file, number, tuple(turns)))
    return references


def _question_id(row: dict[str, Any], path: Path, number: int) -> QuestionId:
    value = row.get("question_id")
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ConfigError(f"{path}:{number}: question_id must be a whole number or a text, not {value!r}")
    return value


def _text(row: dict[str, Any], key: str, path: Path, number: int) -> str:
    value = row.get(key)
    if not isinstance(value, str) or (not value and key != "system_prompt"):
        raise ConfigError(f"{path}:{number}: {key} must be a text, not {value!r}")
    return value


def _notes(questions: Sequence[Question]) -> tuple[str, ...]:
    missing = [str(q.id) for q in questions if q.category in REFERENCE_CATEGORIES and q.reference is None]
    if not missing:
        return ()
    return (
        f"{len(missing)} questions of math, reasoning or coding have no reference answer and are judged without one: "
        + listed(missing, 5),
    )


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).hexdigest()
