"""The suites of one pytest run: found, read once and resolved once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..domain.errors import ConfigError
from ..engine.plan import Plan
from ..questions import load_questions
from ..suite.file import SuiteFile
from ..suite.resolve import LoadQuestions, resolve
from ..suite.resolved import ResolvedSuite
from ..suite.schema import SuiteContent
from ..suite.settings import Settings
from .arguments import named_suites, names_no_folder, root_suite, take_virtual
from .names import item_names
from .options import VIRTUAL, judges_alone, settings_from, suite_option
from .walk import suite_files


class _Environment(dict[str, str]):
    """The environment without a repr: a traceback may show it, and keys are in it."""

    def __repr__(self) -> str:
        return "<environment>"


@dataclass(frozen=True)
class AddedSuite:
    """A suite that pytest does not find by itself.

    Args:
        names: its items' or their groups' names, where the command line asks for some alone.
        unless_used: it is added only where no collected test uses `mtbench_turn`.
    """

    suite: ResolvedSuite
    names: tuple[str, ...] = ()
    unless_used: bool = False


@dataclass(frozen=True)
class SuiteRegistry:
    """The suites of one pytest run.

    Args:
        suites: those that run, by path; the built-in one has none.
        default: what `mtbench_turn` reads, or None: `no_default` says why.
        added: those that are added to what pytest collects.
        found: those that pytest collects by itself.
        leaves_files: suite files that nobody named are no test files in this run.
    """

    settings: Settings
    suites: Mapping[Path | None, ResolvedSuite]
    default: ResolvedSuite | None
    no_default: str = ""
    added: tuple[AddedSuite, ...] = ()
    found: tuple[Path, ...] = ()
    leaves_files: bool = False

    @property
    def collected(self) -> set[Path | None]:
        """The suites whose items run."""
        return {*self.found, *(added.suite.path for added in self.added)}

    @property
    def surely_run(self) -> set[str]:
        """The suites whose items will be collected, whatever else is."""
        added = {added.suite.path for added in self.added if not added.unless_used}
        return {self.suites[path].id for path in {*self.found, *added}}

    @property
    def all(self) -> list[ResolvedSuite]:
        """Every suite that may be asked for, the default one last where it does not run."""
        other = [self.default] if self.default is not None and self.default.path not in self.suites else []
        return [*self.suites.values(), *other]

    @property
    def plans(self) -> dict[str, Plan]:
        """Every plan by its id, those that judge a baseline's answers again among them."""
        plans = {suite.id: suite.plan for suite in self.all}
        for regression in (suite.regression for suite in self.all):
            if regression is not None and regression.sentinel is not None:
                plans[regression.sentinel.plan.key] = regression.sentinel.plan
        plans |= {bout.plan.key: bout.plan for suite in self.all for bout in suite.bouts}
        return plans


@dataclass(frozen=True)
class _Paths:
    """Which suite files a run has to do with; None is the built-in suite.

    Args:
        found: those that pytest collects by itself.
        option: that of `--mtbench-suite`.
        names: what the command line asks of the built-in suite.
        default: what `mtbench_turn` reads, and what runs where nothing else does.
        has_default: False where several run and none of them comes first.
    """

    found: Sequence[Path]
    option: Path | None
    names: Sequence[str]
    default: Path | None
    has_default: bool

    @classmethod
    def of(cls, config: pytest.Config) -> _Paths:
        names, option = take_virtual(config), suite_option(config)
        named, found = named_suites(config), suite_files(config, option)
        if judges_alone(config) and not named and option is None:
            # A suite file that merely lies there would ask its model, and nobody named it.
            return cls([], None, names, None, True)
        # Whoever names one suite means it; the one in the rootdir comes before those that lie anywhere.
        first = [option, *(named if len(named) == 1 else ()), root_suite(config), *(found if len(found) == 1 else ())]
        default = next((path for path in first if path is not None), None)
        return cls(found, option, names, default, default is not None or not found)

    @property
    def running(self) -> list[Path | None]:
        """The suites that run."""
        more = [self.option] if self.option is not None else []
        running = [*self.found, *more, *([None] if self.names else [])]
        return list(dict.fromkeys(running)) or [self.default]


def resolved_suites(config: pytest.Config, load: LoadQuestions = load_questions) -> SuiteRegistry:
    """Finds, reads and resolves the suites of a run, and takes ids of the built-in one from pytest's arguments.

    Raises:
        ConfigError: an option or a suite file is wrong; nothing has been requested.
    """
    settings = settings_from(config)
    paths = _Paths.of(config)
    environ = _Environment(os.environ)

    def resolved(path: Path | None) -> ResolvedSuite:
        file = SuiteFile.from_file(path) if path else SuiteFile(SuiteContent(), "built-in suite", {})
        return resolve(suite_id(path, config.rootpath), file, path, settings, environ, load)

    suites = {path: resolved(path) for path in paths.running}
    _check_one_suite(settings, [suite.id for suite in suites.values()])
    default, no_default = suites.get(paths.default), ""
    if not paths.has_default:
        ids = ", ".join(suite.id for suite in suites.values())
        default, no_default = None, f"this run has several suites ({ids}); --mtbench-suite=FILE names the one to read"
    elif default is None:
        # Its mistakes are of no matter to a run where no test reads it.
        try:
            default = resolved(paths.default)
            _check_one_suite(settings, [suite.id for suite in (*suites.values(), default)])
        except ConfigError as error:
            default, no_default = None, str(error)
    return SuiteRegistry(
        settings,
        suites,
        default,
        no_default,
        tuple(_added(config, paths, suites)),
        tuple(paths.found),
        leaves_files=not paths.found and judges_alone(config),
    )


def _added(config: pytest.Config, paths: _Paths, suites: Mapping[Path | None, ResolvedSuite]) -> Iterator[AddedSuite]:
    if paths.names:
        known = set(item_names(suites[None]))
        missing = [f"not found: {VIRTUAL}::{name}" for name in paths.names if name not in known]
        if missing:
            raise ConfigError(*missing)
        yield AddedSuite(suites[None], tuple(paths.names))
    if paths.option is not None and paths.option not in paths.found:
        yield AddedSuite(suites[paths.option])
    elif not paths.found and not paths.names and not names_no_folder(config):
        yield AddedSuite(suites[paths.default], unless_used=True)


def _check_one_suite(settings: Settings, ids: Sequence[str]) -> None:
    if len(ids) > 1 and settings.of_one_suite:
        raise ConfigError(
            "JSON reports, --mtbench-export, --mtbench-answers, --mtbench-merge, --mtbench-people and "
            f"--mtbench-rate-sheet are of one suite, and this run has several ({', '.join(ids)}); name one of them on "
            "the command line"
        )


def suite_id(path: Path | None, rootdir: Path) -> str:
    """The node id of a suite file: relative to the rootdir, also where it does not lie below it."""
    if path is None:
        return VIRTUAL
    try:
        return path.relative_to(rootdir).as_posix()
    except ValueError:
        pass
    try:
        return Path(os.path.relpath(path, rootdir)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.as_posix()
