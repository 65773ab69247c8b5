"""Settings and a suite file -> what people said, and what the gates on it ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..domain.errors import ConfigError
from ..domain.question import QuestionSet
from ..domain.sheet import sheet_id
from ..domain.vote import Comparison, Vote
from ..engine.plan import Plan
from ..files.people import ChoiceRow, PeopleRows, VoteRow, and_more, read_people
from ..files.people_cells import Side
from ..scores.agreement_gate import AgreementRule
from ..scores.people import PeopleSpec
from ..scores.people_gate import PeopleBar
from ..untrusted.text import listed
from .file import SuiteFile
from .schema import PeopleSection
from .settings import Settings

Rule = Literal["mean", "confident"]
_ALWAYS = 10
"""Votes from which it is odd that one person names one side every time."""


@dataclass(frozen=True)
class PeopleFiles:
    """The files of a run that hold what people said.

    Args:
        named: how the user names each, with the option or key, and where it lies.
    """

    named: tuple[tuple[str, Path], ...]
    section: PeopleSection

    @classmethod
    def of(cls, suite: SuiteFile, folder: Path, settings: Settings) -> PeopleFiles | None:
        """Those of the command line, else of the suite file; None where there are none.

        Args:
            folder: where the suite file's paths start.

        Raises:
            ConfigError: the suite file asks for a gate and names no file.
        """
        section = suite.content.people
        named = [(f"--mtbench-people={given.text}", given.path) for given in settings.people]
        named = named or [(suite.at(("people", "files"), name), folder / name) for name in section.files]
        if named:
            return cls(tuple(named), section)
        if section.asks:
            raise ConfigError(suite.at(("people",), "names no file; add `files:`, or give --mtbench-people=FILE"))
        return None

    def read(self, questions: QuestionSet) -> PeopleRows:
        """Everything that stands in them.

        Raises:
            ConfigError: what is wrong in the first file that has something wrong, all of it at once.
        """
        rows = PeopleRows()
        for what, path in self.named:
            rows += read_people(path, what, questions)
        if rows.ratings and (rows.votes or rows.choices):
            votes = rows.places[-1]
            raise ConfigError(f"{rows.ratings[0].where}: rating: the run has votes too ({votes}); it takes one kind")
        return rows

    @property
    def shown(self) -> str:
        """Their names for messages."""
        return listed([path.name for _, path in self.named])

    @property
    def rule(self) -> AgreementRule:
        """What the judge must reach."""
        section = self.section
        return AgreementRule(section.of_people, section.min_agreement, section.on_inconclusive)


def vote_of(row: VoteRow, names: Mapping[str, str]) -> Vote:
    """A vote on the models under the names that this run calls them by."""
    left, right = (names[model] for model in row.models)
    comparison = Comparison.of(row.question_id, row.turn, left, right)
    return Vote(comparison, row.rater, comparison.value(None if row.winner is None else names[row.winner]))


def _choice_of(row: VoteRow, plan: Plan, left: Sequence[str], right: Sequence[str]) -> ChoiceRow:
    """A vote on answers that stand beside it, as a sheet has it."""
    shown = [[plan.shown(answer) for answer in answers] for answers in (left, right)]
    return ChoiceRow(row.where, sheet_id(row.question_id, row.turn, *shown), row.rater, _side(row))


def remarks_on(rows: PeopleRows) -> Iterator[str]:
    """What the summary must say of how people filled in their sheets."""
    by_id = [((row.id, row.rater), row.choice) for row in rows.choices]
    by_name = [((Comparison.of(row.question_id, row.turn, *row.models), row.rater), _side(row)) for row in rows.votes]
    rated = [(row.id, row.rater) for row in rows.ratings]
    twice = _again([key for key, _ in by_id]) + _again([key for key, _ in by_name]) + _again(rated)
    if twice:
        yield (
            f"warning: {twice.total():,} times a person ({listed([*twice])}) says something twice of the same answers; "
            "the same counts once, " + ("of two ratings the mean" if rated else "two things are a tie")
        )
    yield from _odd_names(rows)
    sides: dict[str, Counter[Side | None]] = {}
    for (_, rater), side in (*by_id, *by_name):
        sides.setdefault(rater, Counter())[side] += 1
    for rater, counts in sides.items():
        side = next(iter(counts))
        if len(counts) == 1 and side is not None and counts[side] >= _ALWAYS:
            yield f"warning: {rater} says {side} in each of {counts[side]} votes"


def _odd_names(rows: PeopleRows) -> Iterator[str]:
    """Who may be somebody else: a person of two names, or a judge."""
    alike: dict[str, set[str]] = {}
    raters = (
        [row.rater for row in rows.votes] + [row.rater for row in rows.choices] + [row.rater for row in rows.ratings]
    )
    for rater in raters:
        alike.setdefault(rater.casefold(), set()).add(rater)
    for names in alike.values():
        if len(names) > 1:
            yield f"warning: {' and '.join(sorted(names))} are counted as {len(names)} people"
    for name in dict.fromkeys(row.rater for row in rows.votes if row.flipped):
        yield f"warning: {name} is counted as a person, and says `tie (inconsistent)`, which is a judge's verdict"


def _side(row: VoteRow) -> Side | None:
    if row.winner is None:
        return None
    return "left" if row.winner == row.models[0] else "right"


def _again(keys: Iterable[tuple[object, str]]) -> Counter[str]:
    """How often each person says something of what they have said something of before."""
    again: Counter[str] = Counter()
    for (_, rater), count in Counter(keys).items():
        again[rater] += count - 1
    return +again


def of_the_run(files: PeopleFiles, plan: Plan, rule: Rule, own: Sequence[str], others: Mapping[str, str]) -> PeopleSpec:
    """What people said of a run's answers, as far as it can be told before there are any.

    Args:
        rule: how a threshold on what people say is decided.
        own: what the model under test may be called in files, first as the run calls it.
        others: what it is compared with: names in files, and how the run calls them; empty where it is rated alone.

    Raises:
        ConfigError: a file is wrong, is of other models, or is of another kind than the run.
    """
    rows = files.read(plan.questions)
    if (rows.votes or rows.choices) and not others:
        raise ConfigError(
            f"{rows.places[-1]}: is a vote on two answers, and this run has one of each turn; --mtbench-against=NAME "
            "or --mtbench-baseline=FILE compares them"
        )
    if rows.ratings and plan.opponents:
        raise ConfigError(f"{rows.places[0]}: rating: is of one answer, and this run compares models; it takes votes")
    names = {**others, **dict.fromkeys(own, own[0])}
    judges = {judge.name for judge in plan.judges}
    people = [row for row in rows.votes if row.rater not in judges]
    unknown = [row for row in people if row.answers is None and not names.keys() >= {*row.models}]
    if unknown:
        raise ConfigError(_not_of_the_run(unknown[0], names) + and_more(unknown))
    # Two names of one model make no vote on two.
    known = [row for row in people if len({names[model] for model in row.models if model in names}) > 1]
    if not (known or rows.choices or rows.ratings):
        raise ConfigError(f"{files.shown}: no vote of a person is on {' and '.join(dict.fromkeys(names.values()))}")
    by_name = [row for row in known if row.answers is None]
    by_text = [_choice_of(row, plan, *row.answers) for row in known if row.answers is not None]
    left = len(people) - len(known)
    remarks = [f"{left} votes in {files.shown} are on other models and are not counted"] if left else []
    return PeopleSpec(
        rule=files.rule,
        bar=_bar(files, rows, rule),
        files=files.shown,
        votes=tuple(vote_of(row, names) for row in by_name),
        choices=(*rows.choices, *by_text),
        ratings=rows.ratings,
        remarks=(*remarks, *remarks_on(replace(rows, votes=tuple(known)))),
    )


def _bar(files: PeopleFiles, rows: PeopleRows, rule: Rule) -> PeopleBar | None:
    """What the model must reach with people, which must be of the kind that people gave."""
    section = files.section
    if rows.ratings and (section.min_win_rate is not None or section.min_agreement is not None):
        name = "min_agreement" if section.min_win_rate is None else "min_win_rate"
        raise ConfigError(f"{rows.places[0]}: rating: people.{name} is of votes, and these are ratings")
    if section.min_score is not None and not rows.ratings:
        raise ConfigError(
            f"{rows.places[-1]}: people.min_score is of ratings, and these are votes (people.min_win_rate)"
        )
    if section.min_win_rate is not None:
        return PeopleBar(section.min_win_rate, "win rate", rule)
    return None if section.min_score is None else PeopleBar(section.min_score, "mean", rule)


def _not_of_the_run(row: VoteRow, names: Mapping[str, str]) -> str:
    """What is wrong with a vote that names the models, and holds no answer of them."""
    column, model = next(pair for pair in zip(("model_a", "model_b"), row.models, strict=True) if pair[1] not in names)
    return (
        f"{row.where}: {column}: {model} is not in this run ({', '.join(names)}), and there is no conversation_a and "
        "conversation_b"
    )
