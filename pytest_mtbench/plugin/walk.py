"""The suite files that pytest will find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..untrusted.paths import is_file, is_folder
from .arguments import is_ignored, is_suite_name, path_of


def suite_files(config: pytest.Config, option: Path | None) -> list[Path]:
    """The suite files that pytest will find below its arguments.

    They are read before it collects: the header shows them, a mistake in one ends the run before anything is asked,
    and xdist's controller, which collects nothing itself, asks for all.

    Args:
        option: that of `--mtbench-suite`, which may have any name.
    """
    paths = [path_of(config, str(argument)) for argument in config.args]
    walk = _Walk(config, {place for path in paths for place in (path, *path.parents)}, option)
    found: dict[Path, None] = {}
    for path in paths:
        if walk.is_suite(path):
            found[path] = None
        elif is_folder(path):
            found |= dict.fromkeys(walk.below(path))
    return list(found)


@dataclass(frozen=True)
class _Walk:
    """Goes as pytest goes: sorted, through links, and past what a plugin or an option ignores.

    Args:
        named: what the command line names, with the folders above; that is never ignored.
    """

    config: pytest.Config
    named: set[Path]
    option: Path | None

    def is_suite(self, path: Path) -> bool:
        return (is_suite_name(path) or path == self.option) and is_file(path)

    def below(self, folder: Path) -> Iterator[Path]:
        try:
            names = sorted(entry.name for entry in os.scandir(folder))
        except OSError:
            return  # pytest says so where it collects
        for path in (folder / name for name in names):
            is_suite = self.is_suite(path)
            if not is_suite and not is_folder(path):
                continue
            if path not in self.named and is_ignored(self.config, path):
                continue
            if is_suite:
                yield path
            else:
                yield from self.below(path)
