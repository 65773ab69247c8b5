"""Data flows one way: words, inputs, engine, scores, reports, and around them the shell that knows pytest."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import pytest_mtbench

PACKAGE = Path(pytest_mtbench.__file__).parent
NAME = PACKAGE.name
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"

WORDS = {"quotation", "game", "chat", "model", "tally", "errors", "text"}
ENGINE = {
    "client",
    "faults",
    "limits",
    "store",
    "cache",
    "budget",
    "replies",
    "tasks",
    "answering",
    "judging",
    "engine",
    "runner",
    "channel",
}
SCORES = {"scoring", "gates", "stats", "rating", "paired", "regression", "ranking"}

# Who may import what is slow to import or talks to the world; by the beginning of the module's name.
HEAVY = {
    "openai": ("client", "faults"),
    "httpx": ("client", "faults"),
    "diskcache": ("cache", "store"),
    "sqlite3": ("cache", "store"),
    "yaml": ("suite",),
    "pydantic": ("suite", "stored"),
    "scipy": ("stats", "ranking"),
    "numpy": ("stats",),
    "tabulate": ("report.",),
    "jinja2": ("report.",),
    "pooch": ("questions.",),
    "platformdirs": ("questions.",),
}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its name without the package's."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def is_folder(module: str) -> bool:
    return (PACKAGE / module.replace(".", "/")).is_dir()


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports, anywhere in it and also for types alone: full dotted names."""
    found: set[str] = set()
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = [NAME, *module.split(".")] if module else [NAME]
                up = node.level - 1 if is_folder(module) else node.level
                base = ".".join([*here[: len(here) - up], *([base] if base else [])])
            own = [f"{base}.{alias.name}" for alias in node.names]
            submodules = [name for name in own if name.removeprefix(f"{NAME}.") in modules()]
            found.update(submodules if len(submodules) == len(own) else [base, *submodules])
    return frozenset(found)


def tops(module: str) -> set[str]:
    """The packages of others that a module imports."""
    return {name.partition(".")[0] for name in imports(module)} - {NAME}


def ours(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    return {name.removeprefix(NAME).lstrip(".") for name in imports(module) if name.partition(".")[0] == NAME}


def shell() -> set[str]:
    """The modules that pyproject.toml lets import pytest."""
    text = PYPROJECT.read_text(encoding="utf-8")
    named = re.search(r'"pytest_mtbench/\{([\w,]+)\}\.py" = \["TID251"\]', text)
    assert named is not None, "per-file-ignores of TID251 has another form; read it anew"
    return set(named[1].split(","))


def test_the_reader_of_imports_sees_each_form() -> None:
    assert {"model", "turn"} <= ours("")
    assert {"fingerprint", "stored", "report.run_report"} <= ours("report.json_report")
    assert {"errors", "questions.jsonl", "model"} <= ours("questions.loading")
    assert "suite_yaml" in ours("suite")
    assert "openai" in tops("client")
    assert len(modules()) > 30


def test_only_the_shell_imports_pytest() -> None:
    importers = {module for module in modules() if tops(module) & {"pytest", "_pytest", "pluggy", "xdist"}}
    assert importers == shell()


def test_nobody_imports_pytests_private_modules() -> None:
    assert [module for module in modules() if "_pytest" in tops(module)] == []


def test_nothing_below_the_shell_imports_it() -> None:
    assert {module: found for module in set(modules()) - shell() if (found := ours(module) & shell())} == {}


@pytest.mark.parametrize("module", sorted(WORDS))
def test_words_import_the_standard_library_and_words_alone(module: str) -> None:
    assert ours(module) <= WORDS
    assert tops(module) <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("package", sorted(HEAVY))
def test_heavy_packages_stay_where_they_belong(package: str) -> None:
    importers = {module for module in modules() if package in tops(module)}
    assert {module for module in importers if not module.startswith(HEAVY[package])} == set()


def test_what_is_neither_engine_nor_shell_neither_waits_nor_talks() -> None:
    talks = {"openai", "httpx", "diskcache", "sqlite3", "socket", "asyncio", "threading", "subprocess"}
    pure = set(modules()) - ENGINE - shell() - {module for module in modules() if module.startswith("demo")}
    assert {module: found for module in pure if (found := tops(module) & talks)} == {}


def test_scores_know_words_and_scores_alone() -> None:
    allowed = WORDS | SCORES
    assert {module: found for module in SCORES if (found := ours(module) - allowed)} == {}


def test_the_engine_knows_no_file_no_score_and_no_report() -> None:
    def foreign(module: str) -> set[str]:
        return {
            name
            for name in ours(module)
            if name in {"scoring", "gates", "stats", "suite", "suite_yaml", "suites", "options", "merge", "fastchat"}
            or name.partition(".")[0] in {"report", "questions"}
        }

    assert {module: found for module in ENGINE if (found := foreign(module))} == {}


def test_inputs_know_no_engine_no_score_and_no_report() -> None:
    inputs = {module for module in modules() if module.startswith(("questions", "suite_yaml"))} | {"suite"}
    beyond = ENGINE | SCORES | {module for module in modules() if module.startswith("report")}
    assert {module: found for module in inputs if (found := ours(module) & beyond)} == {}


def test_reports_know_no_engine() -> None:
    reports = {module for module in modules() if module.startswith("report")}
    assert {module: found for module in reports if (found := ours(module) & ENGINE)} == {}


def test_no_module_imports_itself_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for name in sorted(ours(module) & set(modules()) - {""}):
                visit(name, (*path, module))
            done.add(module)

    for module in sorted(modules()):
        visit(module, ())


@pytest.mark.parametrize("module", ["pytest_mtbench", "pytest_mtbench.plugin"])
def test_being_installed_imports_nothing_heavy(module: str, tmp_path: Path) -> None:
    heavy = ["openai", "diskcache", "yaml", "tabulate", "pydantic", "scipy", "numpy", "jinja2", "pooch", "httpx"]
    code = f"import sys, {module}\nprint(*sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
