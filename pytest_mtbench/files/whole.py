"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a file beside its place, down to the disk, and then puts it there in one step.

    Whatever ends the run meanwhile, a reader finds the old file or the new one; of several runs at once the last one's.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    place = Path(os.path.realpath(path))  # a link stays one, and leads to the new file
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(place)
    try:
        # No newline of the platform's: the same run writes the same bytes everywhere.
        with beside.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):
            beside.chmod(stat.S_IMODE(place.stat().st_mode))  # who may read it, may read it still
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Sees to it that `write_whole` will work, and leaves nothing but the folder.

    Raises:
        OSError, ValueError: it will not; a folder, a FIFO or a device is no place for a report.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        raise ValueError("there is something that is no file")
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(13, "Permission denied")
    beside = _beside(place)
    try:
        beside.open("x", encoding="utf-8").close()
    finally:
        beside.unlink(missing_ok=True)


def _beside(place: Path) -> Path:
    """A name that no other run takes, in the same folder, so that it is on the same disk."""
    return place.with_name(f".mtbench-{uuid.uuid4().hex}.tmp")
