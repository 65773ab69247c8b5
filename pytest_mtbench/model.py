"""The words of the field as frozen dataclasses, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from .game import Game

QuestionId = int | str


class TurnKey(NamedTuple):
    """Names one turn of one suite; it crosses process borders as JSON."""

    suite: str
    question_id: QuestionId
    turn: int


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
    """SHA-256 over what a set consists of; scores of two identities cannot be compared."""

    questions: str
    references: str
    prompts: str


@dataclass(frozen=True)
class QuestionSet:
    """A question set, loaded and checked.

    Args:
        name: how the user named it: a registered name or a folder.
        questions: in the order of the file.
        prompts: the judge's prompts by name.
        identity: hashes that go into every report.
        notes: what the summary must say about this set, a line each.
    """

    name: str
    questions: tuple[Question, ...]
    prompts: Mapping[str, JudgePrompt]
    identity: Identity
    notes: tuple[str, ...] = ()
    original: bool = False

    @property
    def short_name(self) -> str:
        """The name without the folders that lead to it, for a heading."""
        return self.name.replace("\\", "/").rstrip("/").rpartition("/")[2] or self.name

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories in the order of their first question."""
        return tuple(dict.fromkeys(question.category for question in self.questions))


@dataclass(frozen=True)
class TurnResult:
    """One turn, measured: what a test item reports and what every score is made of.

    Args:
        score: mean over runs of the runs' scores, 1-10, or 0-1 in pairwise mode; None where no run was scored.
        scores: one a run, None where that run was not scored.
        unscored: why `score` is None or why a run lacks one.
        answer: the first run's answer, thinking included.
        judgment: the first run's judgment.
        answers, judgments: all of them, one a run (None where there was none) and one a run and repeat.
        earlier: the first run's answers to the turns before.
        flags: what a reader should know about these texts, in fixed words.
        games: in pairwise mode, one a run, other model and repeat.
    """

    key: TurnKey
    category: str
    score: float | None
    scores: tuple[float | None, ...]
    unscored: str | None = None
    answer: str = ""
    judgment: str = ""
    answers: tuple[str | None, ...] = ()
    judgments: tuple[tuple[str, ...], ...] = ()
    earlier: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    games: tuple[Game, ...] = ()

    @property
    def ratings(self) -> tuple[float | None, ...]:
        """What the turn should have been rated: once a run, or once a game."""
        return tuple(game.score for game in self.games) if self.games else self.scores

    @property
    def counted(self) -> tuple[float, ...]:
        """What a mean over turns is made of: the turn's score, or that of each of its games."""
        scores = self.ratings if self.games else (self.score,)
        return tuple(score for score in scores if score is not None)

    def against(self, name: str) -> TurnResult:
        """The same turn with the games against one model alone."""
        games = tuple(game for game in self.games if game.against == name)
        return replace(self, games=games, score=None, scores=())

    @property
    def place(self) -> tuple[QuestionId, int]:
        """Question id and turn: where it stands in a set, whichever suite asked."""
        return self.key.question_id, self.key.turn

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, for a report or for another process of the run."""
        return asdict(self) | {"key": list(self.key), "games": [game.as_json() for game in self.games]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> TurnResult:
        """Reads what `as_json` wrote."""
        fields = dict(row)
        fields["key"] = TurnKey(*fields["key"])
        for name in ("scores", "answers", "earlier", "flags"):
            fields[name] = tuple(fields.get(name, ()))
        fields["judgments"] = tuple(tuple(repeats) for repeats in fields["judgments"])
        fields["games"] = tuple(Game.from_json(game) for game in fields.get("games", ()))
        return cls(**fields)


def selected_turns(questions: Sequence[Question], suite: str) -> list[TurnKey]:
    """Every turn of these questions, in order."""
    return [TurnKey(suite, q.id, turn) for q in questions for turn in range(1, len(q.turns) + 1)]
