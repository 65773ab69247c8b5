"""The command line: option definitions, and pytest's config -> `Settings`.

Imported at every start of pytest, so it imports nothing but pytest, the standard library and `untrusted`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..untrusted.paths import is_file
from ..untrusted.text import no_command, printable
from . import option_types

if TYPE_CHECKING:
    from ..domain.errors import ConfigError
    from ..suite.settings import Settings

VIRTUAL = "mtbench"
"""The node id under which items appear where there is no suite file."""

_NAMES = (
    "model", "base-url", "judge", "judge-base-url", "questions", "min", "against", "baseline", "report", "export",
    "answers", "shard", "merge", "runs", "judge-repeats", "limit", "concurrency", "judge-concurrency", "timeout",
    "retries", "cache", "cache-dir", "revision", "dry-run", "people", "rate-sheet", "no-github",
)  # fmt: skip
CACHE_MODES = ("all", "judgments", "refresh", "off", "only")
_MOST_LINES = 50
_LONGEST_LINE = 1000


def add_options(parser: pytest.Parser) -> None:
    """Defines every option of the plugin; none has a default but None, so that the source of a value is known."""
    group = parser.getgroup("mtbench", "MT-Bench: gate on a chat model's answers")

    def add(name: str, metavar: str | None, help_text: str, **more: Any) -> None:
        if metavar is not None:
            more["metavar"] = metavar
        group.addoption(f"--mtbench-{name}", dest=_dest(name), default=None, help=help_text, **more)

    add("model", "NAME", "switch the plugin on: the model under test", type=option_types.text)
    add(
        "base-url",
        "URL",
        "OpenAI-compatible endpoint of the model (default: the openai client's own)",
        type=option_types.url,
    )
    add(
        "judge",
        "NAME",
        "the judge (default: gpt-4o); several with commas between them are a jury",
        type=option_types.judges,
    )
    add("judge-base-url", "URL", "endpoint of the judge (default: the model's)", type=option_types.url)
    add(
        "questions",
        "NAME|DIR",
        "question set, or a folder in FastChat's layout (default: mt_bench)",
        type=option_types.text,
    )
    add(
        "suite",
        "FILE",
        "the suite file (default: mtbench.yaml in the rootdir, where there is one)",
        type=option_types.path,
    )
    add(
        "min",
        "[KEY=]SCORE",
        "a threshold, repeatable: 7.5, math=6, turn2=7; with --mtbench-against a win rate: 0.5",
        action="append",
        type=option_types.minimum,
    )
    add(
        "against",
        "NAME",
        "pairwise against this model instead of single grading; several with commas between them; a file of answers "
        "(.jsonl, .json) stands for the model that gave them",
        type=option_types.names,
    )
    add("baseline", "FILE", "gate on regression against this JSON report", type=option_types.path)
    add(
        "report",
        "FILE",
        "write a report, repeatable: .html, .json, .jsonl, .md",
        action="append",
        type=option_types.report,
    )
    add(
        "people",
        "FILE",
        "what people think of the answers, repeatable (.jsonl, .json, .csv): adds gate[agreement]; without a model the "
        "judge is put to the test on the texts in the file",
        action="append",
        type=option_types.path,
    )
    add(
        "rate-sheet",
        "FILE",
        "write a blinded sample of this run's answers for people, repeatable: .html, .csv",
        action="append",
        type=option_types.rate_sheet,
    )
    add("export", "DIR", "write answers and judgments in FastChat's layout", type=option_types.path)
    add(
        "answers",
        "FILE|DIR",
        "grade answers that exist already (FastChat's layout or a JSON report)",
        type=option_types.path,
    )
    add("shard", "I/N", "only one share of the questions", type=option_types.shard)
    add(
        "merge",
        "FILE|DIR|GLOB",
        "join the JSON reports of shares and gate on the whole, repeatable; a folder stands for all below it",
        action="append",
        type=option_types.path,
    )
    add("runs", "K", "answer every question K times (default: 1)", type=option_types.repeats)
    add("judge-repeats", "K", "judge every answer K times (default: 1)", type=option_types.repeats)
    add("limit", "N", "only the first N questions of each category", type=option_types.count)
    add("concurrency", "N", "requests in flight to the model (default: 16)", type=option_types.count)
    add("judge-concurrency", "N", "requests in flight to the judge (default: 16)", type=option_types.count)
    add("timeout", "S", "seconds for one request (default: 120)", type=option_types.seconds)
    add("retries", "N", "tries after the first (default: 8)", type=option_types.whole)
    add(
        "cache",
        None,
        "all; judgments: answer anew, reuse judgments; refresh: ask anew; off; only: a miss is an error (default: all)",
        choices=CACHE_MODES,
    )
    add("cache-dir", "DIR", "the cache's folder (default: .mtbench_cache in the rootdir)", type=option_types.path)
    add("revision", "TEXT", "names what is served behind the model's name; part of the cache key")
    add(
        "dry-run",
        None,
        "print what would be called and what that costs; call nothing",
        action="store_true",
    )
    add(
        "init",
        None,
        "write a commented suite file, mtbench.yaml or that of --mtbench-suite, and ask nothing",
        action="store_true",
    )
    add(
        "no-github",
        None,
        "under GitHub Actions: no annotations, and nothing in the step's summary",
        action="store_true",
    )


def settings_from(config: pytest.Config) -> Settings:
    """What the command line says, each path absolute."""
    from ..suite.settings import GivenPath, Settings
    from .shares import shares_of

    cwd = config.invocation_params.dir
    said = {_field(name): config.getoption(_dest(name)) for name in _NAMES}
    said = {name: value for name, value in said.items() if value is not None}
    for name in ("export", "answers"):
        if name in said:
            said[name] = cwd / said[name]
    for name in ("baseline", "cache_dir"):
        if name in said:
            said[name] = GivenPath(str(said[name]), cwd / said[name])
    said["merge"] = shares_of(said.get("merge", ()), cwd, of_a_share="shard" in said, tests=config.args)
    said["people"] = tuple(GivenPath(str(path), cwd / path) for path in said.get("people", ()))
    said["rate_sheets"] = tuple(cwd / path for path in said.pop("rate_sheet", ()))
    return Settings(
        rootdir=config.rootpath,
        cwd=cwd,
        reports=tuple(cwd / path for path in said.pop("report", ())),
        minimums=tuple(said.pop("min", ())),
        **said,
    )


def model_option(config: pytest.Config) -> str | None:
    """The value of `--mtbench-model`."""
    model: str | None = config.getoption(_dest("model"))
    return model


def judges_alone(config: pytest.Config) -> bool:
    """Whether there are people's votes and no model under test: the judge is put to the test."""
    return bool(config.getoption(_dest("people"))) and model_option(config) is None


