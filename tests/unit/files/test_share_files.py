from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.files.report_reader import FORMAT
from pytest_mtbench.files.share_files import NamedShares, named_shares

SHARE: dict[str, Any] = {"format": FORMAT, "shard": "1/2"}
WHOLE: dict[str, Any] = {"format": FORMAT}
OTHER: dict[str, Any] = {"name": "package"}


def lay(folder: Path, files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def taken(text: str, cwd: Path) -> list[str]:
    return [path.relative_to(cwd).as_posix() for path in named_shares(text, cwd).paths]


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """What a download of two artifacts lays, with more beside the shares."""
    files = {
        "shares/mtbench-share-2/share.json": SHARE,
        "shares/mtbench-share-1/share.json": SHARE,
        "shares/mtbench-share-1/share.html": "<p>",
        "shares/mtbench/deep/joined.json": WHOLE,
        "shares/package.json": OTHER,
        "shares/.hidden/share.json": SHARE,
    }
    lay(tmp_path, files)
    return tmp_path


@pytest.mark.parametrize("text", ["shares", "./shares/", "shares/*", "shares/**/*.json", "s*"])
def test_shares_are_found_at_any_depth_in_an_order(laid: Path, text: str) -> None:
    assert taken(text, laid) == ["shares/mtbench-share-1/share.json", "shares/mtbench-share-2/share.json"]
    absolute = named_shares(str(laid / text), Path("/"))
    assert absolute.paths == named_shares(text, laid).paths


def test_what_is_no_share_is_left_out_and_said(laid: Path) -> None:
    assert named_shares("shares", laid).remark == (
        "--mtbench-merge=shares: left out shares/package.json (no report), "
        "shares/mtbench/deep/joined.json (the report of a whole run)"
    )
    assert named_shares("shares/mtbench-share-*", laid).remark == ""


def test_a_file_is_taken_whatever_it_is(laid: Path) -> None:
    # Also one whose name could be a pattern.
    lay(laid, {"[1].json": WHOLE, "1.json": SHARE})
    for name in ("[1].json", "shares/package.json", "shares/mtbench-share-1/share.html"):
        assert named_shares(name, laid) == NamedShares(name, (laid / name,), is_file=True)


def test_a_folder_whose_name_could_be_a_pattern(laid: Path) -> None:
    lay(laid, {"a[1]/b/share.json": SHARE, "a1/share.json": SHARE})
    assert taken("a[1]", laid) == ["a[1]/b/share.json"]
    assert taken("*/share.json", laid / "a[1]") == ["b/share.json"]


def test_whole_runs_are_taken_where_there_is_no_share(tmp_path: Path) -> None:
    lay(tmp_path, {"a/whole.json": WHOLE, "a/package.json": OTHER})
    assert taken("a", tmp_path) == ["a/whole.json"]
    assert named_shares("a", tmp_path).left_out == ("a/package.json (no report)",)


def test_a_report_of_a_later_version_is_not_left_out(tmp_path: Path) -> None:
    lay(tmp_path, {"a/1.json": SHARE, "a/2.json": {"format": "pytest-mtbench/9", "shard": "2/2"}})
    assert taken("a", tmp_path) == ["a/1.json", "a/2.json"]


def test_how_it_is_shown(laid: Path) -> None:
    assert named_shares("shares", laid).shown == "shares (2 reports)"
    assert named_shares("shares/package.json", laid).shown == "shares/package.json"


@pytest.mark.parametrize(
    "text, message",
    [
        ("absent", "no such file or folder"),
        ("empty", "holds no JSON file"),
        ("empty/*.json", "matches no JSON file"),
        ("absent/**", "matches no JSON file"),
        ("empty/*.html", "matches no JSON file"),
        ("strange", "no report among strange/list.json (no report), strange/package.json (no report)"),
        ("a\0b", "no such file or folder|cannot be read"),  # as the version of Python has it
        ("x" * 300, "no such file or folder|cannot be read"),
    ],
    ids=["absent", "empty", "glob", "deep glob", "other suffix", "strange", "nul", "long"],
)
def test_where_nothing_is_the_message_names_what_was_typed(tmp_path: Path, text: str, message: str) -> None:
    lay(tmp_path, {"empty/page.html": "<p>", "strange/package.json": OTHER, "strange/list.json": [1]})
    with pytest.raises(ConfigError) as raised:
        named_shares(text, tmp_path)
    said = str(raised.value)
    assert said.startswith(f"--mtbench-merge={text}: ")
    assert any(part in said for part in message.split("|"))


@pytest.mark.parametrize("content", ['{"format": "pytest-mtb', "", "[" * 99_999])
def test_a_file_that_is_cut_off_is_refused_and_named(laid: Path, content: str) -> None:
    lay(laid, {"shares/mtbench-share-3/share.json": content})
    for text in ("shares", "shares/*/*.json"):
        with pytest.raises(ConfigError, match=r"mtbench-share-3/share\.json: cannot be read as JSON .*; run the share"):
            named_shares(text, laid)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_is_not_waited_for(laid: Path) -> None:
    os.mkfifo(laid / "shares" / "fifo.json")
    with pytest.raises(ConfigError, match=r"fifo\.json: cannot be read as JSON \(not a file\)"):
        named_shares("shares", laid)
