"""Command line, suite file, environment and defaults -> each value that counts, with where it came from.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from .. import demo
from ..domain.errors import ConfigError
from ..untrusted.urls import is_url, public_url
from .file import SuiteFile
from .judges import NamedJudge, named_judges
from .schema import BaselineSection
from .settings import Settings

DEFAULT_QUESTIONS = "mt_bench"
DEFAULT_JUDGE = "gpt-4o"
DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_CONCURRENCY = 16
AMBIENT_URL = "OPENAI_BASE_URL"
"""The variable that the openai client itself reads."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Setting(Generic[_T]):
    """A value that counts, and where it came from.

    Args:
        name: how the header calls it.
        source: the option, file or variable that says it; empty where nothing does.
        text: how the header shows it, where that is not the value itself.
    """

    name: str
    value: _T = field(repr=False)
    default: _T = field(repr=False)
    source: str = ""
    text: str = ""

    @property
    def is_given(self) -> bool:
        """Whether anything says it, be it the default's value."""
        return bool(self.source)

    @property
    def shown(self) -> tuple[str, str, str] | None:
        """Label, value and source for the header, or None for a default, which is not shown."""
        if not self.source or self.value == self.default:
            return None
        return self.name, self.text or str(self.value), self.source


@dataclass(frozen=True)
class Precedence:
    """The one place that knows it: command line, then suite file, then environment, then default.

    Args:
        file: how the header calls the suite file.
    """

    file: str

    def setting(
        self, name: str, option: _T | None, in_file: _T | None, default: _T, ambient: _T | None = None
    ) -> Setting[_T]:
        """The value that counts.

        Args:
            name: the option without `--mtbench-`.
            ambient: what the environment says.
        """
        for value, source in ((option, f"--mtbench-{name}"), (in_file, self.file), (ambient, AMBIENT_URL)):
            if value is not None:
                return Setting(name, value, default, source)
        return Setting(name, default, default)


@dataclass(frozen=True)
class Choices:
    """Every value of a suite that command line and file may say, in the order of the header.

    Args:
        judge: the judge's name, or those of a jury together; `judges`: each of them, with where it is asked.
        baseline: the file as the user named it; empty where there is none.
        rest: what only the header asks for.
    """

    questions: Setting[str]
    model: Setting[str]
    base_url: Setting[str]
    concurrency: Setting[int]
    judge: Setting[str]
    judges: tuple[tuple[NamedJudge, Setting[str]], ...]
    judge_base_url: Setting[str]
    judge_concurrency: Setting[int]
    runs: Setting[int]
    judge_repeats: Setting[int]
    revision: Setting[str]
    budget: Setting[float | None]
    baseline: Setting[str]
    rest: tuple[Setting[Any], ...]

    def header(self, compared: tuple[Setting[Any], ...]) -> Iterator[tuple[str, str, str]]:
        """Label, value and source of what is not a default.

        Args:
            compared: what the answers are compared with: the baseline, or other models.
        """
        before: tuple[Setting[Any], ...] = (
            self.questions, self.model, self.base_url, self.concurrency, self.judge, self.judge_base_url,
            self.judge_concurrency, self.runs, self.judge_repeats, self.revision, self.budget,
        )  # fmt: skip
        for setting in (*before, *compared, *self.rest):
            if setting.shown is not None:
                yield setting.shown


def choose(suite: SuiteFile, settings: Settings, environ: Mapping[str, str], *, needs_model: bool = True) -> Choices:
    """Puts command line, suite file, environment and defaults together.

    Args:
        needs_model: False where the judge alone is put to the test.

    Raises:
        ConfigError: no model is named, or the environment's URL is none.
    """
    pick, content = Precedence(suite.name).setting, suite.content
    limits = content.concurrency
    model = pick("model", settings.model, content.model.name, "")
    if not model.value and needs_model:
        raise ConfigError(f"{suite.name}: names no model; add `model:` to it, or give --mtbench-model=NAME")
    base_url = _model_url(suite, settings, environ, model.value)
    judges = named_judges(suite, settings, _usual_judge(base_url.value))
    judge_urls = [_judge_url(judge, suite, settings, base_url.value) for judge in judges]
    in_file = " + ".join(section.name for section in content.jury) or content.judge.name
    # Where each of a jury is asked stands in another line of the header, unless it is one place for all.
    several = pick("judge-base-url", settings.judge_base_url, None, base_url.value)
    repeats = content.jury[0].repeats if content.jury else content.judge.repeats  # the same for each of a jury
    baseline = settings.baseline.text if settings.baseline else None
    return Choices(
        questions=pick("questions", settings.questions, content.questions, _usual_questions(suite, settings)),
        model=model,
        base_url=base_url,
        concurrency=pick("concurrency", settings.concurrency, limits.model, DEFAULT_CONCURRENCY),
        judge=pick("judge", settings.judge, in_file, _usual_judge(base_url.value)),
        judges=tuple(zip(judges, judge_urls, strict=True)),
        judge_base_url=judge_urls[0] if len(judges) == 1 else _shown_safely(several),
        judge_concurrency=pick("judge-concurrency", settings.judge_concurrency, limits.judge, DEFAULT_CONCURRENCY),
        runs=pick("runs", settings.runs, content.runs, 1),
        judge_repeats=pick("judge-repeats", settings.judge_repeats, repeats, 1),
        revision=pick("revision", settings.revision or None, None, Settings.revision),
        budget=pick("budget", None, content.budget, None),
        baseline=pick("baseline", baseline, content.baseline.file, ""),
        rest=(*_of_the_command_line(settings), *_of_the_file(suite, settings), *_minimums(settings)),
    )


