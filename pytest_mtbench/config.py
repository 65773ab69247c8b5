"""The command line: option definitions, their parsers, and pytest's config -> `Options`.

Imported at every start of pytest, so it imports nothing but pytest and the standard library.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .paths import is_file
from .text import join_surrogates, no_command, printable
from .urls import is_url

if TYPE_CHECKING:
    from .command import Options
    from .errors import ConfigError

SUITE_NAME = "mtbench.yaml"
SUITE_SUFFIX = ".mtbench.yaml"
VIRTUAL = "mtbench"
"""The node id under which items appear where there is no suite file."""

CACHE_MODES = ("all", "judgments", "refresh", "off", "only")
REPORT_SUFFIXES = (".json",)
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

    add("model", "NAME", "switch the plugin on: the model under test", type=_text)
    add("base-url", "URL", "OpenAI-compatible endpoint of the model (default: the openai client's own)", type=_url)
    add("judge", "NAME", "the judge (default: gpt-4o)", type=_text)
    add("judge-base-url", "URL", "endpoint of the judge (default: the model's)", type=_url)
    add("questions", "NAME|DIR", "question set, or a folder in FastChat's layout (default: mt_bench)", type=_text)
    add("suite", "FILE", "the suite file (default: mtbench.yaml in the rootdir, where there is one)", type=Path)
    add(
        "min",
        "[KEY=]SCORE",
        "a threshold, repeatable: 7.5, math=6, turn2=7; with --mtbench-against a win rate: 0.5",
        action="append",
        default=[],
        type=_minimum,
    )
    add(
        "against",
        "NAME",
        "pairwise against this model instead of single grading; several with commas between them; a file of answers "
        "(.jsonl, .json) stands for the model that gave them",
        type=_names,
    )
    add("baseline", "FILE", "gate on regression against this JSON report", type=Path)
    add("report", "FILE", "write a report, repeatable: .json", action="append", default=[], type=_report)
    add("export", "DIR", "write answers and judgments in FastChat's layout", type=Path)
    add("answers", "FILE|DIR", "grade answers that exist already (FastChat's layout or a JSON report)", type=Path)
    add("shard", "I/N", "only one share of the questions", type=_shard)
    add(
        "merge",
        "FILE",
        "join the JSON reports of shares and gate on the whole, repeatable",
        action="append",
        default=[],
        type=Path,
    )
    add("runs", "K", "answer every question K times (default: 1)", type=_repeats)
    add("judge-repeats", "K", "judge every answer K times (default: 1)", type=_repeats)
    add("limit", "N", "only the first N questions of each category", type=_count)
    add("concurrency", "N", "requests in flight to the model (default: 16)", type=_count)
    add("judge-concurrency", "N", "requests in flight to the judge (default: 16)", type=_count)
    add("timeout", "S", "seconds for one request (default: 120)", type=_seconds, default=120.0)
    add("retries", "N", "tries after the first (default: 8)", type=_whole, default=8)
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
    from .command import Options

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


def _parser(expected: str) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    """Turns a parser's ValueError into argparse's message, which names the option."""

    def decorate(parse: Callable[[str], Any]) -> Callable[[str], Any]:
        def checked(text: str) -> Any:
            try:
                return parse(text)
            except ValueError:
                raise argparse.ArgumentTypeError(f"must be {expected}, not {text!r}") from None

        return checked

    return decorate


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


@_parser("a whole number from 1")
def _count(text: str) -> int:
    _require(1 <= int(text) <= 1_000_000)
    return int(text)


@_parser("a whole number from 1 to 100")
def _repeats(text: str) -> int:
    _require(1 <= int(text) <= 100)
    return int(text)


@_parser("a whole number from 0")
def _whole(text: str) -> int:
    _require(int(text) >= 0)
    return int(text)


@_parser("a number of seconds above 0")
def _seconds(text: str) -> float:
    _require(0 < float(text) < float("inf"))
    return float(text)


@_parser("a name")
def _text(text: str) -> str:
    _require(bool(text.strip()) and join_surrogates(text) == text)
    return text


@_parser("a name, a file, or several with commas between them")
def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    _require(all(names) and join_surrogates(text) == text)
    return names


def _url(text: str) -> str:
    if not is_url(text):  # not shown: there may be a password in it
        raise argparse.ArgumentTypeError("must be a URL such as http://localhost:8000/v1")
    return text


@_parser("[KEY=]SCORE with a score from 1 to 10, or a win rate from 0 to 1 with --mtbench-against")
def _minimum(text: str) -> tuple[str, float]:
    key, _, score = text.rpartition("=")
    _require(0 <= float(score) <= 10)
    return key or "overall", float(score)


@_parser("I/N with I from 1 to N")
def _shard(text: str) -> tuple[int, int]:
    share, _, shares = text.partition("/")
    _require(1 <= int(share) <= int(shares))
    return int(share), int(shares)


@_parser("a file ending in " + " or ".join(REPORT_SUFFIXES))
def _report(text: str) -> Path:
    _require(Path(text).suffix in REPORT_SUFFIXES)
    return Path(text)
