"""Settings and a suite file -> the models that the one under test is compared with, each a plan of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from .. import demo
from ..domain.endpoint import Answerer, Role
from ..domain.errors import ConfigError
from ..engine.plan import Plan
from ..files.fastchat import answer_file_in
from ..files.recorded import model_in, name_in, read_opponent
from ..questions.loading import check_pair_prompts
from ..scores.consistency import MIN_CONSISTENCY
from ..scores.gates import GateSpec
from ..untrusted.paths import is_folder
from .choices import Precedence, Setting
from .endpoints import OpponentEndpoint
from .file import SuiteFile
from .roles import opponent_role
from .schema import SuiteContent
from .settings import Settings

_FILES = (".json", ".jsonl")


@dataclass(frozen=True)
class Opponent:
    """A model that the one under test is compared with.

    Args:
        source: the file of its answers as the user named it, where one holds them.
        file: that file, wherever links lead.
        model: whose answers the file says they are.
    """

    who: Answerer
    source: str = ""
    file: Path | None = None
    model: str = ""

    @property
    def said_source(self) -> str:
        """The file, and the model that it names where that is another."""
        return self.source + (f" (of {self.model})" if self.model not in ("", self.who.name) else "")


@dataclass(frozen=True)
class _Named:
    """A model as the command line or the suite file names it.

    Args:
        what: option or key, for messages.
        file: its answers, where they are stored.
    """

    name: str
    section: OpponentEndpoint
    what: str
    file: Path | None
    source: str


def is_pairwise(suite: SuiteFile, settings: Settings) -> bool:
    """Whether this run compares answers instead of grading them.

    Raises:
        ConfigError: the suite file wants it to and names no model.
    """
    section = suite.content.against
    if "against" in suite.content.model_fields_set and not section.named and not settings.against:
        raise ConfigError(suite.at(("against",), "names no model; add `name:`, or give --mtbench-against=NAME"))
    return bool(settings.against or section.named)


def problems_of_modes(suite: SuiteFile, settings: Settings) -> list[str]:
    """What cannot be asked of win rates; a suite of single grading may be run pairwise by the command line alone."""
    problems = []
    if settings.baseline is not None:
        problems.append("--mtbench-baseline: a win rate has no baseline; leave it or --mtbench-against out")
    if suite.content.against.named and not settings.against:
        problems += [
            suite.at(("thresholds", name), "is for scores from 1 to 10; `against.min_win_rate` is for win rates")
            for name in _scores_asked(suite.content)
        ]
        if suite.content.baseline.file is not None:
            problems.append(suite.at(("baseline",), "a win rate has no baseline; leave it or `against` out"))
    return problems


def pairwise_remarks(
    content: SuiteContent, others: Sequence[Opponent], gates: Sequence[GateSpec] | None
) -> tuple[str, ...]:
    """What the summary must say about how the answers are compared.

    Args:
        gates: None where none is decided in any case.
    """
    remarks = [f"the answers of {other.who.label} are those of {other.said_source}" for other in others if other.source]
    unused = [f"thresholds.{name}" for name in _scores_asked(content)]
    unused += ["baseline"] if content.baseline.file else []
    if unused:
        remarks.append(f"{', '.join(unused)} of the suite file: not used with --mtbench-against")
    if gates is not None and not gates:
        remarks.append(
            "no gate on the win rate: --mtbench-min=0.5, or `against.min_win_rate` in the suite file, asks for one"
        )
    return tuple(remarks)


def opponents(
    suite: SuiteFile, path: Path | None, settings: Settings, environ: Mapping[str, str], plan: Plan, usual_url: str
) -> tuple[Opponent, ...]:
    """The models to compare with, in the order in which they are named.

    Args:
        usual_url: the endpoint of those that name none.

    Raises:
        ConfigError: a file cannot be read or lacks an answer, a model is named twice or is the one under test, or the
            question set's prompts cannot compare two answers.
    """
    check_pair_prompts(plan.questions)
    found: list[Opponent] = []
    for named in _named(suite, path, settings):
        where = named.what if named.source in named.what else f"{named.what} (in {named.source})"
        stored = None if named.file is None else read_opponent(named.file, where, plan)
        _check_demo(named, plan)
        price = suite.content.prices.against
        who = opponent_role(named.name, named.section, price, environ, plan.model, usual_url)
        who = replace(
            who,
            label=_label(named, who, [plan.model.name, *(opponent.who.label for opponent in found)]),
            answers=stored,
            # Of the whole file: a share of the questions has the same.
            stored=hashlib.sha256(named.file.read_bytes()).hexdigest() if named.file else "",
        )
        file = named.file.resolve() if named.file else None
        opponent = Opponent(who, named.source, file, model_in(file) if file else "")
        if _same(plan, Opponent(plan.model, file=_own_file(settings, plan)), opponent):
            raise ConfigError(f"{named.what}: is the model under test itself, with the same answers")
        if any(_same(plan, earlier, opponent) for earlier in found):
            raise ConfigError(f"{named.what}: {named.name} is named twice")
        found.append(opponent)
    _check_prices(suite, found)
    return tuple(found)


def _check_demo(named: _Named, plan: Plan) -> None:
    """Sees to it that the stand-in is asked what it has answers to."""
    stands_in = named.name in demo.MODELS and named.file is None and not named.section.base_url
    if stands_in and plan.questions.name != demo.QUESTIONS:
        raise ConfigError(
            f"{named.what}: the demo answers the question set {demo.QUESTIONS} alone, not {plan.questions.name}; "
            f"--mtbench-questions={demo.QUESTIONS}, or against.base_url in the suite file where a model of yours is "
            f"called {named.name}"
        )


def against_settings(
    suite: SuiteFile, settings: Settings, others: Sequence[Opponent], plan: Plan
) -> tuple[Setting[Any], ...]:
    """What the header says of the models to compare with: who they are, and where they are asked."""
    pick = Precedence(suite.name).setting
    names = ", ".join(other.who.label for other in others)
    urls = {other.who.endpoint.url: None for other in others if other.who.answers is None}
    steady = suite.content.against.min_consistency
    elsewhere = ", ".join(url for url in urls if url != plan.model.endpoint.url)
    return (
        pick("against", names if settings.against else None, names, ""),
        pick("against.base_url", None, elsewhere or None, ""),
        Setting("against.min_consistency", steady, MIN_CONSISTENCY, suite.name, f"{steady:g}"),
    )


def _check_prices(suite: SuiteFile, others: Sequence[Opponent]) -> None:
    asked = [other.who for other in others if other.who.answers is None]
    if suite.content.budget is not None and suite.content.prices.against is None and asked:
        raise ConfigError(suite.at(("budget",), f"needs `prices.against` too, since {asked[0].label} is asked"))


def _scores_asked(content: SuiteContent) -> list[str]:
    """The thresholds of single grading that a suite file has."""
    return [name for name in ("overall", "turns", "categories", "floor") if getattr(content.thresholds, name)]


def _named(suite: SuiteFile, path: Path | None, settings: Settings) -> list[_Named]:
    section = suite.content.against
    if not settings.against:
        base = path.parent if path is not None else settings.cwd
        return [_of_section(one, suite, base, settings) for one in section.named]
    sections = {one.name: one for one in section.named if one.name is not None}
    found = []
    for text in settings.against:
        usual = OpponentEndpoint() if section.models else section.model_copy(update={"answers": None})
        at_hand = sections.get(text)
        if at_hand is not None and at_hand.answers is not None and path is not None:
            found.append(_of_section(at_hand, suite, path.parent, settings))
        else:
            found.append(_of_text(text, at_hand or usual, f"--mtbench-against={text}", settings.cwd, settings))
    return found


def _of_section(section: OpponentEndpoint, suite: SuiteFile, base: Path, settings: Settings) -> _Named:
    if section.answers is None:
        return _of_text(section.name or "", section, suite.at(("against",), section.name or ""), base, settings)
    file = base / section.answers
    what = suite.at(("against", "answers"), section.answers)
    return _Named(section.name or name_in(file, what), section, what, file, section.answers)


def _of_text(text: str, section: OpponentEndpoint, what: str, base: Path, settings: Settings) -> _Named:
    """A name, or a file that stands for the model whose answers it holds."""
    if text.lower().endswith(_FILES):
        return _Named(name_in(base / text, what), section, what, base / text, text)
    folder = settings.answers
    file = answer_file_in(folder, text) if folder is not None and is_folder(folder) else None
    return _Named(text, section, what, file, str(folder) if file else "")


def _label(named: _Named, role: Role, taken: list[str]) -> str:
    """The model's name, or one that says more where another is called so."""
    if named.name not in taken:
        return named.name
    sources = chain([named.source or role.endpoint.url], count(2))
    return next(name for what in sources if (name := f"{named.name} ({what})") not in taken)


def _own_file(settings: Settings, plan: Plan) -> Path | None:
    """Where the answers of the model under test are stored."""
    source = settings.answers
    if source is not None and is_folder(source):
        return answer_file_in(source, plan.model.name)
    return source.resolve() if source is not None else None


def _same(plan: Plan, one: Opponent, other: Opponent) -> bool:
    """Whether two sides have the very same answers: of one file, or to the same requests."""
    if other.file is not None:
        return one.file == other.file
    if one.who.answers is not None:
        return False
    return all(
        plan.answer_request(one.who, q, [], 0) == plan.answer_request(other.who, q, [], 0) for q in plan.selected
    )
