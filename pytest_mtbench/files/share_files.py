"""What `--mtbench-merge` names, a file, a folder or a glob, -> the reports of the shares there."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..domain.errors import ConfigError
from ..untrusted.paths import is_file, is_folder
from ..untrusted.text import listed
from .report_text import read_text

_FORMAT = "pytest-mtbench/"
_Kind = Literal["share", "whole", "other"]


@dataclass(frozen=True)
class NamedShares:
    """The reports that one `--mtbench-merge` stands for.

    Args:
        text: as it was typed.
        is_file: whether that is one report, and no folder or glob.
        left_out: JSON files of a folder or glob that are no share of a run, each with what it is.
    """

    text: str
    paths: tuple[Path, ...]
    is_file: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What was named, with how many reports that is where it is not one file."""
        return self.text if self.is_file else f"{self.text} ({len(self.paths)} reports)"

    @property
    def remark(self) -> str:
        """What the summary says of files that are no shares; empty where there are none."""
        return f"--mtbench-merge={self.text}: left out {listed(self.left_out)}" if self.left_out else ""


def named_shares(text: str, cwd: Path) -> NamedShares:
    """The reports that a path of the command line leads to.

    A file is taken whatever it is; `merge_reports` refuses what is no share.  Of a folder, at any depth, and of what a
    glob matches, JSON reports of shares are taken; reports of whole runs where there is no share.

    Args:
        cwd: where relative paths start.

    Raises:
        ConfigError: nothing is there, no report is among it, or a JSON file of it cannot be read.
    """
    path = cwd / text
    if is_file(path):
        return NamedShares(text, (path,), is_file=True)
    try:
        if is_folder(path):
            return _chosen(text, cwd, list(_json_files(path)), "holds no JSON file")
        if glob.has_magic(text):
            return _chosen(text, cwd, list(_matched(text, cwd)), "matches no JSON file")
        if path.exists():  # a FIFO and the like, which are refused with their reason
            return NamedShares(text, (path,), is_file=True)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--mtbench-merge={text}: cannot be read ({error})") from error
    raise ConfigError(f"--mtbench-merge={text}: no such file or folder")


def _matched(pattern: str, cwd: Path) -> Iterator[Path]:
    # Path.glob takes no absolute pattern.
    for path in (cwd / name for name in sorted(glob.glob(pattern, root_dir=cwd, recursive=True))):  # noqa: PTH207
        if is_folder(path):
            yield from _json_files(path)
        elif path.suffix == ".json":
            yield path


def _json_files(folder: Path) -> Iterator[Path]:
    """The JSON files of a folder, at any depth: downloads lay a folder an artifact."""

    def refuse(error: OSError) -> None:
        raise error

    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(where, name) for name in sorted(names) if name.endswith(".json"))


def _chosen(text: str, cwd: Path, found: Sequence[Path], none: str) -> NamedShares:
    kinds = {path: _kind(path) for path in dict.fromkeys(found)}
    taken: _Kind = "share" if "share" in kinds.values() else "whole"
    paths = tuple(path for path, kind in kinds.items() if kind == taken)
    words = {"share": "", "whole": "the report of a whole run", "other": "no report"}
    others = tuple(f"{_short(path, cwd)} ({words[kind]})" for path, kind in kinds.items() if kind != taken)
    if not paths:
        raise ConfigError(f"--mtbench-merge={text}: {'no report among ' + listed(others) if others else none}")
    return NamedShares(text, paths, left_out=others)


def _kind(path: Path) -> _Kind:
    try:
        content = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}: cannot be read as JSON ({error}); run the share again, or move the file away if it is none"
        ) from error
    if not isinstance(content, dict) or not str(content.get("format", "")).startswith(_FORMAT):
        return "other"
    return "share" if content.get("shard") else "whole"


def _short(path: Path, cwd: Path) -> str:
    return str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)
