"""Beside the plugins that many projects have: the same scores, requests, table and exit status as without them.

They are installed apart (`nox -s plugins`), since whatever is installed is loaded by every run of pytest.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

import pytest

from ..chromium import Tabs
from ..conftest import environment
from ..server import Asked, Reply
from ..sets import CALLS, TURNS
from ..terminal import Terminal
from .conftest import Bench, table

PLUGINS = (
    "allure_pytest", "asyncio", "html", "pytest-retry", "pytest-split", "pytest_cov",
    "pytest_github_actions_annotate_failures", "randomly", "rerunfailures", "sugar", "timeout",
)  # fmt: skip
_MISSING = sorted({*PLUGINS} - {entry.name for entry in entry_points(group="pytest11")})

pytestmark = pytest.mark.skipif(bool(_MISSING), reason=f"needs the extra plugins; missing: {', '.join(_MISSING)}")

GATES = {"gate[math]", "gate[overall]"}
HOSTILE = """<script>document.title = "run"</script><img src=x onerror="document.title = 'run'"></textarea></pre>"""
FLAKY = """
import pytest
tries = []
@pytest.mark.flaky({again})
@pytest.mark.mtbench(category="trivia")
def test_flaky(mtbench_turn):
    tries.append(mtbench_turn.score)
    assert len(tries) > 1
"""


def varied(asked: Asked) -> str:
    """Scores that differ between turns."""
    return f"Rating: [[{1 + len(asked.prompt) % 9}]]"


def mixed(asked: Asked) -> str:
    """The same, and a question that gets none."""
    return "no rating" if "Name a colour" in asked.prompt else varied(asked)


class Stack:
    """A suite, and runs of it with the plugins that are named and no others."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.path = bench.path
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        bench.suite("thresholds: {overall: 5, categories: {math: 8}, floor: 3}\n")
        bench.endpoint.judge = mixed

    def run(self, plugins: str, *arguments: str) -> pytest.RunResult:
        """`pytest mtbench.yaml` with these plugins."""
        self.bench.endpoint.clear()
        loaded = [option for name in ("mtbench", *plugins.split()) for option in ("-p", name)]
        reports = ("--mtbench-report=report.json", "--junitxml=junit.xml")
        return self.bench.plain(*loaded, "mtbench.yaml", *reports, *arguments)

    def run_apart(self, plugins: str, *arguments: str) -> pytest.RunResult:
        """The same in a process of its own, for plugins that have to do with all of theirs."""
        self.bench.own_process = True
        return self.run(plugins, *arguments)

    def run_with_all(self, *arguments: str) -> pytest.RunResult:
        """The same with every plugin that is installed."""
        with self._monkeypatch.context() as patch:
            patch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
            return self.run_apart("", *arguments)

    def verdicts(self) -> dict[str, str]:
        """What became of each item, from JUnit's XML."""
        cases = ET.parse(self.path / "junit.xml").iter("testcase")
        kinds = ("failure", "error", "skipped")
        return {
            str(case.get("name")): next((kind for kind in kinds if case.find(kind) is not None), "passed")
            for case in cases
        }

    def facts(self, result: pytest.RunResult) -> dict[str, Any]:
        """All that no other plugin may change."""
        report = self.bench.report()
        assert sum("MT-Bench: " in line for line in result.outlines) == 1, result.stdout.str()
        return {
            "status": result.ret,
            "table": table(result),
            "verdicts": {name: said for name, said in self.verdicts().items() if not name.startswith("test_")},
            "asked": sorted(asked.prompt for asked in self.bench.endpoint.asked),
            **{key: report[key] for key in ("status", "exit_status", "scores", "gates", "turns", "calls")},
        }


