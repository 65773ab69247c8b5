"""Options and a suite file -> one `SuiteRun`, each value with where it came from.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .client import Endpoint, public_url
from .errors import ConfigError
from .gates import GateSpec
from .model import Question, QuestionSet
from .plan import CacheMode, Plan, Role
from .prompts import ANSWER_MAX_TOKENS, JUDGE_MAX_TOKENS
from .questions import load_questions
from .suite import JudgeEndpoint, ModelEndpoint, PriceList, Prices, SuiteFile, suggestion

DEFAULT_JUDGE = "gpt-4o"
DEFAULT_QUESTIONS = "mt_bench"
DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_CONCURRENCY = 16

_T = TypeVar("_T")


@dataclass(frozen=True)
class Options:
    """What the command line says; None where it says nothing.

    Args:
        minimums: thresholds by key.
        shard: this share and the number of shares.
        rootdir, cwd: what relative paths start from.
    """

    rootdir: Path
    cwd: Path
    model: str | None = None
    base_url: str | None = None
    judge: str | None = None
    judge_base_url: str | None = None
    questions: str | None = None
    minimums: tuple[tuple[str, float], ...] = ()
    runs: int | None = None
    judge_repeats: int | None = None
    limit: int | None = None
    shard: tuple[int, int] | None = None
    concurrency: int | None = None
    judge_concurrency: int | None = None
    timeout: float = 120.0
    retries: int = 8
    cache: CacheMode = "all"
    cache_dir: Path | None = None
    revision: str = ""
    dry_run: bool = False
    reports: tuple[Path, ...] = ()
    export: Path | None = None
    answers: Path | None = None
    merge: tuple[Path, ...] = ()

    @property
    def cache_folder(self) -> Path:
        """Where replies are kept."""
        return self.cwd / self.cache_dir if self.cache_dir else self.rootdir / ".mtbench_cache"


@dataclass(frozen=True)
class SuiteRun:
    """One suite, resolved.

    Args:
        gates: the thresholds as gates, in the order of the table.
        floor: the least score of a single turn by category.
        shown: label, value and source of what is not a default, for the header.
        path: the suite file, or None for the built-in suite.
    """

    plan: Plan
    gates: tuple[GateSpec, ...]
    floor: Mapping[str, float]
    shown: tuple[tuple[str, str, str], ...]
    path: Path | None = None
    remarks: tuple[str, ...] = ()


def resolve(key: str, suite: SuiteFile, path: Path | None, options: Options, environ: Mapping[str, str]) -> SuiteRun:
    """Puts command line, suite file and defaults together.

    Args:
        key: node id of the suite.
        suite: the suite file, or an empty one.
        path: where it stands; relative paths in it start there.

    Raises:
        ConfigError: everything that is wrong, at once.
    """
    said = _Said(suite.name)
    content = suite.suite
    set_name = said.first("questions", options.questions, content.questions, DEFAULT_QUESTIONS)
    from_file = path is not None and options.questions is None
    questions = load_questions(
        set_name,
        relative_to=path.parent if path is not None and from_file else options.cwd,
        references=path.parent / content.references if path and content.references else None,
        environ=environ,
    )
    selected, problems = _select(questions, suite, options)
    gates, floor = _gates(questions, suite, options, problems)
    if problems:
        raise ConfigError(*problems)
    model = _model(said, content.model, content.prices, options, environ, content.concurrency.model)
    judge = _judge(said, content.judge, content.prices, options, environ, content.concurrency.judge, model)
    plan = Plan(
        key=key,
        questions=questions,
        selected=selected,
        model=model,
        judge=judge,
        system_prompt=content.model.system_prompt,
        runs=said.first("runs", options.runs, content.runs, 1),
        repeats=said.first("judge-repeats", options.judge_repeats, content.judge.repeats, 1),
        revision=said.first("revision", options.revision or None, None, ""),
        budget=said.first("budget", None, content.budget, None),
    )
    said.first("limit", options.limit, None, 0)
    said.first("cache", None if options.cache == "all" else options.cache, None, "all")
    return SuiteRun(plan, gates, floor, tuple(said.shown), path, _remarks(options))


def check_keys(run: SuiteRun, options: Options, *, generated: bool) -> None:
    """Whether every remote endpoint that may be asked has a key.

    Args:
        generated: a user's own hook answers instead of the model.

    Raises:
        ConfigError: a key is missing.
    """
    if options.cache == "only" or options.dry_run or options.merge:
        return
    roles = [(run.plan.judge, "MTBENCH_JUDGE_API_KEY or OPENAI_API_KEY")]
    if not generated and not options.answers:
        roles.insert(0, (run.plan.model, "OPENAI_API_KEY"))
    problems = [
        f"no key for {role.name} at {role.endpoint.url}: set {variables}, or name another variable with api_key_env "
        "in the suite file"
        for role, variables in roles
        if not role.endpoint.loopback and not role.endpoint.api_key
    ]
    if problems:
        raise ConfigError(*problems)


class _Said:
    """Which value counts, and what the header says of it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.shown: list[tuple[str, str, str]] = []

    def first(self, name: str, option: _T | None, from_file: _T | None, default: _T, shown: str | None = None) -> _T:
        """Command line, then suite file, then default."""
        for value, source in ((option, f"--mtbench-{name}"), (from_file, self._file)):
            if value is not None:
                if value != default:
                    self.shown.append((name, shown or str(value), source))
                return value
        return default


