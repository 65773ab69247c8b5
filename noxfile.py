"""The versions that the package promises to work with.

`pip install "nox[uv]"`, then `nox --list`, `nox` for all of them, `nox -s lowest` or `nox -s tests-3.12` for one;
what stands behind `--` goes to pytest in the place of the tests below.  A Python that is not there is passed over.
"""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

OLDEST, *_, NEWEST = PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
INTEGRATION = ("cache_modes", "errors", "gates", "hooks", "items", "junit", "pairwise", "regression", "turn_fixture")
"""A fair part, since each file is run a dozen times here."""
TESTS = ("-q", "tests/unit", *(f"tests/integration/test_{name}.py" for name in INTEGRATION))
BESIDE = "tests/integration/test_beside_plugins.py"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every Python, with the newest of everything."""
    session.install("-e", ".[test]")
    session.run("pytest", *(session.posargs or TESTS))


@nox.session(python=(OLDEST, NEWEST))
@nox.parametrize("pin", ("pytest==8.0.0", "openai==2.0.0"))
def pinned(session: nox.Session, pin: str) -> None:
    """The oldest of one dependency beside the newest of all others."""
    session.install("-e", ".[test]", pin)
    session.run("pytest", *(session.posargs or TESTS))


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """The oldest of every dependency of the package, as `pyproject.toml` has them."""
    found = f"{session.create_tmp()}/lowest.txt"
    session.run_install(
        "uv", "pip", "compile", "--quiet", "--resolution=lowest-direct", f"--python-version={OLDEST}",
        "pyproject.toml", f"--output-file={found}", external=True,
    )  # fmt: skip
    session.install("-e", ".[test]", "--constraint", found)
    session.run("pytest", *(session.posargs or TESTS))


@nox.session(python="3.12")
def plugins(session: nox.Session) -> None:
    """Beside the plugins that many projects have; none of them is loaded by the run that starts the others."""
    session.install("-e", ".[test,plugins]")
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    session.run("pytest", "-p", "timeout", *(session.posargs or ("-q", BESIDE)), env=own)


@nox.session(python=NEWEST)
def windows(session: nox.Session) -> None:
    """Types as they are on Windows, where none of the functions of POSIX is known."""
    session.install("-e", ".[test]")
    session.run("mypy", "--platform=win32", "-p", "pytest_mtbench")
