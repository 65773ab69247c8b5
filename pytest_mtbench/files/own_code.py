"""A user's own code, imported from beside a suite file or from wherever Python finds it."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from ..domain.errors import ConfigError
from ..domain.own import BotName
from ..engine.bot_faults import own_place
from ..untrusted.paths import shown_from


class OwnCode:
    """Imports what suite files name, with their folders on `sys.path` until it is closed.

    Args:
        rootdir: pytest's, searched after a suite file's folder; `cwd`: where pytest was started, for messages.
        redact: for what the user's code says.
    """

    def __init__(self, rootdir: Path, cwd: Path, redact: Callable[[str], str] = str) -> None:
        self._rootdir = rootdir
        self._cwd = cwd
        self._redact = redact
        self._added: list[str] = []

    def find(self, bot: BotName, folder: Path) -> Any:
        """The object that a suite file names.

        Args:
            folder: the suite file's.

        Raises:
            ConfigError: it cannot be imported, or is not there; a line that names file, line and key.
        """
        folders = list(dict.fromkeys([str(folder), str(self._rootdir)]))
        importlib.invalidate_caches()
        expected = _spec(bot.module, [*folders, *sys.path])
        for place in reversed(folders):
            # First, as a script's own folder is; and to stay, since a function may import when it is called.
            sys.path.insert(0, place)
            self._added.append(place)
        module = self._imported(bot, folders)
        self._check_same(bot, module, expected)
        return self._attribute(bot, module)

    def close(self) -> None:
        """Takes the folders back from `sys.path`."""
        while self._added:
            place = self._added.pop()
            if place in sys.path:
                sys.path.remove(place)

    def _imported(self, bot: BotName, folders: Sequence[str]) -> ModuleType:
        try:
            return importlib.import_module(bot.module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's code, which may also call sys.exit
            missing = isinstance(error, ModuleNotFoundError) and error.name
            if missing and (bot.module == missing or bot.module.startswith(f"{missing}.")):
                raise ConfigError(
                    f"{bot.where}there is no module {bot.module}: looked for in {' and '.join(folders)}, then where "
                    "Python looks (`pythonpath` of pytest's configuration, installed packages)"
                ) from None
            said = self._redact(" ".join(str(error).split()))[:300]
            raise ConfigError(
                f"{bot.where}{bot.module} cannot be imported: {type(error).__name__}: {said}{self._place(error)}"
            ) from None

    def _check_same(self, bot: BotName, module: ModuleType, expected: ModuleSpec | None) -> None:
        """Sees to it that no module of the same name from elsewhere was there already."""
        origin, found = expected.origin if expected is not None else None, getattr(module, "__file__", None)
        if origin is None or found is None or Path(origin).resolve() == Path(found).resolve():
            return
        raise ConfigError(
            f"{bot.where}{bot.module} should be {self._shown(origin)}, and {self._shown(found)} of the same name is "
            "imported already; rename one, run them apart, or install the package with `pip install -e`"
        )

    def _attribute(self, bot: BotName, module: ModuleType) -> Any:
        found: Any = module
        file = getattr(module, "__file__", None)
        where = f"{bot.module} ({self._shown(file)})" if file else bot.module
        for name in bot.target.partition(":")[2].split("."):
            try:
                found, where = getattr(found, name), name
            except AttributeError:
                public = [one for one in dir(found) if not one.startswith("_")]
                near = difflib.get_close_matches(name, public, n=1)
                raise ConfigError(
                    f"{bot.where}{where} has no {name}" + (f"; did you mean {near[0]}?" if near else "")
                ) from None
        return found

    def _place(self, error: BaseException) -> str:
        """Where an import failed."""
        if isinstance(error, SyntaxError) and error.filename:
            return f" ({self._shown(error.filename)}:{error.lineno})"
        place = own_place(error)
        return f" ({self._shown(place[0])}:{place[1]})" if place else ""

    def _shown(self, path: str) -> str:
        return shown_from(Path(path), self._cwd)


def _spec(module: str, path: Sequence[str]) -> ModuleSpec | None:
    """Where a module lies by these folders, without importing anything; None where it does not."""
    spec: ModuleSpec | None = None
    places: Sequence[str] | None = path
    for count in range(1, module.count(".") + 2):
        name = ".".join(module.split(".")[:count])
        spec = PathFinder.find_spec(name, None if places is None else list(places))
        if spec is None:
            return None
        places = spec.submodule_search_locations
        if places is None and name != module:
            return None
    return spec
