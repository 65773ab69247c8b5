"""What a JSON report holds, key by key: the models that its JSON Schema is made from.

They describe what is written; what is read back is checked by `files/report_rows.py`, which needs less.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..files.json_schema import schema_of
from ..files.judged_rows import Letter, Natural, Score

TurnNumber = Literal["1", "2"]
Outcome = Literal["win", "tie", "loss"]


def report_schema() -> dict[str, Any]:
    """The schema of a JSON report, and of what `pytest_mtbench_report` receives."""
    return schema_of(Report, "A JSON report of pytest-mtbench", {})


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", protected_namespaces=())


class Mean(_Written):
    """A mean score, 1-10."""

    mean: float | None = Field(description="Null where no turn has a score.")
    n: Natural = Field(description="Turns with a score.")
    unscored: Natural = Field(description="Turns without.")
    low: float | None = Field(description="95 % interval of the mean; null where too few questions are there.")
    high: float | None


class CategoryMean(Mean):
    """The mean score of a category."""

    turns: dict[TurnNumber, float | None] = Field(description="The means of first and second turns.")


class WinRate(_Written):
    """A win rate, 0-1, of pairwise mode; counted in games."""

    win_rate: float | None = Field(description="(wins + ties / 2) / games; null without a game that has an outcome.")
    wins: Natural
    losses: Natural
    ties: Natural
    consistent: Natural = Field(description="Games in which both orders say the same.")
    flips: Natural = Field(description="Games in which the same place won in both orders.")
    flips_to_first: Natural = Field(description="Those in which that was the first place.")
    n: Natural = Field(description="Games with an outcome.")
    unscored: Natural = Field(description="Games without.")
    low: float | None = Field(description="95 % interval of the win rate.")
    high: float | None


class CategoryWinRate(WinRate):
    """The win rate of a category."""

    turns: dict[TurnNumber, float | None] = Field(description="The win rates of first and second turns.")


class Scores(_Written):
    """The scores of a run."""

    overall: Mean | WinRate
    turns: dict[TurnNumber, Mean | WinRate] = Field(description="By turn.")
    categories: dict[str, CategoryMean | CategoryWinRate] = Field(description="By category, in the order of the set.")


class Against(_Written):
    """The scores against one other model."""

    name: str
    scores: Scores
    strength: float | None = Field(description="Bradley-Terry, as a logarithm of odds; the model under test is at 0.")


class Gate(_Open):
    """What a gate decided; gates against a baseline and people say more, under further keys."""

    id: str = Field(description="Its node id.")
    name: str = Field(description="What stands in brackets in the id.")
    status: Literal["passed", "failed", "inconclusive"]
    value: float | None = Field(description="The score, the win rate, or the change against the baseline.")
    minimum: float | None = Field(description="The threshold.")
    low: float | None = Field(description="The bounds that it goes by.")
    high: float | None
    n: Natural = Field(description="What the value is made of: turns, games, questions or votes.")
    unscored: Natural
    message: str = Field(description="Why, in a sentence.")


class Game(_Written):
    """A game: the answer and another model's, judged in both orders."""

    against: str
    run: Annotated[int, Field(ge=1)]
    outcome: Outcome | None
    verdicts: Annotated[list[Letter | None], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="With the model under test as assistant A, then as B; null where there is none."
    )
    by_judge: list[dict[str, Any]] | None = Field(
        default=None, description="Of a jury: the same game as each judge sees it, in the place of `verdicts`."
    )
    unscored: str | None = Field(description="Why there is no outcome.")
    answer: str | None = Field(default=None, description="The other model's; of the first run alone, but in a share.")
    judgments: Annotated[list[str], Field(min_length=2, max_length=2)] = ["", ""]


