"""What stands at a path, also where its name is one that no file system takes, and names that each of them takes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_LONGEST_NAME = 200
"""Bytes; most file systems take 255."""
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever ending follows."""


def is_file(path: Path) -> bool:
    """Whether a regular file is there."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def file_name(model: str) -> str:
    """A model's name as the name of a file, as long as file systems take with an ending."""
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in model).lstrip(".")
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[:-1]
    if kept == model and not _DEVICES.fullmatch(kept):
        return kept
    # `a/b` and `a:b` are two models and must not share a file.
    kept = f"_{kept}" if _DEVICES.fullmatch(kept) else kept
    return f"{kept or 'model'}-{hashlib.sha256(model.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file that there is, through whatever links."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def shown_from(path: Path, folder: Path) -> str:
    """A path as somebody types it in a folder: relative where it lies below."""
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