def _model(
    said: _Said,
    section: ModelEndpoint,
    prices: PriceList,
    options: Options,
    environ: Mapping[str, str],
    limit: int | None,
) -> Role:
    name = said.first("model", options.model, section.name, "")
    if not name:
        raise ConfigError("no model: name it with --mtbench-model or `model:` in the suite file")
    ambient = environ.get("OPENAI_BASE_URL") or None
    url = _url(said, "base-url", options.base_url, section.base_url, ambient or DEFAULT_URL)
    if ambient and not options.base_url and not section.base_url:
        said.shown.append(("base-url", public_url(ambient), "OPENAI_BASE_URL"))
    variable = section.api_key_env or ("AZURE_OPENAI_API_KEY" if section.azure else "OPENAI_API_KEY")
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(url),
            connect_url=url,
            api_key=environ.get(variable, ""),
            option="--mtbench-base-url",
            azure=(section.azure.api_version, section.azure.deployment) if section.azure else None,
            timeout=options.timeout,
            retries=options.retries,
        ),
        temperature=section.temperature,
        max_tokens=section.max_tokens or ANSWER_MAX_TOKENS,
        extra_body=section.extra_body,
        price=_price(prices.model),
        limit=said.first("concurrency", options.concurrency, limit, DEFAULT_CONCURRENCY),
    )


def _judge(
    said: _Said,
    section: JudgeEndpoint,
    prices: PriceList,
    options: Options,
    environ: Mapping[str, str],
    limit: int | None,
    model: Role,
) -> Role:
    same = model.endpoint.connect_url
    url = _url(said, "judge-base-url", options.judge_base_url, section.base_url, same)
    # The model's endpoint is the model's key's and the model's API's; another one gets neither.
    shared = url == same
    azure = (section.azure.api_version, section.azure.deployment) if section.azure else None
    key = environ.get(section.api_key_env) if section.api_key_env else environ.get("MTBENCH_JUDGE_API_KEY")
    if not key and not section.api_key_env:
        key = model.endpoint.api_key if shared else environ.get("OPENAI_API_KEY")
    return Role(
        name=said.first("judge", options.judge, section.name, DEFAULT_JUDGE),
        endpoint=Endpoint(
            url=public_url(url),
            connect_url=url,
            api_key=key or "",
            option="--mtbench-judge-base-url" if not shared else "--mtbench-base-url",
            azure=azure or (model.endpoint.azure and (model.endpoint.azure[0], None) if shared else None),
            timeout=options.timeout,
            retries=options.retries,
        ),
        temperature=section.temperature,
        max_tokens=section.max_tokens or JUDGE_MAX_TOKENS,
        extra_body=section.extra_body,
        price=_price(prices.judge),
        limit=said.first("judge-concurrency", options.judge_concurrency, limit, DEFAULT_CONCURRENCY),
    )


