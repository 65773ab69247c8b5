"""The command line: option definitions, their parsers, and pytest's config -> `Options`.

Imported at every start of pytest, so it imports nothing but pytest and the standard library.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..untrusted.paths import is_file
from ..untrusted.text import no_command, printable
from . import option_types

if TYPE_CHECKING:
    from ..domain.errors import ConfigError
    from ..suite.settings import Options

SUITE_NAME = "mtbench.yaml"
SUITE_SUFFIX = ".mtbench.yaml"
VIRTUAL = "mtbench"
"""The node id under which items appear where there is no suite file."""

CACHE_MODES = ("all", "judgments", "refresh", "off", "only")
_MOST_LINES = 50
_LONGEST_LINE = 1000


def add_options(parser: pytest.Parser) -> None:
    """Defines every option of the plugin; none has a default but None, so that the source of a value is known."""
    group = parser.getgroup("mtbench", "MT-Bench: gate on a chat model's answers")

    def add(name: str, metavar: str | None, help_text: str, **more: Any) -> None:
        if metavar is not None:
            more["metavar"] = metavar
        group.addoption(
            f"--mtbench-{name}", dest=_dest(name), default=more.pop("default", None), help=help_text, **more
        )

    add("model", "NAME", "switch the plugin on: the model under test", type=option_types.text)
    add(
        "base-url",
        "URL",
        "OpenAI-compatible endpoint of the model (default: the openai client's own)",
        type=option_types.url,
    )
    add("judge", "NAME", "the judge (default: gpt-4o)", type=option_types.text)
    add("judge-base-url", "URL", "endpoint of the judge (default: the model's)", type=option_types.url)
    add(
        "questions",
        "NAME|DIR",
        "question set, or a folder in FastChat's layout (default: mt_bench)",
        type=option_types.text,
    )
    add("suite", "FILE", "the suite file (default: mtbench.yaml in the rootdir, where there is one)", type=Path)
    add(
        "min",
        "[KEY=]SCORE",
        "a threshold, repeatable: 7.5, math=6, turn2=7; with --mtbench-against a win rate: 0.5",
        action="append",
        default=[],
        type=option_types.minimum,
    )
    add(
        "against",
        "NAME",
        "pairwise against this model instead of single grading; several with commas between them; a file of answers "
        "(.jsonl, .json) stands for the model that gave them",
        type=option_types.names,
    )
    add("baseline", "FILE", "gate on regression against this JSON report", type=Path)
    add("report", "FILE", "write a report, repeatable: .json", action="append", default=[], type=option_types.report)
    add("export", "DIR", "write answers and judgments in FastChat's layout", type=Path)
    add("answers", "FILE|DIR", "grade answers that exist already (FastChat's layout or a JSON report)", type=Path)
    add("shard", "I/N", "only one share of the questions", type=option_types.shard)
    add(
        "merge",
        "FILE",
        "join the JSON reports of shares and gate on the whole, repeatable",
        action="append",
        default=[],
        type=Path,
    )
    add("runs", "K", "answer every question K times (default: 1)", type=option_types.repeats)
    add("judge-repeats", "K", "judge every answer K times (default: 1)", type=option_types.repeats)
    add("limit", "N", "only the first N questions of each category", type=option_types.count)
    add("concurrency", "N", "requests in flight to the model (default: 16)", type=option_types.count)
    add("judge-concurrency", "N", "requests in flight to the judge (default: 16)", type=option_types.count)
    add("timeout", "S", "seconds for one request (default: 120)", type=option_types.seconds, default=120.0)
    add("retries", "N", "tries after the first (default: 8)", type=option_types.whole, default=8)
    add(
        "cache",
        None,
        "all; judgments: answer anew, reuse judgments; refresh: ask anew; off; only: a miss is an error (default: all)",
        choices=CACHE_MODES,
        default="all",
    )
    add("cache-dir", "DIR", "the cache's folder (default: .mtbench_cache in the rootdir)", type=Path)
    add("revision", "TEXT", "names what is served behind the model's name; part of the cache key", default="")
    add(
        "dry-run",
        None,
        "print what would be called and what that costs; call nothing",
        action="store_true",
        default=False,
    )


def options_from(config: pytest.Config) -> Options:
    """What the command line says."""
    from ..suite.settings import Options

    def get(name: str) -> Any:
        return config.getoption(_dest(name))

    cwd = config.invocation_params.dir
    return Options(
        rootdir=config.rootpath,
        cwd=cwd,
        minimums=tuple(get("min")),
        reports=tuple(cwd / path for path in get("report")),
        merge=tuple(cwd / path for path in get("merge")),
        export=cwd / get("export") if get("export") else None,
        answers=cwd / get("answers") if get("answers") else None,
        baseline=get("baseline"),
        against=get("against") or (),
        cache=get("cache"),
        **{
            _field(name): get(name)
            for name in (
                "model", "base-url", "judge", "judge-base-url", "questions", "runs", "judge-repeats", "limit", "shard",
                "concurrency", "judge-concurrency", "timeout", "retries", "cache-dir", "revision", "dry-run",
            )
        },
    )  # fmt: skip


def suite_option(config: pytest.Config) -> Path | None:
    """The file of `--mtbench-suite`, or `mtbench.yaml` in the rootdir where there is one.

    Raises:
        pytest.UsageError: the named file does not exist.
    """
    named: Path | None = config.getoption(_dest("suite"))
    if named is not None:
        path = _absolute(config.invocation_params.dir / named)
        if not is_file(path):
            raise pytest.UsageError(f"--mtbench-suite={named}: no such file")
        return path
    default = config.rootpath / SUITE_NAME
    return default if default.is_file() else None


def named_suites(config: pytest.Config) -> list[Path]:
    """The suite files that the command line itself names; a folder that holds one is not enough."""
    paths = []
    for argument in config.getoption("file_or_dir", []):
        path = config.invocation_params.dir / str(argument).partition("[")[0].partition("::")[0]
        if is_suite_name(path) and path.is_file():
            paths.append(_absolute(path))
    return list(dict.fromkeys(paths))


def collected_suites(config: pytest.Config) -> list[Path]:
    """The suite files that pytest will find below its arguments, so that they are checked before anything runs."""
    skipped: list[str] = config.getini("norecursedirs")
    found = []
    for argument in config.args:
        path = _absolute(config.invocation_params.dir / str(argument).partition("[")[0].partition("::")[0])
        if path.is_file() and is_suite_name(path):
            found.append(path)
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(
                name
                for name in folders
                if not any(fnmatch(name, pattern) for pattern in skipped)
                and not (Path(folder) / name / "pyvenv.cfg").exists()
            )
            found += [Path(folder) / name for name in sorted(files) if is_suite_name(Path(name))]
    return list(dict.fromkeys(found))


def is_suite_name(path: Path) -> bool:
    """Whether a file is named as a suite file is."""
    return path.name == SUITE_NAME or path.name.endswith(SUITE_SUFFIX)


def model_option(config: pytest.Config) -> str | None:
    """The value of `--mtbench-model`."""
    model: str | None = config.getoption(_dest("model"))
    return model


def usage_error(error: ConfigError) -> pytest.UsageError:
    """A user's mistake as pytest shows it: printable, and no more of it than a person reads."""
    lines = [no_command(printable(line)) for problem in error.problems for line in problem.split("\n")]
    short = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..." for line in lines]
    more = [f"... and {len(short) - _MOST_LINES} lines more"] if len(short) > _MOST_LINES else []
    return pytest.UsageError(*short[:_MOST_LINES], *more)


def _absolute(path: Path) -> Path:
    # Not resolve(): pytest does not follow links either, and ids must agree with its own.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _dest(name: str) -> str:
    return f"mtbench_{_field(name)}"


def _field(name: str) -> str:
    return name.replace("-", "_")
