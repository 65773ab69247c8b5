"""Runs a page's blocks from top to bottom in an empty folder, as a reader would, with stand-ins for every endpoint."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import loopback_only
from .conftest import environment
from .docs import ROOT, Block
from .docs_files import check_file
from .installing import install_fault
from .server import Asked, Server
from .sets import write_jsonl

COLUMNS = "80"
_SECONDS = 100
_ENDPOINT = re.compile(
    r"""((?:base[-_]url|azure_endpoint)["']?\s*[:=]\s*["']?|OPENAI_BASE_URL=["']?)(https?://[^/\s"',})]+)"""
)
_RUN = frozenset({
    "pytest", "python", "python3", "jq", "cat", "ls", "cp", "mv", "rm", "mkdir", "echo", "head", "tail", "grep", "sort",
    "test",
})  # fmt: skip
_MAY_BE_MISSING = ("jq",)
_LAUNCHERS = re.compile(
    r"(?:uvx|uv tool run)(?: --(?:with|from)[ =]\S+)+ (?=pytest\b)|(?:uv|poetry|hatch) run (?=pytest\b|python\b)"
)


def stand_in(asked: Asked) -> str:
    """What a model or a judge of the pages says: every answer is an 8, and of two neither is better."""
    prompt = "\n".join(message["content"] for message in asked.messages)
    if "[[A]]" in prompt:
        return "Both do what was asked. [[C]]"
    if re.search(r"\[\[[0-9]\]\]", prompt):
        return "It does what was asked. Rating: [[8]]"
    return f"{asked.model} says of this: {asked.prompt[:60]}"


def write_stand_in_set(folder: Path) -> Path:
    """A set with some of the original's ids and categories and none of its texts."""
    categories = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
    rows: list[dict[str, Any]] = [
        {"question_id": 81 + 10 * place + n, "category": category, "turns": [f"First of {category} {n}.", "Go on."]}
        for place, category in enumerate(categories)
        for n in range(2)
    ]
    for row in rows:
        if row["category"] in ("reasoning", "math", "coding"):
            row["reference"] = ["One.", "Two."]
    write_jsonl(folder / "question.jsonl", rows)
    return folder


@dataclass(frozen=True)
class Ran:
    """What the last command of a block printed, both streams, and how it ended."""

    output: str
    status: int


class Reader:
    """Somebody who types what a page says.

    Args:
        folder: an empty one.
        endpoint: what stands in for every endpoint.
    """

    def __init__(self, folder: Path, endpoint: Server) -> None:
        endpoint.answer = endpoint.judge = stand_in
        self._endpoint = endpoint
        self._base = folder
        self._folders = 0
        self._environment: dict[str, str] = {}
        self._here = folder
        self._new_folder()

    def read(self, blocks: Sequence[Block], seen: Callable[[Block, Ran], None] = lambda block, ran: None) -> None:
        """Goes through the blocks of a page.

        Args:
            seen: called with each text block that quotes a command, and what that printed.

        Raises:
            PageError: something is not as the page says.
        """
        ran: Ran | None = None
        for place, block in enumerate(blocks):
            if "new folder" in block.options:
                self._new_folder()
            for pattern in re.split(r"[,\s]+", block.options.get("files", "")):
                if pattern:
                    self._copy(block, pattern, kept=any(pattern in later.text for later in _until_new(blocks[place:])))
            if block.language == "console":
                ran = None if "not run" in block.options else self._run(block)
            elif block.language == "text":
                if ran is not None and _is_compared(block, ran):
                    seen(block, ran)
                ran = None
            else:
                self._write(block)
                ran = None

    def _new_folder(self) -> None:
        self._folders += 1
        self._here = self._base / f"folder-{self._folders}"
        self._here.mkdir()
        if self._folders == 1:
            write_stand_in_set(self._base / "mt_bench")
        self._environment = _environment(self._base) | {"MTBENCH_DATA": str(self._base / "mt_bench")}

    def _copy(self, block: Block, pattern: str, *, kept: bool) -> None:
        """Copies what an option `files` names: as it lies in the repository where the page speaks of that path."""
        sources = sorted(ROOT.glob(pattern))
        if not sources:
            block.fail(f"files: {pattern}: there is no such file")
        for source in sources:
            if kept:
                target = self._here / source.relative_to(ROOT)
            else:
                target = self._here if source.is_dir() else self._here / source.name
            if source.is_dir():
                ignored = shutil.ignore_patterns(".mtbench_cache", "__pycache__", ".pytest_cache")
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
            for file in [target] if target.is_file() else target.rglob("*"):
                if file.suffix in (".yaml", ".yml", ".py", ".toml", ".ini"):
                    file.write_text(self._on_loopback(file.read_text(encoding="utf-8")), encoding="utf-8")

    def _write(self, block: Block) -> None:
        check_file(block)
        if block.name is None:
            return
        path = self._here / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._on_loopback(block.text), encoding="utf-8")

    def _run(self, block: Block) -> Ran:
        ran = Ran("", 0)
        commands = block.commands
        for place, (line, command) in enumerate(commands):
            last = place == len(commands) - 1
            expected = block.exit_status if last else 0
            ran = self._command(block, line, command)
            if ran.status != expected:
                block.fail(f"exit status {ran.status} and not {expected}: {command}\n{ran.output[-2500:]}", line)
        return ran

    def _command(self, block: Block, line: int, command: str) -> Ran:
        command = _LAUNCHERS.sub("", command)
        words = _words(block, line, command)
        if words[0] in ("export", "unset"):
            for word in words[1:]:
                name, _, value = self._on_loopback(word).partition("=")
                self._environment.pop(name, None)
                if words[0] == "export":
                    self._environment[name] = value
            return Ran("", 0)
        if words[0] == "cd":
            self._here = (self._here / words[1]).resolve()
            return Ran("", 0)
        fault = install_fault(words)
        if fault is not None:
            if fault:
                block.fail(fault, line)
            return Ran("", 0)
        if any(word in _MAY_BE_MISSING and shutil.which(word) is None for word in words):
            return Ran("", block.exit_status)
        return self._shell(command)

    def _shell(self, command: str) -> Ran:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", self._on_loopback(command)],
            cwd=self._here,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
        return Ran(done.stdout, done.returncode)

    def _on_loopback(self, text: str) -> str:
        origin = self._endpoint.url.removesuffix("/v1")
        return _ENDPOINT.sub(lambda found: found[1] + origin, text)