class Turn(_Written):
    """A turn, answered and judged."""

    question_id: int | str
    category: str
    turn: Literal[1, 2]
    score: Score | None = Field(description="The mean over runs, 1-10, or of games, 0-1.")
    scores: list[Score | None] = Field(description="One a run; null where it has none.")
    unscored: str | None = Field(description="Why there is no score; `not judged` where the answer alone was wanted.")
    answer: str = Field(description="The first run's, with its thinking; empty where there is none.")
    judgment: str = Field(description="The first that the judge said of it.")
    flags: list[str] = Field(description="What a reader should know of the texts, in fixed words.")
    elsewhere: str | None = Field(default=None, description="What a reply without an answer held in another field.")
    extra: Any = Field(default=None, description="What a user's own chatbot said beside the first run's answer.")
    answers: list[str | None] | None = Field(default=None, description="One a run; in a share and for the hook.")
    judgments: list[list[str]] | None = Field(
        default=None, description="Those of each run; in a share and for the hook."
    )
    ratings: list[list[Score | None]] | None = Field(default=None, description="Those of each of the judgments.")
    outcome: Outcome | None = Field(default=None, description="That of the game, where there is one.")
    games: list[Game] | None = Field(default=None, description="In pairwise mode: one a run, other model and repeat.")
    by_judge: dict[str, Score | None] | None = Field(default=None, description="Of a jury: the score of each judge.")
    judged: list[dict[str, Any]] | None = Field(default=None, description="Of a jury: each judge's judgments, by run.")
    models: list[str] | None = Field(default=None, description="In an audition: the two whose answers are compared.")


class Counts(_Written):
    """How many replies were used."""

    made: Natural = Field(description="New ones.")
    cached: Natural = Field(description="From the cache or from files.")
    retried: Natural = Field(description="Requests that were made again.")


class Calls(_Written):
    """Replies by kind."""

    answers: Counts
    judgments: Counts


class Tokens(_Written):
    """Tokens of new replies."""

    input_tokens: Natural
    output_tokens: Natural


class Usage(_Written):
    """Tokens by kind."""

    answers: Tokens
    judgments: Tokens
    against: Tokens | None = Field(default=None, description="Those of `answers` that are other models'.")


class Fingerprint(_Open):
    """What two runs must share for their scores to be comparable."""

    questions: str = Field(description="SHA-256 of the questions.")
    references: str
    prompts: str
    question_set: str = Field(description="The set, as the user named it.")
    edition: int | str | None = Field(default=None, description="The edition of the set, where it says one.")
    judge_requested: str
    judge_served: str | list[str] = Field(description="The names by which the judge's endpoint called it.")
    judge_parameters: dict[str, Any]
    model_parameters: dict[str, Any] = Field(description="These may differ from a baseline's.")
    rules: dict[str, Any] = Field(description="Versions of the rules of reading and deciding.")


class People(_Open):
    """Votes or ratings of people beside the judge."""

    stale: Natural = Field(description="Votes on answers that this run does not have.")
    voters: Natural
    skill: dict[str, Any] | None = Field(description="Of judge and people, their ratio and its one-sided 95 % bounds.")
    shift: list[dict[str, Any]] = Field(description="The same figure by people, by the judge, and the difference.")


class Biases(_Written):
    """What the judge's verdicts depend on beside the answers; null for what was not measured."""

    position: dict[str, Any] | None
    length: dict[str, Any] | None
    style: dict[str, Any] | None
    family: dict[str, Any] | None


class Report(_Written):
    """One run of one suite."""

    format: Literal["pytest-mtbench/1"]
    status: Literal["passed", "failed", "aborted"] = Field(description="What pytest's run came to.")
    reason: str | None = Field(description="Why it was aborted, or what is wrong that no item tells.")
    exit_status: int = Field(description="pytest's.")
    model: str | None = Field(description="The model under test; null in an audition of the judge.")
    judge: str = Field(description="The judge's name; of a jury the names of all, with + between them.")
    judges: list[str] | None = Field(default=None, description="Of a jury: its judges.")
    jury: dict[str, Any] | None = Field(default=None, description="Of a jury: what each judge comes to, and the pairs.")
    answered_by: str = Field(description="Who answered: endpoint, own chatbot or file.")
    answers_of: str | None = Field(default=None, description="The model whose stored answers were graded, if another.")
    shard: str | None = Field(default=None, description="Which share of a run it is, as 1/3.")
    mode: Literal["single", "pairwise", "audition"]
    started: str = Field(description="ISO 8601, UTC.")
    seconds: float = Field(description="How long the run took.")
    fingerprint: Fingerprint
    scores: Scores
    against: list[Against] | None = Field(default=None, description="In pairwise mode: the scores against each model.")
    agreement: People | None = None
    biases: Biases | None = None
    gates: list[Gate] = Field(description="Those that were decided, in the order of the table.")
    turns: list[Turn]
    calls: Calls
    usage: Usage
    cost_usd: float | None = Field(description="Of the requests of this run; null where a price is missing.")
    notes: list[str] = Field(description="What the summary says beside.")
