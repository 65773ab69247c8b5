"""A stand-in for GitHub's `gh`, for what the recipes ask of it: artifacts, and the comments of a pull request.

    python fake_gh.py STORE api|run ...

STORE is a folder with `comments.json`, `baselines.json` (the list of artifacts) and `artifacts/RUN/NAME`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COMMENTS = "repos/o/r/issues/7/comments"
COMMENT = "repos/o/r/issues/comments/"
ARTIFACTS = "repos/{owner}/{repo}/actions/artifacts?name=mtbench-baseline&per_page=100"


def download(store: Path, words: Sequence[str]) -> None:
    """`gh run download RUN --name NAME --dir DIR`."""
    (run,) = [word for word in words if word.isdigit()]
    name, folder = (words[words.index(option) + 1] for option in ("--name", "--dir"))
    shutil.copytree(store / "artifacts" / run / name, folder)


def api(store: Path, words: list[str]) -> int:
    """`gh api PATH`, with `--jq`, `--method` and `--field body=@FILE`."""
    options, paths = {"--jq": ".", "--method": "GET", "--field": ""}, []
    while words:
        word = words.pop(0)
        if word in options:
            options[word] = words.pop(0)
        elif not word.startswith("--"):
            paths.append(word)
    (path,) = paths
    if options["--method"] == "GET":
        file = {COMMENTS: "comments.json", ARTIFACTS: "baselines.json"}[path]
        return subprocess.run(["jq", "-r", options["--jq"], str(store / file)], check=False).returncode
    write_comment(store / "comments.json", path, options)
    return 0


def write_comment(file: Path, path: str, options: dict[str, str]) -> None:
    """A comment that is made (POST) or changed (PATCH)."""
    comments: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    name, _, body = options["--field"].partition("=@")
    if options["--method"] == "POST" and path == COMMENTS:
        comments.append({"id": len(comments) + 1, "user": {"login": "github-actions[bot]"}})
        comment = comments[-1]
    else:
        (comment,) = [one for one in comments if path == f"{COMMENT}{one['id']}"]
    comment[name] = Path(body).read_text(encoding="utf-8")
    file.write_text(json.dumps(comments), encoding="utf-8")


if __name__ == "__main__":
    place, command, *rest = sys.argv[1:]
    if command == "api":
        sys.exit(api(Path(place), rest))
    download(Path(place), rest)