def _environment(base: Path) -> dict[str, str]:
    """That of a reader's shell: our programs, no network, no settings of the machine's.

    Args:
        base: where the user's cache and the guard of the network lie.
    """
    guard = base / "guard" / "sitecustomize.py"
    guard.parent.mkdir(exist_ok=True)
    shutil.copy(str(loopback_only.__file__), guard)
    own = environment(base / "home")
    return own | {
        "PYTHONPATH": str(guard.parent),
        "PYTEST_ADDOPTS": "-p no:hypothesispytest",
        "COLUMNS": COLUMNS,
        "PATH": f"{Path(sys.executable).parent}:{own.get('PATH', '')}",
    }


def _is_compared(block: Block, ran: Ran) -> bool:
    """Whether what a text block quotes is the same in every run: what stand-ins of the package give, or said to be."""
    return not {"not compared", "recorded"} & set(block.options) and (
        "output" in block.options or "(a stand-in)" in ran.output
    )


def _until_new(blocks: Sequence[Block]) -> Iterable[Block]:
    yield blocks[0]
    for block in blocks[1:]:
        if "new folder" in block.options:
            return
        yield block


def _words(block: Block, line: int, command: str) -> list[str]:
    """A command's words, each program of which is one that the harness knows how to run."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        block.fail(f"not a command ({error}): {command}", line)
    program = True
    for word in words:
        if program and "=" in word and word.partition("=")[0].isidentifier():
            continue  # VARIABLE=value before a command
        known = word in _RUN or word in ("export", "unset", "cd") or install_fault(words) is not None
        if program and not known:
            known_ones = ", ".join(sorted(_RUN))
            block.fail(f"no rule for {word!r}: neither {known_ones}, nor <!-- not run: why --> before the block", line)
        program = word in ("&&", "||", "|", ";")
    return words


# What a page quotes of a run on real recordings, which lie beside the checkout or not at all.

RECORDINGS = ROOT.parent / "shared"


def recorded(block: Block, folder: Path) -> str:
    """What the last of the commands of an option `recorded` prints: arguments of pytest, with ; between commands.

    Args:
        folder: an empty one, where `mt_bench` and `human_votes` lead to the recordings.
    """
    for name in ("mt_bench", "human_votes"):
        (folder / name).symlink_to(RECORDINGS / name)
    own = _environment(folder) | {"MTBENCH_DATA": str(RECORDINGS / "mt_bench"), "OPENAI_API_KEY": "sk-..."}
    output = ""
    for arguments in block.options["recorded"].split(" ; "):
        command = [sys.executable, "-m", "pytest", *shlex.split(arguments)]
        done = subprocess.run(
            command, cwd=folder, env=own, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        output = done.stdout
    return output