def stands_in(suite: SuiteFile, settings: Settings) -> bool:
    """Whether the model under test is the demo's: it is called so, and no endpoint is named."""
    content = suite.content.model
    elsewhere = settings.base_url or content.base_url or content.generate
    return (settings.model or content.name) in demo.MODELS and not elsewhere


def _usual_questions(suite: SuiteFile, settings: Settings) -> str:
    return demo.QUESTIONS if stands_in(suite, settings) else DEFAULT_QUESTIONS


def _usual_judge(model_url: str) -> str:
    return demo.JUDGE if model_url == demo.URL else DEFAULT_JUDGE


def _model_url(suite: SuiteFile, settings: Settings, environ: Mapping[str, str], model: str) -> Setting[str]:
    ambient = environ.get(AMBIENT_URL) or None
    if ambient and not is_url(ambient):
        raise ConfigError(f"{AMBIENT_URL}: must be a URL such as http://localhost:8000/v1")
    pick, in_file = Precedence(suite.name).setting, suite.content.model.base_url
    if suite.content.model.generate is not None:
        if settings.base_url is not None:
            raise ConfigError(
                suite.at(("model", "generate"), "answers, and --mtbench-base-url names an endpoint; leave one out")
                + " (the judge's endpoint is --mtbench-judge-base-url)"
            )
        usual = ambient or DEFAULT_URL  # of those that say nothing else: the judge, and models to compare with
        return _shown_safely(Setting("base-url", usual, usual))
    if model in demo.MODELS:
        return _shown_safely(pick("base-url", settings.base_url, in_file, demo.URL))
    return _shown_safely(pick("base-url", settings.base_url, in_file, DEFAULT_URL, ambient))


def _judge_url(judge: NamedJudge, suite: SuiteFile, settings: Settings, model_url: str) -> Setting[str]:
    beside = demo.URL if judge.name == demo.JUDGE else model_url
    pick = Precedence(suite.name).setting
    return _shown_safely(pick("judge-base-url", settings.judge_base_url, judge.section.base_url, beside))


def _shown_safely(url: Setting[str]) -> Setting[str]:
    """A URL without the slash at its end, shown without user, password and query."""
    return replace(url, value=url.value.rstrip("/"), text=public_url(url.value))


def _of_the_command_line(settings: Settings) -> Iterator[Setting[Any]]:
    """What no suite file can say."""
    share = "/".join(map(str, settings.shard or ()))
    cache_dir = settings.cache_dir.text if settings.cache_dir else None
    said: tuple[tuple[str, object, object, str], ...] = (
        ("answers", settings.answers, None, ""),
        ("merge", settings.merge, (), ", ".join(named.shown for named in settings.merge)),
        ("limit", settings.limit, None, ""),
        ("shard", settings.shard, None, share),
        ("cache", settings.cache, Settings.cache, ""),
        ("cache-dir", cache_dir, None, ""),
        ("timeout", settings.timeout, Settings.timeout, f"{settings.timeout:g}"),
        ("retries", settings.retries, Settings.retries, ""),
    )
    for name, value, default, text in said:
        if value != default:
            yield Setting(name, value, default, f"--mtbench-{name}", text)


def _of_the_file(suite: SuiteFile, settings: Settings) -> Iterator[Setting[Any]]:
    """What the command line cannot say."""
    content = suite.content
    pick = Precedence(suite.name).setting
    yield pick("generate", None, content.model.generate, None)
    if content.categories:
        yield Setting("categories", content.categories, [], suite.name, ", ".join(content.categories))
    yield pick("references", None, content.references, None)
    if content.reference_categories is not None:
        names = ", ".join(content.reference_categories) or "none"
        yield Setting("reference_categories", content.reference_categories, None, suite.name, names)
    yield pick("rule", None, content.thresholds.rule, "mean")
    if content.baseline.file or settings.baseline:
        usual = BaselineSection()
        for name in ("margin", "alpha", "looks", "category_drop", "sentinel", "on_inconclusive"):
            value = getattr(content.baseline, name)
            yield Setting(f"baseline.{name}", value, getattr(usual, name), suite.name)


def _minimums(settings: Settings) -> Iterator[Setting[Any]]:
    for key, score in settings.minimums:
        yield Setting("min", f"{key}={score:g}", None, "--mtbench-min")
