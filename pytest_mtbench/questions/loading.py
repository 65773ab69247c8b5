"""A folder in FastChat's layout -> a checked `QuestionSet`."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..domain.errors import ConfigError
from ..domain.question import Identity, JudgePrompt, Question, QuestionSet
from ..protocol.prompts import PAIR_PROMPTS, REFERENCE_CATEGORIES, SINGLE_PROMPTS, fill, judge_prompt_name
from .about import read_about
from .jsonl import LARGEST_SET_FILE, question_id, read_rows
from .references import Reference, ReferenceUse, own_reference, read_references, reference_file

OWN_PROMPTS = Path(__file__).parent / "judge_prompts.jsonl"


def load_folder(
    folder: Path,
    *,
    name: str | None = None,
    references: Path | None = None,
    judge: str = "",
    reference_categories: Iterable[str] | None = None,
) -> QuestionSet:
    """Loads `question.jsonl`, `judge_prompts.jsonl`, a file of `reference_answer/` and `question_set.json` of a folder.

    Args:
        folder: the set; `judge_prompts.jsonl` may lie one folder up, as in FastChat's `data/`, and where there is none
            the package's own prompts are used.
        name: how reports call the set; the folder's name by default.
        references: another file of reference answers, in the same layout.
        judge: of several files of reference answers that of this model is taken.
        reference_categories: those that are judged with references, where they are not those that the set names,
            nor the original's.

    Raises:
        ConfigError: a file is missing or malformed; the message names file and line.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; a question set is a folder with a question.jsonl")
    about = read_about(folder)
    expected = REFERENCE_CATEGORIES if reference_categories is None else frozenset(reference_categories)
    own = about.reference_categories if reference_categories is None else None
    categories = expected if own is None else own
    file = references or reference_file(folder, judge)
    given = None if file is None else read_references(file)
    rows = _rows(folder / "question.jsonl")
    questions = tuple(_with_reference(row, given, categories) for row in rows)
    needed = {judge_prompt_name(q, turn, categories=categories) for q in questions for turn in q.turn_numbers}
    prompts_file, prompts_label = _prompts_file(folder)
    prompts = load_prompts(prompts_file, needed)
    use = ReferenceUse(questions, categories, frozenset(given or ()), _labelled(folder, file), expected)
    edition = "" if about.edition is None else f"edition {about.edition} of the questions; "
    return QuestionSet(
        name=name or folder.resolve().name,
        questions=questions,
        prompts=prompts,
        identity=Identity(
            questions=_sha256([[q.id, q.category, q.turns, q.required_temperature] for q in questions]),
            references=_sha256([[q.id, q.reference] for q in questions if q.reference] + use.other_categories()),
            prompts=_sha256([[p.name, p.system_prompt, p.prompt_template] for p in prompts.values()]),
            edition=about.edition,
        ),
        notes=tuple(use.notes()),
        files=f"{edition}judge prompts: {prompts_label}; references: {use.shown()}",
        reference_categories=categories,
    )


def _prompts_file(folder: Path) -> tuple[Path, str]:
    """The judge's prompts of a set, and how the header calls them."""
    for place, label in ((folder, ""), (folder.resolve().parent, "../")):
        file = place / OWN_PROMPTS.name
        if file.exists() and not file.samefile(OWN_PROMPTS):
            return file, f"{label}{file.name}"
    return OWN_PROMPTS, "the package's own"


def _labelled(folder: Path, file: Path | None) -> str:
    if file is None:
        return "inside the questions"
    return f"of {file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name}"


def load_prompts(path: Path, needed: Iterable[str] = SINGLE_PROMPTS) -> dict[str, JudgePrompt]:
    """The judge's prompts by name, sorted, each tried once with stand-in texts.

    Args:
        needed: the names that must be there; a set of one turn needs no prompt for two.

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
        if name in needed and name not in prompts:
            raise ConfigError(f"{path}: has no prompt named {name}")
    return dict(sorted(prompts.items()))


def check_pair_prompts(questions: QuestionSet) -> None:
    """Whether two answers can be compared with the prompts of a set.

    Raises:
        ConfigError: a prompt is missing, names an unknown field, or does not show both answers.
    """
    asked, categories = questions.questions, questions.reference_categories
    needed = {judge_prompt_name(q, turn, pair=True, categories=categories) for q in asked for turn in q.turn_numbers}
    for name in PAIR_PROMPTS:
        if name not in needed:
            continue
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


class _Row(NamedTuple):
    """A question and the row that it stands in."""

    question: Question
    row: dict[str, Any]
    path: Path
    line: int


def _rows(path: Path) -> list[_Row]:
    rows: dict[str, _Row] = {}
    for number, row in read_rows(path, LARGEST_SET_FILE):
        question = _question(row, path, number)
        if str(question.id) in rows:  # 1 and "1" would have the same test id
            raise ConfigError(f"{path}:{number}: question_id {question.id!r} stands twice")
        rows[str(question.id)] = _Row(question, row, path, number)
    if not rows:
        raise ConfigError(f"{path}: holds no question")
    return list(rows.values())


def _with_reference(row: _Row, given: dict[str, Reference] | None, categories: frozenset[str]) -> Question:
    """The question with its reference answer: that of a file, or that of its own row where there is no file."""
    question, used = row.question, row.question.category in categories
    found = own_reference(row.row, row.path, row.line, used=used) if given is None else given.get(str(question.id))
    return question if found is None else replace(question, reference=found.for_question(question, used=used))


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
        id=question_id(row, path, number),
        category=_text(row, "category", path, number),
        turns=tuple(turns),
        required_temperature=temperature,
    )


def _is_temperature(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _text(row: dict[str, Any], key: str, path: Path, number: int) -> str:
    value = row.get(key)
    if not isinstance(value, str) or (not value and key != "system_prompt"):
        raise ConfigError(f"{path}:{number}: {key} must be a text, not {value!r}")
    return value


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).hexdigest()
