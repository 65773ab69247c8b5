"""`pytest_mtbench_generate`: where those that are loaded lie, and those that a run should have loaded and has not."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from ..domain.errors import ConfigError
from ..suite.resolved import ResolvedSuite
from ..untrusted.paths import shown_from
from ..untrusted.urls import public_url
from .options import is_worker
from .registry import SuiteRegistry

HOOK = "pytest_mtbench_generate"

_DEFINED = re.compile(rf"^(?:async +)?def +{HOOK}\b|^{HOOK} *=|^ *(?:from .* )?import .*\b{HOOK}\b", re.MULTILINE)
_DEEPEST, _MOST_FOLDERS = 4, 2_000
"""Below the rootdir; a hook that lies deeper is not looked for."""
_NO_CODE = ("node_modules", "site-packages", "venv", "env", "__pycache__")


class WhoAnswers:
    """Knows who answers for the models of a run: a user's own chatbot, by the hook or a suite file, or an endpoint."""

    def __init__(self, config: pytest.Config, registry: SuiteRegistry) -> None:
        self._config = config
        self._registry = registry
        self._early: tuple[str, ...] = ()

    @property
    def hook(self) -> str:
        """The hook that may answer instead of models, and where it lies; empty where there is none."""
        places = loaded_hooks(self._config)
        return f"{HOOK} in {', '.join(places)}" if places else ""

    @property
    def is_own(self) -> bool:
        """Whether a user's own chatbot answers, where anything is asked."""
        return any(self.hook or suite.plan.model.bot for suite in self.asked)

    @property
    def asked(self) -> list[ResolvedSuite]:
        """The suites whose model under test is asked, and does not only stand in files."""
        merged = bool(self._registry.settings.merge)
        return [
            suite
            for suite in self._registry.all
            if not (merged or suite.is_audition or (suite.recorded is not None and suite.recorded.answers))
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Takes note of who may answer before tests bring more of them along."""
        self._early = loaded_hooks(self._config)

    def check(self) -> list[str]:
        """Sees to it that those answer whom the user means; what the summary must say.

        Raises:
            ConfigError: two would, or one that nobody calls.
        """
        # What is loaded where tests are collected elsewhere, that process alone knows.
        return list(check_hooks(self._config, self.asked, self._early, looks=not is_worker(self._config)))


def loaded_hooks(config: pytest.Config) -> tuple[str, ...]:
    """Where each implementation lies that a run calls, in the order of the calls: `tests/conftest.py:12`."""
    found = reversed(config.hook.pytest_mtbench_generate.get_hookimpls())
    return tuple(_place(config, impl.function, str(impl.plugin_name)) for impl in found)


def check_hooks(
    config: pytest.Config, suites: Iterable[ResolvedSuite], early: Collection[str], *, looks: bool
) -> Iterator[str]:
    """Sees to it that the model is asked that the user means.

    Args:
        suites: those whose model is asked.
        early: the hooks that were there before tests were collected.
        looks: search for hooks that are not loaded; where another process collects, it alone knows what it loads.

    Yields:
        what the summary must say.

    Raises:
        ConfigError: two would answer, or a hook that nobody calls.
    """
    late = [place for place in loaded_hooks(config) if place not in early]
    if late:
        raise ConfigError(
            f"{late[0]}: {HOOK} came only when tests were collected, and is called in no run with -n: move it to the "
            "conftest.py of the rootdir, or name your chatbot in a suite file (model.generate)"
        )
    own = [suite for suite in suites if suite.plan.model.bot is not None]
    if own and early and (bot := own[0].plan.model.bot) is not None:
        raise ConfigError(f"{bot.where}answers, and so does {HOOK} in {', '.join(early)}; leave one")
    asked = [suite for suite in suites if suite.plan.model.bot is None]
    if early or not asked or not looks or config.getoption("noconftest", False):
        return
    for place in listed_hooks(config):
        yield from (_left_out(suite, place) for suite in asked)


def _left_out(suite: ResolvedSuite, place: str) -> str:
    """What is said of a hook that a suite does not call.

    Raises:
        ConfigError: nobody named the endpoint that would be asked instead.
    """
    url = public_url(suite.plan.model.endpoint.url)
    if suite.names_endpoint:
        return f"{place}: {HOOK} did not answer: this run has not loaded it, and asked {url}"
    named = "--mtbench-base-url" if suite.path is None else f"model.base_url in {suite.id}"
    generate = "a suite file" if suite.path is None else suite.id
    raise ConfigError(
        f"{place}: {HOOK} is not loaded in this run: of conftest.py files pytest loads that of the rootdir and those "
        f"of the folders that are named.  So {url} would be asked, which nobody named either.  Move the hook to the "
        f"conftest.py of the rootdir, name your chatbot in {generate} (model.generate), or name the endpoint ({named})"
    )


def listed_hooks(config: pytest.Config) -> Iterator[str]:
    """Where a `conftest.py` below the rootdir defines the hook; of use where none is loaded."""
    for path in _conftests(config):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = _DEFINED.search(text)
        if found:
            yield f"{_shown(config, path)}:{text.count(chr(10), 0, found.start()) + 1}"


def _conftests(config: pytest.Config) -> Iterator[Path]:
    """The `conftest.py` files below the rootdir, those of the upper folders first; past what holds no tests."""
    ignored = [*config.getini("norecursedirs"), *_NO_CODE]
    level, seen = [config.rootpath], 0
    for _ in range(_DEEPEST + 1):
        below: list[Path] = []
        for folder in level:
            seen += 1
            if seen > _MOST_FOLDERS:
                return
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            names = {entry.name for entry in entries}
            if "pyvenv.cfg" in names:
                continue
            if "conftest.py" in names:
                yield folder / "conftest.py"
            below += [
                folder / entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not any(fnmatch(entry.name, glob) for glob in ignored)
            ]
        level = below


def _place(config: pytest.Config, function: object, plugin: str) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    if code is None:
        return f"plugin {plugin}"
    return f"{_shown(config, Path(code.co_filename))}:{code.co_firstlineno}"


def _shown(config: pytest.Config, path: Path) -> str:
    return shown_from(path, config.rootpath)