@pytest.fixture
def stack(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A suite of which some turns and gates fail, pass, and are not rated."""
    return Stack(bench, monkeypatch)


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """What was found out once for all tests of this file."""
    return {}


@pytest.fixture
def alone(stack: Stack, known: dict[str, Any]) -> dict[str, Any]:
    """The facts of a run without any other plugin."""
    if not known:
        known |= stack.facts(stack.run(""))
        assert {*known["verdicts"].values()} == {"failure", "error", "passed"}
        (stack.path / ".mtbench_cache" / "cache.db").unlink()
    return known


def test_rerunfailures_leaves_alone_what_would_come_out_the_same(stack: Stack, alone: dict[str, Any]) -> None:
    stack.bench.pytester.makepyfile(FLAKY.format(again="reruns=1, reruns_delay=0"))
    result = stack.run("rerunfailures", ".", "--reruns=2", "--reruns-delay=60")
    assert stack.facts(result) == alone
    assert result.parseoutcomes()["rerun"] == 1


def test_rerunfailures_by_force_changes_nothing(stack: Stack, alone: dict[str, Any]) -> None:
    assert stack.facts(stack.run("rerunfailures", "--force-reruns=1", "--fail-on-flaky")) == alone


def test_retry_leaves_alone_what_would_come_out_the_same(stack: Stack, alone: dict[str, Any]) -> None:
    stack.bench.pytester.makepyfile(FLAKY.format(again="retries=1, delay=0"))
    result = stack.run("pytest-retry", ".", "--retries=2", "--retry-delay=60")
    assert stack.facts(result) == alone
    assert result.parseoutcomes()["retried"] == 1


def test_gates_wait_for_their_turns_in_any_order(stack: Stack, alone: dict[str, Any]) -> None:
    result = stack.run("randomly", "--randomly-seed=2", "-v")
    assert stack.facts(result) == alone
    order = list(stack.verdicts())
    assert order[0] in GATES


def test_no_gate_is_decided_on_a_share_of_its_turns(stack: Stack) -> None:
    stack.bench.endpoint.judge = varied
    stack.run("")
    whole = stack.verdicts()
    (stack.path / ".mtbench_cache" / "cache.db").unlink()
    seen: dict[str, str] = {}
    requests, decided = 0, []
    for group in ("1", "2"):
        result = stack.run("pytest-split", "--splits=2", f"--group={group}")
        assert seen.keys().isdisjoint(stack.verdicts())
        seen |= stack.verdicts()
        requests += len(stack.bench.endpoint.asked)
        decided.append({f"gate[{gate['id'].partition('[')[2]}" for gate in stack.bench.report()["gates"]})
        assert ("not run" in result.stdout.str()) is not bool(decided[-1])
    assert seen == whole
    assert decided == [set(), GATES]
    assert requests == CALLS


def test_what_is_late_is_an_error_in_a_line(stack: Stack) -> None:
    stack.bench.endpoint.answer = lambda asked: Reply("words", hang=30 if "rain" in asked.prompt else 0)
    stack.bench.endpoint.judge = lambda asked: "Rating: [[9]]"
    result = stack.run_apart("timeout", "--timeout=1", "--show-capture=no", "-k", "q1-turn1 or gate")
    assert result.ret == 1
    assert stack.verdicts() == {"writing[q1-turn1]": "error", "gate[math]": "passed", "gate[overall]": "error"}
    said = result.stdout.str()
    assert said.count("\nTimeout (>1.0s) from pytest-timeout. It was waiting for a turn to be measured") == 2
    assert "--timeout=0" in said
    assert "Traceback" not in said
    assert "runner.py" not in said
    result.stdout.fnmatch_lines(["mtbench.yaml: gate?overall? was selected and not decided"])


def test_coverage_counts_what_answers_in_our_threads(stack: Stack) -> None:
    stack.bench.pytester.makepyfile(
        bot="def reply(messages):\n    if messages:\n        return 'words'\n    return ''\n"
    )
    stack.bench.pytester.makeconftest(
        "import bot\ndef pytest_mtbench_generate(messages, question, turn, run):\n    return bot.reply(messages)\n"
    )
    stack.bench.endpoint.judge = lambda asked: "Rating: [[9]]"
    result = stack.run_apart("pytest_cov", "--cov=bot", "--cov-branch", "--cov-report=term")
    assert result.ret == 0
    assert len(stack.bench.endpoint.asked) == TURNS
    result.stdout.fnmatch_lines(["bot.py * 67%"])
    stack.facts(result)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_asyncio_has_a_loop_of_its_own(stack: Stack, mode: str) -> None:
    mark = "@pytest.mark.asyncio\n" if mode == "strict" else ""
    stack.bench.pytester.makepyfile(
        f"import asyncio, pytest\n{mark}async def test_own(mtbench_turn):\n"
        "    await asyncio.sleep(0)\n    assert mtbench_turn.answer == 'from a coroutine'\n"
    )
    stack.bench.pytester.makeconftest(
        "import asyncio\nasync def pytest_mtbench_generate(messages, question, turn, run):\n"
        "    await asyncio.sleep(0)\n    return 'from a coroutine'\n"
    )
    stack.bench.endpoint.judge = lambda asked: "Rating: [[9]]"
    options = (f"--asyncio-mode={mode}", "-o", "asyncio_default_fixture_loop_scope=function", "--asyncio-debug")
    result = stack.run("pytest_asyncio.plugin", ".", *options)
    assert result.ret == 0
    result.assert_outcomes(passed=2 * TURNS + len(GATES))
    assert len(stack.bench.endpoint.asked) == TURNS


def test_sugar_draws_alone(stack: Stack, alone: dict[str, Any]) -> None:
    stack.bench.endpoint.latency = 0.3
    command = [sys.executable, "-m", "pytest", "-p", "mtbench", "-p", "sugar", "mtbench.yaml", "--junitxml=junit.xml"]
    own = environment(stack.path) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TERM": "xterm-256color"}
    terminal = Terminal(command, stack.path, own, columns=100)
    try:
        lines = terminal.end()
    finally:
        terminal.close()
    assert terminal.process.returncode == 1
    start = next(number for number, line in enumerate(lines) if "MT-Bench: " in line)
    assert lines[start + 1 : start + 9] == [line.rstrip() for line in alone["table"][1:9]]
    assert sum("MT-Bench: " in line for line in lines) == 1
    assert not any("in flight" in line for line in lines)
    assert stack.verdicts() == alone["verdicts"]


def annotated(result: pytest.RunResult) -> Iterator[str]:
    """What GitHub's runner would take for one."""
    return (line for line in (*result.outlines, *result.errlines) if line.startswith("::"))


def test_github_gets_one_annotation_of_each_failure(
    stack: Stack, alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = stack.run("pytest_github_actions_annotate_failures")
    assert stack.facts(result) == alone
    found = list(annotated(result))
    wrong = [name for name, verdict in alone["verdicts"].items() if verdict in ("failure", "error")]
    assert len(found) == len(wrong)
    for name in wrong:
        (line,) = (line for line in found if name in line)
        message = line.split("::", 2)[2].removeprefix(name).removeprefix("%0A%0A")
        assert len(message) > 20, line


def test_allure_tells_items_apart(stack: Stack, alone: dict[str, Any]) -> None:
    own = "import pytest\n@pytest.mark.mtbench(category='math')\ndef test_own(mtbench_turn): pass\n"
    stack.bench.pytester.makepyfile(own)
    assert stack.facts(stack.run("allure_pytest", ".", "--alluredir=allure")) == alone
    results = [json.loads(path.read_text()) for path in (stack.path / "allure").glob("*-result.json")]
    assert len(results) == len({row["historyId"] for row in results}) == len(alone["verdicts"]) + 4
    said = {"passed": "passed", "failure": "failed", "error": "failed"}
    found = {row["name"]: row["status"] for row in results if not row["name"].startswith("test_")}
    assert found == {name: said[verdict] for name, verdict in alone["verdicts"].items()}
    for row in results:
        assert not row.get("descriptionHtml")
        assert all(one["type"] == "text/plain" for one in row.get("attachments", []))
        assert all(len(one["value"]) < 40 for one in row.get("parameters", []))


def test_all_of_them_at_once(stack: Stack, alone: dict[str, Any]) -> None:
    options = ("--reruns=1", "--timeout=60", "--html=page.html", "--alluredir=allure", "--cov=bot", "-W", "default")
    assert stack.facts(stack.run_with_all("-n2", *options)) == alone
    assert (stack.path / "page.html").exists()
    assert any((stack.path / "allure").iterdir())


# The last one: while Playwright runs, its event loop is this thread's, and pytest-asyncio's cannot be.
def test_html_shows_texts_and_runs_none(stack: Stack, tabs: Tabs) -> None:
    stack.bench.endpoint.answer = lambda asked: HOSTILE
    result = stack.run(
        "pytest_html.fixtures pytest_html.plugin pytest_metadata.plugin", "--html=page.html", "--self-contained-html"
    )
    assert result.ret == 1
    assert stack.verdicts().keys() > GATES
    page = tabs.open(stack.path / "page.html")
    page.get_by_text("Show all details").click()
    shown = page.inner_text("body")
    assert shown.count(HOSTILE) >= TURNS
    assert "gate[math]" in shown
    assert page.title() == "page.html"
