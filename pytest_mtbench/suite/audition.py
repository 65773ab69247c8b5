"""The judge on trial without a model under test: votes of people, and the judge's own word on the same answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..domain.endpoint import Answerer
from ..domain.errors import ConfigError
from ..domain.question import Place, Question, QuestionId
from ..domain.result import TurnKey
from ..domain.vote import Comparison
from ..engine.plan import Plan
from ..files.people import VoteRow, and_more
from ..questions.loading import check_pair_prompts
from ..scores.ballots import Ballots
from ..scores.people import PeopleSpec
from .people import PeopleFiles, remarks_on, vote_of
from .settings import Settings

_NOT_HERE = {
    "minimums": "--mtbench-min", "against": "--mtbench-against", "baseline": "--mtbench-baseline",
    "export": "--mtbench-export", "answers": "--mtbench-answers", "shard": "--mtbench-shard",
    "merge": "--mtbench-merge", "runs": "--mtbench-runs", "rate_sheets": "--mtbench-rate-sheet",
}  # fmt: skip
"""Options that are about a model under test."""


@dataclass(frozen=True)
class Bout:
    """Two models whose answers are in the files, and the turns that people compared.

    Args:
        plan: the first model's, with the other one as its opponent; it asks for nothing but verdicts.
    """

    plan: Plan
    keys: tuple[TurnKey, ...]

    @property
    def models(self) -> tuple[str, str]:
        """Their names, in the order of the alphabet."""
        return self.plan.model.name, self.plan.opponents[0].name

    def question(self, key: TurnKey) -> Question:
        """The question of a turn."""
        return self.plan.question(key.question_id)

    def label(self, key: TurnKey) -> str:
        """The part of a test id that names a comparison: `q111-turn1-alpaca-13b-gpt-4`."""
        return "-".join((self.question(key).turn_label(key.turn), *self.models))


def audition(files: PeopleFiles, plan: Plan, settings: Settings) -> tuple[PeopleSpec, tuple[Bout, ...]]:
    """What people said, what the judge's rows say, and what the judge has yet to be asked.

    Where the files hold rows of the judge nothing is asked.

    Args:
        plan: with the questions that may be asked about.

    Raises:
        ConfigError: a file is wrong, holds nobody's or only the judge's word, or holds no answers to judge.
    """
    for name, option in _NOT_HERE.items():
        if getattr(settings, name):
            raise ConfigError(
                f"{option}: is about a model under test, and this run has none; name one with --mtbench-model, or "
                "leave the option out: --mtbench-people alone puts the judge to the test"
            )
    if files.section.min_win_rate is not None or files.section.min_score is not None:
        raise ConfigError(f"{files.shown}: people.min_win_rate and people.min_score are of a model, and there is none")
    rows = files.read(plan.questions)
    if rows.ratings or (rows.choices and not rows.votes):
        raise ConfigError(
            f"{rows.places[0]}: id: a sheet names answers of a run, and this run has none; name its model "
            "(--mtbench-model=NAME, or the suite file)"
        )
    asked = {question.id for question in plan.selected}
    judges = {judge.name for judge in plan.judges}
    # A jury is asked: rows of its judges are neither its verdicts nor people's.
    verdicts = [row for row in rows.votes if row.rater == plan.judge.name and not plan.jury]
    people = [row for row in rows.votes if row.rater not in judges]
    if not people:
        raise ConfigError(f"{files.shown}: has rows of the judge {plan.judge_name} alone; votes of people are missing")
    people = [row for row in people if row.question_id in asked]
    if not people:
        raise ConfigError(f"{files.shown}: no vote is on one of the {len(asked)} selected questions")
    names = {model: model for row in rows.votes for model in row.models}
    said = Ballots.of((vote_of(row, names) for row in verdicts), {}).votes
    spec = PeopleSpec(
        rule=files.rule,
        files=files.shown,
        votes=tuple(vote_of(row, names) for row in people),
        choices=rows.choices,
        verdicts={comparison: next(iter(by_judge.values())) for comparison, by_judge in said.items()},
        flipped=frozenset(vote_of(row, names).comparison for row in verdicts if row.flipped),
        remarks=tuple(remarks_on(replace(rows, votes=tuple(people)))),
    )
    return spec, () if verdicts else tuple(_bouts(people, plan))


def _bouts(people: Iterable[VoteRow], plan: Plan) -> Iterator[Bout]:
    """One for each pair of models, in the order of the alphabet."""
    check_pair_prompts(plan.questions)
    by_pair: dict[tuple[str, str], list[VoteRow]] = defaultdict(list)
    for row in people:
        by_pair[Comparison.of(row.question_id, row.turn, *row.models).pair].append(row)
    without = [row for row in people if row.answers is None]
    if without:
        raise ConfigError(_without_texts(without[0]) + and_more(without))
    for pair in sorted(by_pair):
        yield _bout(pair, by_pair[pair], plan)


def _without_texts(row: VoteRow) -> str:
    return (
        f"{row.where}: model_a: there is no text of {row.models[0]} and {row.models[1]} to judge; add conversation_a "
        "and conversation_b, or rows of the judge (--mtbench-judge=NAME as they name it), or name a model under test"
    )


def _bout(pair: tuple[str, str], rows: Iterable[VoteRow], plan: Plan) -> Bout:
    answers = {model: _Answers(model) for model in pair}
    places: dict[Place, None] = {}
    for row in rows:
        places[row.question_id, row.turn] = None
        for model, texts in zip(row.models, row.answers or ((), ()), strict=True):
            answers[model].add(row, texts)
    asked = {question_id for question_id, _ in places}
    one, two = (
        Answerer(model, plan.judge.endpoint, answers=dict(answers[model].texts), limit=plan.judge.limit)
        for model in pair
    )
    key = f"{plan.key}::{' against '.join(pair)}"
    selected = tuple(question for question in plan.selected if question.id in asked)
    bout = replace(plan, key=key, selected=selected, model=one, opponents=(two,), account=plan.key)
    keys = tuple(
        TurnKey(key, question.id, turn)
        for question in selected
        for turn in question.turn_numbers
        if (question.id, turn) in places
    )
    return Bout(bout, keys)


class _Answers:
    """What the rows of a pair say that a model answered; they must say the same."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._where: dict[tuple[QuestionId, int, int], str] = {}
        self.texts: dict[tuple[QuestionId, int, int], str] = {}

    def add(self, row: VoteRow, texts: tuple[str, ...]) -> None:
        """Takes the answers of a row.

        Raises:
            ConfigError: an earlier row has another answer.
        """
        for turn, text in enumerate(texts, start=1):
            place = row.question_id, turn, 0
            if self.texts.setdefault(place, text) != text:
                raise ConfigError(
                    f"{row.where}: the answer of {self._model} to question {row.question_id}, turn {turn}, is another "
                    f"than in {self._where[place]}"
                )
            self._where.setdefault(place, row.where)
