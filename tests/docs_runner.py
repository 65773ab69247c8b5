"""Runs a page's blocks from top to bottom in an empty folder, as a reader would, with stand-ins for every endpoint."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.schema import SuiteContent

from . import loopback_only
from .conftest import environment
from .docs import ROOT, Block
from .installing import install_fault
from .server import Asked, Server
from .sets import write_jsonl

COLUMNS = "80"
_SECONDS = 100
_ENDPOINT = re.compile(
    r"""((?:base[-_]url|azure_endpoint)["']?\s*[:=]\s*["']?|OPENAI_BASE_URL=["']?)(https?://[^/\s"',})]+)"""
)
_RUN = frozenset(
    {
        "pytest",
        "python",
        "python3",
        "jq",
        "cat",
        "ls",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "echo",
        "head",
        "tail",
        "grep",
        "sort",
        "test",
    }
)
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


def check_file(block: Block) -> None:
    """Whether a file, or a part of one, is what its language says.

    Raises:
        PageError: it is not.
    """
    try:
        if block.language == "yaml":
            _check_yaml(block)
        elif block.language == "python":
            compile(block.text, block.page, "exec")
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml" and sys.version_info >= (3, 11):
            import tomllib

            tomllib.loads(block.text)
    except (SyntaxError, ValueError, yaml.YAMLError, ConfigError) as error:
        block.fail(f"not valid {block.language}: {error}")


def _check_yaml(block: Block) -> None:
    if is_suite(block):
        SuiteFile.from_text(block.text, f"{block.page}:{block.line}")


def is_suite(block: Block) -> bool:
    """Whether a block of YAML is a suite file or a part of one, by its name or by its keys."""
    data = yaml.safe_load(block.text)
    keys = set(data) if isinstance(data, dict) else set()
    fields = SuiteContent.model_fields
    known = {*fields, *(str(field.validation_alias) for field in fields.values() if field.validation_alias)}
    return (block.name or "").endswith("mtbench.yaml") or (bool(keys) and keys <= known)


# What a page quotes of a command's output.

_TIMES = re.compile(r"\b\d+(?:\.\d+)? ?s\b(?: \(\d+:\d+:\d+\))?")


def shown(text: str) -> list[str]:
    """Lines without what differs from run to run: times, and the rules that pytest draws to the terminal's width."""
    return [re.sub(r"={2,}|-{20,}", "=", _TIMES.sub("T s", line)).strip() for line in text.splitlines()]


def quotation_fault(quoted: str, output: str) -> str | None:
    """What of a quotation is not in the output; a line `...` stands for any lines."""
    printed = shown(output)
    start = 0
    for part in _parts(quoted):
        places = range(start, len(printed) - len(part) + 1)
        found = next((place for place in places if printed[place : place + len(part)] == part), None)
        if found is None:
            known = set(printed)
            strange = next((line for line in part if line not in known), part[0])
            return f"not in the output, or not in this order: {strange!r}"
        start = found + len(part)
    return None


def _parts(quoted: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in shown(quoted):
        if line == "...":
            parts.append([])
        else:
            parts[-1].append(line)
    return [part for part in parts if part]


def requoted(quoted: str, output: str) -> str | None:
    """The quotation with the output's figures in it; None where the output has other words."""
    printed = output.splitlines()
    lines, place = [], 0
    for line in quoted.splitlines():
        if line.strip() == "...":
            lines.append(line)
            continue
        form = _form(line)
        found = next((n for n in range(place, len(printed)) if _form(printed[n]) == form), None)
        if found is None:
            return None
        same = shown(line) == shown(printed[found])
        lines.append(line if same else printed[found].rstrip())
        place = found + 1
    return "\n".join(lines) + "\n"


def _form(line: str) -> str:
    """What of a line stays where only its figures change."""
    return re.sub(r"\s+", " ", re.sub(r"q?[\d.,]+", "0", shown(line)[0] if line.strip() else "")).strip()


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