def begins(config: pytest.Config) -> bool:
    """Whether a suite file is to be written and nothing run."""
    return bool(config.getoption(_dest("init")))


def suite_given(config: pytest.Config) -> Path | None:
    """The value of `--mtbench-suite`."""
    named: Path | None = config.getoption(_dest("suite"))
    return named


def suite_option(config: pytest.Config) -> Path | None:
    """The file of `--mtbench-suite`.

    Raises:
        pytest.UsageError: it does not exist.
    """
    named = suite_given(config)
    if named is None:
        return None
    path = absolute(config.invocation_params.dir / named)
    if not is_file(path):
        raise pytest.UsageError(f"--mtbench-suite={named}: no such file")
    return path


def plans_only(config: pytest.Config) -> bool:
    """Whether pytest only tells what it would run: `--collect-only`, `--setup-plan`."""
    return bool(config.getoption("collectonly") or config.getoption("setupplan", False))


def runs_items(session: pytest.Session) -> bool:
    """Whether pytest goes on from its collection to run what it found."""
    failed = session.testsfailed and not session.config.getoption("continue_on_collection_errors")
    return not (plans_only(session.config) or failed)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def absolute(path: Path) -> Path:
    """A path without `..`, links as they are: pytest does not follow them either, and ids must agree with its own."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def usage_error(error: ConfigError) -> pytest.UsageError:
    """A user's mistake as pytest shows it: printable, and no more of it than a person reads."""
    lines = [no_command(printable(line)) for problem in error.problems for line in problem.split("\n")]
    short = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..." for line in lines]
    more = [f"... and {len(short) - _MOST_LINES} lines more"] if len(short) > _MOST_LINES else []
    return pytest.UsageError(*short[:_MOST_LINES], *more)


def _dest(name: str) -> str:
    return f"mtbench_{_field(name)}"


def _field(name: str) -> str:
    return name.replace("-", "_")
