"""Options and a suite file -> one `SuiteRun`, each value with where it came from.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from . import demo
from .client import Endpoint, public_url
from .errors import ConfigError
from .gates import GateSpec
from .plan import CacheMode, Plan, Role
from .prompts import ANSWER_MAX_TOKENS, JUDGE_MAX_TOKENS
from .questions import load_questions
from .suite import JudgeEndpoint, ModelEndpoint, PriceList, Prices, Suite, SuiteFile
from .thresholds import gates_of, select

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
    base_url: str | None = field(default=None, repr=False)
    judge: str | None = None
    judge_base_url: str | None = field(default=None, repr=False)
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
    if options.shard is not None and options.merge:
        raise ConfigError(
            "--mtbench-shard and --mtbench-merge exclude each other: a share is run, or shares are joined"
        )
    said = _Said(suite.name)
    content = suite.suite
    standing_in = _is_demo(options.model or content.model.name, options.base_url or content.model.base_url)
    usual_set = demo.QUESTIONS if standing_in else DEFAULT_QUESTIONS
    set_name = said.first("questions", options.questions, content.questions, usual_set)
    if standing_in and set_name != demo.QUESTIONS:
        raise ConfigError(f"model demo answers the question set {demo.QUESTIONS} alone, not {set_name}")
    from_file = path is not None and options.questions is None
    questions = load_questions(
        set_name,
        relative_to=path.parent if path is not None and from_file else options.cwd,
        references=path.parent / content.references if path and content.references else None,
        environ=environ,
    )
    selected, problems = select(questions, suite, options.limit, options.shard)
    gates, floor = gates_of(questions, suite, options.minimums, problems)
    if options.shard is not None:
        gates = ()  # a share is a part, and no gate passes on a part
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
    _show_the_rest(said, content, options)
    remarks = _remarks(options)
    if demo.URL in (model.endpoint.url, judge.endpoint.url):
        said.shown.append(("demo", "a stand-in, not a language model", "built in"))
        remarks = (demo.NOTICE, *remarks)
    return SuiteRun(plan, gates, floor, tuple(said.shown), path, remarks)


def check_keys(run: SuiteRun, options: Options, *, generated: bool) -> None:
    """Whether every remote endpoint that may be asked has a key.

    Args:
        generated: a user's own hook answers instead of the model.

    Raises:
        ConfigError: a key is missing.
    """
    if options.cache == "only" or options.dry_run or options.merge:
        return
    # Where answers exist already their judgments may too; the client refuses to ask without a key in any case.
    roles = [] if options.answers else [run.plan.judge] if generated else [run.plan.model, run.plan.judge]
    problems = [
        f"no key for {role.name} at {role.endpoint.url}: set {role.endpoint.key_variable}, or name another variable "
        "with api_key_env in the suite file"
        for role in roles
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
    usual = demo.URL if name in demo.MODELS else ambient or DEFAULT_URL
    url = _url(said, "base-url", options.base_url, section.base_url, usual)
    if ambient and usual == ambient and not options.base_url and not section.base_url:
        said.shown.append(("base-url", public_url(ambient), "OPENAI_BASE_URL"))
    variable = section.api_key_env or ("AZURE_OPENAI_API_KEY" if section.azure else "OPENAI_API_KEY")
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(url),
            connect_url=url,
            api_key=_key(environ, variable),
            option="--mtbench-base-url",
            key_variable=variable,
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
    usual_judge = demo.JUDGE if same == demo.URL else DEFAULT_JUDGE
    name = said.first("judge", options.judge, section.name, usual_judge)
    if name == demo.JUDGE:
        same = demo.URL
    url = _url(said, "judge-base-url", options.judge_base_url, section.base_url, same)
    # The model's endpoint is the model's key's and the model's API's; another one gets neither.
    shared = url == model.endpoint.connect_url
    azure = (section.azure.api_version, section.azure.deployment) if section.azure else None
    otherwise = "AZURE_OPENAI_API_KEY" if azure else "OPENAI_API_KEY"
    if section.api_key_env:
        variable, key = section.api_key_env, _key(environ, section.api_key_env)
    else:
        variable = f"MTBENCH_JUDGE_API_KEY or {model.endpoint.key_variable if shared else otherwise}"
        key = _key(environ, "MTBENCH_JUDGE_API_KEY")
        key = key or (model.endpoint.api_key if shared else _key(environ, otherwise))
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(url),
            connect_url=url,
            api_key=key,
            option="--mtbench-judge-base-url" if not shared else "--mtbench-base-url",
            key_variable=variable,
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


def _key(environ: Mapping[str, str], variable: str) -> str:
    """A key from the environment, without the line break that a CI's secret often ends in.

    Raises:
        ConfigError: it holds a character that no HTTP header takes; the key is not shown.
    """
    key = environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{variable}: holds characters that no key has (only printable ASCII can be sent)")
    return key


def _is_demo(model: str | None, base_url: str | None) -> bool:
    return model in demo.MODELS and base_url is None


def _url(said: _Said, name: str, option: str | None, from_file: str | None, default: str) -> str:
    shown = public_url(option or from_file or default)
    return said.first(name, option, from_file, default, shown).rstrip("/")


def _price(prices: Prices | None) -> tuple[float, float] | None:
    return (prices.input, prices.output) if prices else None


def _show_the_rest(said: _Said, content: Suite, options: Options) -> None:
    """What the header says of values that no other place resolves."""
    chosen = content.thresholds
    said.first("limit", options.limit, None, 0)
    said.first("shard", options.shard, None, None, shown="/".join(map(str, options.shard or ())))
    said.first("cache", None if options.cache == "all" else options.cache, None, "all")
    said.first("cache-dir", options.cache_dir, None, None)
    said.first("timeout", options.timeout, None, 120.0, shown=f"{options.timeout:g}")
    said.first("retries", options.retries, None, 8)
    said.first("categories", None, content.categories or None, None, shown=", ".join(content.categories))
    said.first("references", None, content.references, None)
    said.first("rule", None, chosen.rule, "mean")
    for key, score in options.minimums:
        said.first("min", f"{key}={score:g}", None, None)


def _remarks(options: Options) -> tuple[str, ...]:
    remarks = []
    if options.limit is not None:
        remarks.append(f"only the first {options.limit} questions of each category were asked (--mtbench-limit)")
    if options.shard is not None:
        share, shares = options.shard
        remarks.append(f"share {share} of {shares}: no gate is decided before --mtbench-merge joins the shares")
    return tuple(remarks)
