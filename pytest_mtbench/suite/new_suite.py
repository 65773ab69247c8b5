"""A suite file to begin with, which says what may stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from .. import demo
from ..domain.errors import ConfigError
from ..untrusted.redaction import userinfo
from .choices import DEFAULT_JUDGE, DEFAULT_QUESTIONS, DEFAULT_URL
from .settings import Settings

_WRITTEN = ("model", "base_url", "judge", "judge_base_url", "questions", "minimums")


def new_suite(settings: Settings, name: str) -> str:
    """The text of a suite file.

    Args:
        settings: the command line, whose model, judge, endpoints, question set and thresholds it takes over.
        name: how a command line calls for it.

    Raises:
        ConfigError: an option was given that it does not hold.
    """
    problems = [
        f"--mtbench-init does not write {_option(one)}; leave it out, and give it to the runs that need it"
        for one in _beside(settings)
    ]
    problems += [
        f"{_option(one)}: holds a user or a password, which --mtbench-init writes into no file; leave it out, and add "
        "`headers: {Authorization: Basic env:NAME}`"
        for one in ("base_url", "judge_base_url")
        if userinfo(getattr(settings, one) or "")
    ]
    if problems:
        raise ConfigError(*problems)
    import jinja2  # here: it is slow to import, and nothing else of a run needs it

    template = jinja2.Template(
        Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    stands_in = settings.model in demo.MODELS and settings.base_url is None
    minimums = dict(settings.minimums)
    text: str = template.render(
        file=name,
        model=_scalar(settings.model or "my-model"),
        base_url=settings.base_url and _scalar(settings.base_url),
        judge=_scalar(settings.judge or (demo.JUDGE if stands_in else DEFAULT_JUDGE)),
        judge_base_url=_judge_url(settings),
        questions=_scalar(settings.questions or (demo.QUESTIONS if stands_in else DEFAULT_QUESTIONS)),
        overall=minimums.pop("overall", None),
        turns=[(key, minimums.pop(f"turn{key}")) for key in (1, 2) if f"turn{key}" in minimums],
        categories=[(_scalar(key), score) for key, score in minimums.items()],
    )
    return text


def _beside(settings: Settings) -> Iterator[str]:
    """The fields of the command line that say something which no suite file begins with."""
    usual = replace(Settings(settings.rootdir, settings.cwd), **{name: getattr(settings, name) for name in _WRITTEN})
    for field in fields(Settings):
        if getattr(settings, field.name) != getattr(usual, field.name):
            yield field.name
    if settings.judge is not None and "," in settings.judge:
        yield "judge"


def _option(name: str) -> str:
    named = {"reports": "report", "rate_sheets": "rate-sheet", "judge": "judge of several names"}
    return f"--mtbench-{named.get(name, name.replace('_', '-'))}"


def _judge_url(settings: Settings) -> str | None:
    """Named wherever the model's is: the judge is seldom served where a model of one's own is."""
    if settings.judge_base_url is None and settings.base_url is not None:
        return DEFAULT_URL
    return settings.judge_base_url and _scalar(settings.judge_base_url)


def _scalar(value: str) -> str:
    """A text as YAML writes it, in quotes where it would be read as something else."""
    import yaml

    return (
        yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True).removesuffix("\n...\n").strip()
    )
