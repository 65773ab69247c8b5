from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import Endpoint
from .sets import write_set

pytest_plugins = ["pytester", "tests.loopback_only"]

# What a developer's shell may hold and a test must not see.
_AMBIENT = (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "MTBENCH_JUDGE_API_KEY", "MTBENCH_DATA", "AZURE_OPENAI_API_KEY", "COLUMNS",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "PYTEST_ADDOPTS",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Here and not in pyproject.toml, which the quickstart reads as well, where pytest-timeout is not installed.
    for item in items:
        item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No key, no proxy, no user's cache folder; processes that a test starts reach loopback alone."""
    for name in _AMBIENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache-home")))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p tests.loopback_only")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A scripted OpenAI-compatible endpoint."""
    server = Endpoint()
    yield server
    server.close()


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """A folder with five questions in three categories."""
    return write_set(tmp_path / "small_set")
