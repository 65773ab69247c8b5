"""The judges of a suite: as the command line or the suite file names them, told apart, each with its price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..domain.endpoint import Role
from ..domain.errors import ConfigError
from ..protocol.prompts import JUDGE_TEMPERATURE
from .endpoints import JudgeEndpoint, JurorEndpoint
from .file import SuiteFile, suggestion
from .prices import Prices
from .schema import SuiteContent
from .settings import Settings


@dataclass(frozen=True)
class NamedJudge:
    """A judge as the command line or the suite file names it."""

    name: str
    section: JudgeEndpoint
    price: Prices | None


def named_judges(file: SuiteFile, settings: Settings, usual: str) -> tuple[NamedJudge, ...]:
    """The judges of a run, in order: one, or several that are a jury.

    Names on the command line replace those of the file; a judge of that name keeps its section there.  Any other one
    takes over the section of a file with a single judge, as the model under test does, and none of a jury's.

    Args:
        usual: the judge where nobody names one.

    Raises:
        ConfigError: the prices of the file are not those of its judges, or a name stands for two of them.
    """
    content = file.content
    problems = list(_price_problems(file, settings))
    if problems:
        raise ConfigError(*problems)
    sections = _sections(content)
    if settings.judge is None:
        named = [(section.name or usual, section) for section in sections]
    else:
        named = [(name, _section_of(name, content)) for name in judge_names(settings.judge, content)]
    one = len(named) == 1
    return tuple(NamedJudge(name, section, _price_of(name, section, content, one=one)) for name, section in named)


def judge_names(given: str, content: SuiteContent) -> list[str]:
    """The names of `--mtbench-judge`; one with a comma in it is a single name where the suite file has such a judge."""
    if given in {section.name for section in _sections(content)}:
        return [given]
    return [name.strip() for name in given.split(",")]


def told_apart(roles: Sequence[Role], file: SuiteFile, settings: Settings) -> tuple[Role, ...]:
    """The judges of a run, each of a jury with a name of its own for results and reports.

    Judges of one name are called after their endpoints too, or after their place where they share the endpoint.

    Raises:
        ConfigError: two are the same judge, who would be asked the very same.
    """
    asked = [_asked(role) for role in roles]
    twice = next((role for number, role in enumerate(roles) if asked.index(_asked(role)) != number), None)
    if twice is not None:
        what = f"{twice.name} at {twice.endpoint.url} is the same judge twice, with the same parameters"
        where = f"--mtbench-judge={settings.judge}: {what}" if settings.judge else file.at(("judge",), what)
        raise ConfigError(f"{where}; a jury needs judges that differ")
    names = Counter(role.name for role in roles)
    places = Counter((role.name, role.endpoint.identity) for role in roles)
    labels: list[str] = []
    for number, role in enumerate(roles, start=1):
        label = role.name
        if names[role.name] > 1:
            alone = places[role.name, role.endpoint.identity] == 1
            label += f" ({role.endpoint.identity})" if alone else f" ({number})"
        labels.append(label if label not in labels else f"{label} ({number})")
    return tuple(replace(role, label=label) for role, label in zip(roles, labels, strict=True))


def check_prices(file: SuiteFile, judges: Sequence[Role]) -> None:
    """Sees to it that a budget knows what each judge costs.

    Raises:
        ConfigError: one has no price.
    """
    if file.content.budget is None:
        return
    missing = next((judge.label for judge in judges if judge.price is None), None)
    if missing is not None:
        raise ConfigError(file.at(("budget",), f"needs a price for each judge; `prices.judge` has none for {missing}"))


def _sections(content: SuiteContent) -> Sequence[JudgeEndpoint]:
    """The judges of the suite file; of one that says nothing of a judge, what holds for any."""
    return content.jury or [content.judge]


def _section_of(name: str, content: SuiteContent) -> JudgeEndpoint:
    own: list[JurorEndpoint] = [section for section in content.jury if section.name == name]
    if len(own) > 1:
        raise ConfigError(f"--mtbench-judge={name}: the suite file has {len(own)} judges of that name; leave one there")
    return own[0] if own else JudgeEndpoint() if content.jury else content.judge


def _price_problems(file: SuiteFile, settings: Settings) -> Iterator[str]:
    """What is wrong with the prices of the judges, seen beside the judges."""
    content, prices = file.content, file.content.prices
    names = [section.name for section in _sections(content) if section.name is not None]
    if content.jury and prices.judge is not None:
        yield file.at(("prices", "judge"), _HOW.format("is one price for several judges"))
    if prices.judges_in_order and len(prices.judges_in_order) != len(_sections(content)):
        counts = f"has {len(prices.judges_in_order)} prices for {len(_sections(content))} judges"
        yield file.at(("prices", "judge"), _HOW.format(counts))
    known = names + (judge_names(settings.judge, content) if settings.judge is not None else [])
    for name in prices.judges_by_name:
        place = ("prices", "judge", name)
        if names.count(name) > 1:
            yield file.at(place, "is the name of several judges; give a list in the order of `judge`")
        elif known and name not in known:
            yield file.at(place, "is no judge of this suite" + suggestion(name, known))


_HOW = "{}; give each its own, as `{{NAME: {{input: ..., output: ...}}}}` or as a list in the order of `judge`"


def _price_of(name: str, section: JudgeEndpoint, content: SuiteContent, *, one: bool) -> Prices | None:
    """A judge's price: by its name, by its place in the file, or the only one where the file has a single judge.

    Args:
        one: whether it judges alone; the price of a file's single judge is then that of the one in its place.
    """
    prices = content.prices
    if prices.judges_by_name:
        return prices.judges_by_name.get(name)
    if content.jury:
        pairs = zip(content.jury, prices.judges_in_order, strict=False)
        return next((price for known, price in pairs if known is section), None)
    only = prices.judge or next(iter(prices.judges_in_order), None)
    return only if one or name == content.judge.name else None


def _asked(role: Role) -> tuple[object, ...]:
    """What makes a judge the one that it is: where and how it is asked."""
    temperature = JUDGE_TEMPERATURE if role.temperature is None else role.temperature
    return (
        role.name, role.endpoint.identity, role.endpoint.headers, temperature, role.max_tokens, dict(role.extra_body),
        role.answer_from,
    )  # fmt: skip
