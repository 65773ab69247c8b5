"""Data flows one way: a wing imports those above it and its own files, and being installed costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

import pytest_mtbench

PACKAGE = Path(pytest_mtbench.__file__).parent
WINGS = (
    "domain", "untrusted", "protocol", "questions", "demo", "engine", "files", "scores", "suite", "report", "plugin",
)  # fmt: skip
STANDARD_LIBRARY_ALONE = ("domain", "untrusted", "protocol")
INSTALLED = {
    "diskcache", "jinja2", "openai", "platformdirs", "pooch", "pydantic", "pydantic_core", "pytest", "tabulate",
    "wcwidth", "yaml",
}  # fmt: skip
"""What the package brings with it; the tests' own environment holds much more."""


def imports(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports from, anywhere in it and also for types alone."""
    here = ".".join((PACKAGE.name, *path.relative_to(PACKAGE).parent.parts))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), here)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_every_folder_is_a_wing() -> None:
    assert {path.parent.name for path in PACKAGE.rglob("*.py") if path.parent.parent == PACKAGE} == set(WINGS)


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_imports_those_above_it_alone(wing: str) -> None:
    allowed = {"__future__", *WINGS[: WINGS.index(wing) + 1]}
    for path in (PACKAGE / wing).rglob("*.py"):
        names = [name.split(".") for name in imports(path)]
        assert {name[1] for name in names if name[0] == PACKAGE.name} <= allowed, path
        others = {name[0] for name in names} - {PACKAGE.name}
        assert wing not in STANDARD_LIBRARY_ALONE or others <= sys.stdlib_module_names, path
        assert wing == "plugin" or not others & {"pytest", "_pytest", "pluggy", "xdist"}, path
        assert others <= sys.stdlib_module_names | INSTALLED, path


@pytest.mark.parametrize("module", ["pytest_mtbench", "pytest_mtbench.plugin"])
def test_being_installed_imports_nothing_heavy(module: str, tmp_path: Path) -> None:
    heavy = {
        "openai", "diskcache", "yaml", "tabulate", "pydantic", "scipy", "numpy", "jinja2", "pooch", "httpx",
        "asyncio", "email", "ssl", "http",
    }  # fmt: skip
    # What pytest imports itself costs nothing more.
    new = f"import sys, pytest\nown = {{*sys.modules}}\nimport {module}\nnew = sys.modules.keys() - own"
    code = f"{new}\nprint(*sorted({heavy} & new))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
