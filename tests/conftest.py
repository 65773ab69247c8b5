from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai  # pytester forgets what a run in this process imports, and these are slow to import
import pytest

import pytest_mtbench.files.report_rows  # noqa: F401
import pytest_mtbench.plugin.activation  # noqa: F401
import pytest_mtbench.plugin.controller  # noqa: F401
import pytest_mtbench.plugin.worker  # noqa: F401
from pytest_mtbench.domain.chat import ChatRequest
from pytest_mtbench.domain.endpoint import Endpoint
from pytest_mtbench.domain.errors import MTBenchError
from pytest_mtbench.domain.tally import CallCount
from pytest_mtbench.engine.client import OpenAIClient
from pytest_mtbench.engine.limits import Limiter
from pytest_mtbench.engine.terms import Terms

from .server import Server
from .sets import write_set

pytest_plugins = ["pytester", "tests.loopback_only", "tests.chromium"]

# What a developer's shell may hold and a test must not see.
_AMBIENT = (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "MTBENCH_JUDGE_API_KEY", "MTBENCH_DATA", "AZURE_OPENAI_API_KEY", "COLUMNS",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "PYTEST_ADDOPTS",
    "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI", "BUILD_NUMBER",
    "PYTHONDONTWRITEBYTECODE",  # or each of the many processes compiles everything anew
)  # fmt: skip

# hypothesis imports itself at the end of every run, which takes ten times as long as most of ours.
ADDOPTS = "-p tests.loopback_only -p no:hypothesispytest"


def pytest_configure(config: pytest.Config) -> None:
    # Whole files to a worker, in our order: chunks of tests leave nearly all that is slow to one worker, and what the
    # tests of a file share would be made by both.
    if config.getoption("dist", "no") == "load":
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slowest_first = ("real", "integration", "unit")
    tests = Path(__file__).parent
    items.sort(key=lambda item: slowest_first.index(item.path.relative_to(tests).parts[0]))
    # Here and not in pyproject.toml, which the quickstart reads as well, where pytest-timeout is not installed.
    for item in items:
        item.add_marker(pytest.mark.timeout(120))


AIOHTTP: Any = openai.DefaultAioHttpClient


class _Missing:
    """As the openai client has it where aiohttp is not installed."""

    def __init__(self, **_: object) -> None:
        raise RuntimeError("aiohttp is not for this test")


def _import_what_is_imported_late() -> None:
    """Makes one request and one that is refused, by whatever carries them.

    pytester forgets the modules that a run in this process has imported.  The HTTP client imports parts of itself
    late; imported a second time, its errors would be of other classes than those that it catches.
    """
    endpoint = Server()
    for carrier in (AIOHTTP, _Missing):
        for url in (endpoint.url, "http://127.0.0.1:9/v1"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(openai, "DefaultAioHttpClient", carrier)
                asyncio.run(_ask_once(url))
    endpoint.close()


async def _ask_once(url: str) -> None:
    client = OpenAIClient(Endpoint(url=url, connect_url=url, retries=0), Limiter(1))
    request = ChatRequest(url, "m", ({"role": "user", "content": "hello"},), 0.0, 1)
    with contextlib.suppress(MTBenchError):
        await client.complete(request, Terms((0,), CallCount()))
    await client.close()


_import_what_is_imported_late()


def environment(cache_home: Path) -> dict[str, str]:
    """That of a process which a test starts: no key, no proxy, no user's cache folder, and loopback as its network."""
    # Coverage of a run inside a run would be slow.
    dropped = {*_AMBIENT, "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    ours = {"XDG_CACHE_HOME": str(cache_home), "PYTEST_ADDOPTS": ADDOPTS, "PYTHONPATH": str(Path(__file__).parents[1])}
    return kept | ours


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same for what runs in this process, where httpx carries requests, as for most users."""
    monkeypatch.setattr(openai, "DefaultAioHttpClient", _Missing)
    ours = environment(tmp_path_factory.mktemp("cache-home"))
    for name in os.environ.keys() - ours.keys():
        monkeypatch.delenv(name)
    for name in ("XDG_CACHE_HOME", "PYTEST_ADDOPTS", "PYTHONPATH"):
        monkeypatch.setenv(name, ours[name])


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, which drops the options of the environment, with ours."""
    monkeypatch.setenv("PYTEST_ADDOPTS", ADDOPTS)
    return pytester


@pytest.fixture
def endpoint() -> Iterator[Server]:
    """A scripted OpenAI-compatible endpoint."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """A folder with five questions in three categories."""
    return write_set(tmp_path / "small_set")
