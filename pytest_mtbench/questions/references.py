"""Reference answers: which file of them is taken, and what it or a question itself says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..domain.errors import ConfigError
from ..domain.question import Question
from ..protocol.prompts import REFERENCE_CATEGORIES
from ..untrusted.paths import file_name
from ..untrusted.text import listed
from .jsonl import LARGEST_SET_FILE, question_id, read_rows


class Reference(NamedTuple):
    """A reference answer, one text a turn, and where it stands."""

    path: Path
    line: int
    texts: tuple[str, ...]

    def for_question(self, question: Question, *, used: bool) -> tuple[str, ...] | None:
        """The texts, or None where a turn has none.

        Args:
            used: whether the judge is shown it.

        Raises:
            ConfigError: it is used and has fewer turns than the question.
        """
        count = len(question.turns)
        if len(self.texts) >= count:
            return self.texts if all(text.strip() for text in self.texts[:count]) else None
        if not used:
            return None
        raise ConfigError(
            f"{self.path}:{self.line}: question {question.id!r} has {count} turns, its reference answer "
            f"{len(self.texts)}"
        )


@dataclass(frozen=True)
class ReferenceUse:
    """Which reference answers the judge is shown, and which nobody is.

    Args:
        given: the ids that a file has reference answers to.
        label: how the header calls that file.
        expected: of the categories those in which every question should have one; of the others some have.
    """

    questions: tuple[Question, ...]
    categories: frozenset[str]
    given: frozenset[str]
    label: str
    expected: frozenset[str]

    def other_categories(self) -> list[Any]:
        """What sets a set apart that other categories of are judged with references than by default."""
        there = {question.category for question in self.questions}
        usual = sorted(there & REFERENCE_CATEGORIES)
        return [] if sorted(there & self.categories) == usual else [sorted(there & self.categories)]

    def shown(self) -> str:
        """What the header says."""
        used = [q for q in self.questions if q.category in self.categories and q.reference is not None]
        if not used and not self._unused():
            return "none"
        names = f", for {listed(list(dict.fromkeys(q.category for q in used)))}" if used else ""
        left = f"; {len(self._unused())} not used" if self._unused() else ""
        return f"{len(used)} {self.label}{names}{left}"

    def notes(self) -> Iterator[str]:
        """What the summary must say."""
        whole = self.categories - ({q.category for q in self.questions if q.reference is not None} - self.expected)
        missing = [str(q.id) for q in self.questions if q.category in whole and q.reference is None]
        if missing:
            *first, last = ["math", "reasoning", "coding"]
            if whole != REFERENCE_CATEGORIES:
                *first, last = sorted(whole)
            names = f"{', '.join(first)} or {last}" if first else last
            yield (
                f"{len(missing)} questions of {names} have no reference answer and are judged without one: "
                + listed(missing, 5)
            )
        unused = self._unused()
        if unused:
            names = listed(list(dict.fromkeys(unused.values())), 5)
            yield (
                f"{len(unused)} reference answers are used by no judgment ({names}): {listed(list(unused), 5)}; "
                "`reference_categories:` in the suite file names the categories that are judged with them"
            )

    def _unused(self) -> dict[str, str]:
        """The ids of reference answers that nobody is shown, and whose they are."""
        of_set = {
            str(q.id): q.category
            for q in self.questions
            if q.category not in self.categories and (q.reference is not None or str(q.id) in self.given)
        }
        known = {str(question.id) for question in self.questions}
        return of_set | dict.fromkeys(sorted(self.given - known), "of no question of the set")


def reference_file(folder: Path, judge: str) -> Path | None:
    """The file in `reference_answer/`: of several the judge's own, else the only one.

    Raises:
        ConfigError: there are several and none is called after the judge.
    """
    # A name that starts with a dot is what macOS leaves beside a file.
    files = sorted(file for file in folder.glob("reference_answer/*.jsonl") if not file.name.startswith("."))
    if len(files) < 2:
        return files[0] if files else None
    for name in (judge, file_name(judge)):
        for file in files:
            if file.name == f"{name}.jsonl":
                return file
    names = listed([file.name for file in files])
    raise ConfigError(
        f"{folder / 'reference_answer'}: holds {len(files)} files ({names}) and none of the judge, "
        f"{file_name(judge)}.jsonl; `references:` in the suite file names the one to take"
    )


def read_references(file: Path) -> dict[str, Reference]:
    """The reference answers of a file, by the question's id as a text.

    Raises:
        ConfigError: a row is malformed, or two rows of a question differ.
    """
    references: dict[str, Reference] = {}
    for number, row in read_rows(file, LARGEST_SET_FILE):
        try:
            turns = row["choices"][0]["turns"]
        except (LookupError, TypeError):
            turns = None
        if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
            raise ConfigError(f"{file}:{number}: choices[0].turns must be a list of texts")
        found = Reference(file, number, tuple(turns))
        first = references.setdefault(str(question_id(row, file, number)), found)
        if first.texts != found.texts:
            raise ConfigError(
                f"{file}:{number}: another reference answer to question {row['question_id']!r} than in line "
                f"{first.line}; leave one"
            )
    return references


def own_reference(row: dict[str, Any], path: Path, number: int, *, used: bool) -> Reference | None:
    """The `reference` inside the row of a question: a text a turn; of one turn also the text alone.

    Args:
        used: whether the judge is shown it.

    Raises:
        ConfigError: it is used and of another form.
    """
    value = row.get("reference")
    if value in (None, "", []):
        return None
    if isinstance(value, str) and len(row["turns"]) == 1:
        value = [value]
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return Reference(path, number, tuple(value))
    if used:
        raise ConfigError(f"{path}:{number}: reference must be a list of texts, one a turn")
    return None