def _url(said: _Said, name: str, option: str | None, from_file: str | None, default: str) -> str:
    shown = public_url(option or from_file or default)
    return said.first(name, option, from_file, default, shown).rstrip("/")


def _price(prices: Prices | None) -> tuple[float, float] | None:
    return (prices.input, prices.output) if prices else None


def _select(questions: QuestionSet, suite: SuiteFile, options: Options) -> tuple[tuple[Question, ...], list[str]]:
    wanted = suite.suite.categories
    problems = [
        suite.at(("categories", str(n)), _unknown_category(name, questions))
        for n, name in enumerate(wanted)
        if name not in questions.categories
    ]
    selected = [q for q in questions.questions if not wanted or q.category in wanted]
    if options.limit is not None:
        counts: dict[str, int] = {}
        kept = []
        for question in selected:
            counts[question.category] = counts.get(question.category, 0) + 1
            kept += [question] if counts[question.category] <= options.limit else []
        selected = kept
    if options.shard is not None:
        share, shares = options.shard
        selected = [question for n, question in enumerate(selected) if n % shares == share - 1]
    return tuple(selected), problems


def _gates(
    questions: QuestionSet, suite: SuiteFile, options: Options, problems: list[str]
) -> tuple[tuple[GateSpec, ...], Mapping[str, float]]:
    thresholds = suite.suite.thresholds
    known = [name for name in questions.categories if not suite.suite.categories or name in suite.suite.categories]
    turns = [f"turn{n}" for n in range(1, max((len(q.turns) for q in questions.questions), default=0) + 1)]
    minimums: dict[str, float] = dict(thresholds.categories)
    minimums |= {f"turn{turn}": score for turn, score in thresholds.turns.items()}
    minimums |= {"overall": thresholds.overall} if thresholds.overall is not None else {}
    places = {name: ("thresholds", "categories", name) for name in thresholds.categories}
    problems += [
        suite.at(place, _unknown_category(name, questions, known))
        for name, place in places.items()
        if name not in known
    ]
    problems += [
        suite.at(("thresholds", "floor", name), _unknown_category(name, questions, known))
        for name in thresholds.floor
        if name not in (*known, "default")
    ]
    problems += [
        f"--mtbench-min={name}={score:g}: no such key" + suggestion(name, [*known, *turns, "overall"])
        for name, score in options.minimums
        if name not in (*known, *turns, "overall")
    ]
    minimums |= dict(options.minimums)
    if options.shard is not None:
        return (), thresholds.floor  # a share is a part, and no gate passes on a part
    specs: list[GateSpec] = []
    for name in (*known, *turns, "overall"):
        if name in minimums:
            kind: Any = "overall" if name == "overall" else "turn" if name in turns else "category"
            specs.append(GateSpec(name, kind, minimums[name], thresholds.rule, thresholds.max_unscored))
    return tuple(specs), thresholds.floor


def _unknown_category(name: str, questions: QuestionSet, selected: Sequence[str] | None = None) -> str:
    known = questions.categories if selected is None else selected
    where = "selected" if name in questions.categories else f"of {questions.name}"
    return f"no category {name!r} among those {where}" + suggestion(name, known)


def _remarks(options: Options) -> tuple[str, ...]:
    remarks = []
    if options.limit is not None:
        remarks.append(f"only the first {options.limit} questions of each category were asked (--mtbench-limit)")
    if options.shard is not None:
        share, shares = options.shard
        remarks.append(f"share {share} of {shares}: no gate is decided before --mtbench-merge joins the shares")
    return tuple(remarks)
