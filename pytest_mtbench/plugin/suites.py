"""The suites of one pytest run: which files they are, and each resolved once."""

from __future__ import annotations

import os
from pathlib import Path

from ..engine.plan import Plan
from ..suite.file import SuiteFile
from ..suite.resolve import SuiteRun, resolve
from ..suite.schema import Suite
from ..suite.settings import Options


class _Environment(dict[str, str]):
    """The environment without a repr: a traceback may show it, and keys are in it."""

    def __repr__(self) -> str:
        return "<environment>"


class Suites:
    """Suite files by node id, resolved when they are first asked for.

    Args:
        virtual: the node id of the built-in suite.
        default: the suite file that runs where none is collected, or None for the built-in suite.
    """

    def __init__(self, options: Options, virtual: str, default: Path | None) -> None:
        self.options = options
        self.default = default
        self._virtual = virtual
        self._runs: dict[str, SuiteRun] = {}

    def key_of(self, path: Path | None) -> str:
        """The node id of a suite file, relative to the rootdir where it lies below it."""
        if path is None:
            return self._virtual
        try:
            return path.relative_to(self.options.rootdir).as_posix()
        except ValueError:
            return Path(os.path.relpath(path, self.options.rootdir)).as_posix()

    def path_of(self, key: str) -> Path | None:
        """The suite file of a node id."""
        return None if key == self._virtual else Path(os.path.normpath(self.options.rootdir / key))

    def get(self, key: str) -> SuiteRun:
        """The suite of a node id.

        Raises:
            ConfigError: its file, its question set or an option is wrong.
        """
        if key not in self._runs:
            path = self.path_of(key)
            file = SuiteFile.from_file(path) if path else SuiteFile(Suite(), "built-in suite", {})
            self._runs[key] = resolve(key, file, path, self.options, _Environment(os.environ))
        return self._runs[key]

    def plan(self, key: str) -> Plan:
        """The plan of a suite, or that of its sentinel."""
        for run in self.loaded:
            if run.regression and run.regression.sentinel and run.regression.sentinel.plan.key == key:
                return run.regression.sentinel.plan
        return self.get(key).plan

    @property
    def default_key(self) -> str:
        """The node id of the suite that `mtbench_turn` reads and that runs where none is collected."""
        return self.key_of(self.default)

    @property
    def loaded(self) -> list[SuiteRun]:
        """Every suite resolved so far."""
        return list(self._runs.values())


def names_a_model(path: Path) -> bool:
    """Whether a suite file names a model.

    Raises:
        ConfigError: the file is wrong.
    """
    return SuiteFile.from_file(path).suite.model.name is not None
