"""Questions, and the sets that they come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

QuestionId = int | str

Edition = int | str

Place = tuple[QuestionId, int]
"""A turn of a set: question id and turn, which counts from 1."""


@dataclass(frozen=True)
class Question:
    """One question of a set: one or two turns that a model is asked in a row.

    Args:
        id: a number or a text, unique in its set.
        category: decides temperature, judge prompt and which gate counts the question.
        turns: what the user says, one text a turn.
        reference: reference answers, one text a turn, where the set has them.
        required_temperature: wins over the category's.
    """

    id: QuestionId
    category: str
    turns: tuple[str, ...]
    reference: tuple[str, ...] | None = None
    required_temperature: float | None = None

    @property
    def turn_numbers(self) -> range:
        """Its turns, counted from 1."""
        return range(1, len(self.turns) + 1)

    def turn_label(self, turn: int) -> str:
        """The part of a test id that names this turn: `q111-turn1`."""
        return f"q{self.id}-turn{turn}"


@dataclass(frozen=True)
class JudgePrompt:
    """One row of `judge_prompts.jsonl`: a system prompt and a template with named fields."""

    name: str
    type: str
    system_prompt: str
    prompt_template: str


@dataclass(frozen=True)
class Identity:
    """SHA-256 over what a set consists of; scores of two identities cannot be compared.

    Args:
        edition: which edition the set says that it is.
    """

    questions: str
    references: str
    prompts: str
    edition: Edition | None = None


@dataclass(frozen=True)
class QuestionSet:
    """A question set, loaded and checked.

    Args:
        name: how the user named it: a registered name or a folder.
        questions: in the order of the file.
        prompts: the judge's prompts by name.
        identity: hashes that go into every report.
        notes: what the summary must say about this set, a line each.
        files: which prompts and references are used, for the header.
        reference_categories: those that are judged with reference answers.
    """

    name: str
    questions: tuple[Question, ...]
    prompts: Mapping[str, JudgePrompt]
    identity: Identity
    notes: tuple[str, ...] = ()
    original: bool = False
    files: str = field(default="", compare=False)
    reference_categories: frozenset[str] = frozenset({"math", "reasoning", "coding"})

    @property
    def short_name(self) -> str:
        """The name without the folders that lead to it."""
        return self.name.replace("\\", "/").rstrip("/").rpartition("/")[2] or self.name

    @property
    def title(self) -> str:
        """The short name, and the edition where the set has one, for a heading."""
        edition = self.identity.edition
        return self.short_name if edition is None else f"{self.short_name} (edition {edition})"

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories in the order of their first question."""
        return tuple(dict.fromkeys(question.category for question in self.questions))

    @cached_property
    def category_of(self) -> Mapping[QuestionId, str]:
        """The category of each question by its id."""
        return {question.id: question.category for question in self.questions}

    def own_id(self, question_id: QuestionId) -> QuestionId:
        """The id of a question as this set writes it: other files may have "101" for 101; others are given back."""
        found = self.find(question_id)
        return question_id if found is None else found.id

    def find(self, question_id: QuestionId) -> Question | None:
        """The question of that id, be it written as a number or as a text; None where there is none."""
        return self._by_id.get(str(question_id))

    @cached_property
    def _by_id(self) -> dict[str, Question]:
        return {str(question.id): question for question in self.questions}
