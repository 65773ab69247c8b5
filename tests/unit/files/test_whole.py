"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.files.whole import check_writable, write_whole


def test_a_file_is_made_with_its_folders_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / ("n" * 240 + ".json")
    write_whole(path, "one")
    path.chmod(0o640)
    write_whole(path, "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o640)
    assert list(path.parent.iterdir()) == [path]


def test_lines_end_alike_on_every_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def as_on_windows(path: Path, mode: str = "r", *, newline: str | None = None, **options: Any) -> Any:
        newline = "\r\n" if newline is None and "b" not in mode else newline
        return real(path, mode, newline=newline, **options)

    monkeypatch.setattr(Path, "open", as_on_windows)
    write_whole(tmp_path / "table.csv", "a\nb\r\n")
    assert (tmp_path / "table.csv").read_bytes() == b"a\nb\r\n"


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_whole(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.json"
    path.write_text("old")
    if call == "write":
        text = "x" * 10 + "\ud800"  # what no file takes, after some that it does
        with pytest.raises(ValueError):
            write_whole(path, text)
    else:
        monkeypatch.setattr(os if call == "fsync" else Path, call, full)
        with pytest.raises(OSError, match="No space left"):
            write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_many_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    texts = [str(number) * 100_000 for number in range(20)]

    def run(text: str) -> None:
        check_writable(path)
        write_whole(path, text)

    threads = [threading.Thread(target=run, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_a_look_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "report.json")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link to a fifo"])
def test_what_is_no_place_for_a_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "report.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/null")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe")
    with pytest.raises(ValueError, match="something that is no file"):
        check_writable(path)
