"""When the plugin does something, and that it does nothing otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ..sets import TURNS
from .conftest import Bench, item_ids

HEAVY = {
    "openai", "diskcache", "yaml", "tabulate", "pydantic", "scipy", "numpy", "jinja2", "pooch", "httpx", "asyncio",
    "sqlite3", "ssl",
}  # fmt: skip
OWN = {
    "pytest_mtbench", "pytest_mtbench.plugin", "pytest_mtbench.plugin.arguments", "pytest_mtbench.plugin.hookspecs",
    "pytest_mtbench.plugin.option_types", "pytest_mtbench.plugin.options", "pytest_mtbench.untrusted",
    "pytest_mtbench.untrusted.paths", "pytest_mtbench.untrusted.text", "pytest_mtbench.untrusted.urls",
}  # fmt: skip
"""All that pytest imports of the package where nobody uses it; whatever joins them is paid for at every start."""
TELL = """
import atexit, gc, json, pathlib, sys, threading
def tell(name, values):
    pathlib.Path(f"{name}.json").write_text(json.dumps(values))
def pytest_unconfigure(config):
    tell("modules", sorted(sys.modules))
    tell("threads", [thread.name for thread in threading.enumerate()])
atexit.register(lambda: tell("frozen", gc.get_freeze_count()))
"""
PASSING = "def test_passes(): pass"


def told(bench: Bench, name: str) -> Any:
    return json.loads((bench.path / f"{name}.json").read_text())


def test_inactive_it_costs_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # Other plugins that happen to be installed import what they like.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p tests.loopback_only -p pytest_mtbench.plugin")
    bench.suite()
    bench.pytester.makeconftest(TELL)
    bench.pytester.makepyfile(PASSING)
    bench.apart()
    before = {path.name for path in bench.path.iterdir()}
    (bench.path / "modules.json").unlink()
    result = bench.apart()
    result.assert_outcomes(passed=1)
    modules = set(told(bench, "modules"))
    assert modules & HEAVY == set()
    assert {name for name in modules if name.startswith("pytest_mtbench")} == OWN
    assert (told(bench, "threads"), told(bench, "frozen")) == (["MainThread"], 0)
    assert {path.name for path in bench.path.iterdir() if "mtbench" in path.name} == {"mtbench.yaml"}
    assert {path.name for path in bench.path.iterdir() if "runpytest" not in path.name} <= before
    lines = [line for line in result.outlines if line.startswith("mtbench:")]
    assert lines == ["mtbench: mtbench.yaml is not run; name it: pytest mtbench.yaml"]
    assert "MT-Bench" not in result.stdout.str()


def test_with_everything_cached_openai_is_not_imported(bench: Bench) -> None:
    bench.run("-q").assert_outcomes(passed=9)
    bench.pytester.makeconftest(TELL)
    bench.apart(*bench.model_options).assert_outcomes(passed=9)
    assert HEAVY & set(told(bench, "modules")) == {
        "asyncio",
        "diskcache",
        "pydantic",
        "sqlite3",
        "ssl",
        "tabulate",
        "yaml",
    }
    assert len(bench.endpoint.asked) == 18
    assert told(bench, "frozen") > 10_000, "or the end of the interpreter takes long"


def test_a_process_for_each_item_is_refused(bench: Bench) -> None:
    bench.pytester.makeconftest("def pytest_addoption(parser): parser.addoption('--forked', action='store_true')")
    result = bench.run("--forked")
    assert result.ret == 4
    assert [line for line in result.errlines if line] == [
        "ERROR: --forked runs each item in a process of its own, which cannot reach the run's requests; leave it out"
    ]
    assert bench.endpoint.asked == []


def test_a_folder_with_a_suite_file_does_not_activate(bench: Bench) -> None:
    bench.suite()
    bench.pytester.makepyfile(PASSING)
    bench.plain(str(bench.path)).assert_outcomes(passed=1)
    assert bench.endpoint.asked == []


def test_a_named_suite_file_with_a_model_activates(bench: Bench) -> None:
    bench.suite()
    bench.plain("mtbench.yaml").assert_outcomes(passed=9)


def test_a_gate_that_is_typed_and_measures_nothing_is_refused(bench: Bench) -> None:
    bench.pytester.makepyfile(PASSING)
    for option in ("--mtbench-min=9", "--mtbench-dry-run"):
        result = bench.plain(option)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {option.partition('=')[0]}: nothing is measured without a model: *"])
    bench.pytester.makeini("[pytest]\naddopts = --mtbench-min=9\n")
    bench.plain().assert_outcomes(passed=1)  # it waits there for a run with a model


def test_a_named_suite_file_without_a_model_says_what_to_add(bench: Bench) -> None:
    (bench.path / "mtbench.yaml").write_text("judge: j\n")
    result = bench.plain("mtbench.yaml")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mtbench.yaml: names no model; add `model:`*--mtbench-model=NAME"])


def test_a_model_given_runs_the_suite_file_of_the_rootdir(bench: Bench) -> None:
    bench.suite("thresholds: {overall: 5}\n")
    result = bench.plain("--mtbench-model=other")
    result.assert_outcomes(passed=10)
    assert {asked.model for asked in bench.endpoint.answers} == {"other"}
    result.stdout.fnmatch_lines(
        ["mtbench: mtbench.yaml: *model other (--mtbench-model)*judge the-judge (mtbench.yaml)*"]
    )


def test_a_suite_outside_the_named_folder_is_added_all_the_same(bench: Bench) -> None:
    bench.suite()
    tests = bench.path / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text(PASSING)
    ids = item_ids(bench.plain("--mtbench-model=m", "--co", "-q", "tests"))
    assert "tests/test_it.py::test_passes" in ids
    assert "mtbench.yaml::math[q3-turn1]" in ids


def test_naming_single_tests_adds_no_suite(bench: Bench) -> None:
    bench.pytester.makepyfile(test_it=PASSING)
    assert item_ids(bench.run("--co", "-q", "test_it.py::test_passes")) == ["test_it.py::test_passes"]


def test_other_suite_files_are_collected_by_their_suffix(bench: Bench) -> None:
    bench.suite("categories: [math]\n", "smoke.mtbench.yaml")
    ids = item_ids(bench.plain("--mtbench-model=m", "--co", "-q"))
    assert ids == [f"smoke.mtbench.yaml::math[q{n}-turn{turn}]" for n in (3, 4) for turn in (1, 2)]


def test_the_suite_option_names_a_file_of_any_name(bench: Bench) -> None:
    bench.suite("categories: [trivia]\n", "conf/prod.yaml")
    result = bench.plain("--mtbench-model=m", "--mtbench-suite=conf/prod.yaml", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["conf/prod.yaml::trivia?qfive-turn1? PASSED*"])
    again = bench.plain("--mtbench-model=m", "--mtbench-suite=conf/prod.yaml", "conf/prod.yaml::trivia[qfive-turn1]")
    again.assert_outcomes(passed=1)


def test_two_suites_of_one_run_each_have_a_table(bench: Bench) -> None:
    bench.suite("categories: [math]\n", "a.mtbench.yaml")
    bench.suite("categories: [trivia]\n", "b.mtbench.yaml")
    result = bench.plain("a.mtbench.yaml", "b.mtbench.yaml")
    result.assert_outcomes(passed=5)
    assert sum("MT-Bench: m" in line for line in result.outlines) == 2


def test_one_report_cannot_hold_two_suites(bench: Bench) -> None:
    bench.suite("categories: [math]\n", "a.mtbench.yaml")
    bench.suite("categories: [trivia]\n", "b.mtbench.yaml")
    result = bench.plain("a.mtbench.yaml", "b.mtbench.yaml", "--mtbench-report=r.json")
    assert result.ret == 4
    assert bench.endpoint.asked == []
    result.stderr.fnmatch_lines(["*name one of them on the command line*"])


def test_the_header_shows_what_is_not_a_default_and_where_it_came_from(bench: Bench) -> None:
    bench.suite("runs: 1\nconcurrency: {model: 3}\n")
    result = bench.plain("mtbench.yaml", "--mtbench-judge-concurrency=2", "--co", "-q", "-q")
    assert "mtbench:" not in result.stdout.str()
    header = next(
        line for line in bench.plain("mtbench.yaml", "--mtbench-limit=1", "--co").outlines if "mtbench:" in line
    )
    assert "concurrency 3 (mtbench.yaml)" in header
    assert "limit 1 (--mtbench-limit)" in header
    assert "runs" not in header
    assert "mtbench:" not in bench.plain("mtbench.yaml", "--no-header", "--co").stdout.str().split("collected")[0]


def not_run(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "is not run; name it" in line]


def test_a_suite_file_that_is_not_run_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.suite()
    bench.suite(name="other.mtbench.yaml")
    tests = bench.path / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text(PASSING)
    line = "mtbench: mtbench.yaml is not run; name it: pytest mtbench.yaml"
    for arguments in ([], ["tests"], ["other.mtbench.yaml"], ["--mtbench-model=m", "tests/test_it.py::test_passes"]):
        assert not_run(bench.plain(*arguments)) == [line], arguments
    for arguments in (["mtbench.yaml"], ["--mtbench-model=m"], ["--mtbench-model=m", "tests"], ["-q"], ["--version"]):
        assert not_run(bench.plain(*arguments, "--co")) == [], arguments
    assert not_run(bench.plain("--ignore=mtbench.yaml")) == []
    monkeypatch.chdir(tests)
    (bench.path / "tox.ini").touch()
    line = "mtbench: ../mtbench.yaml is not run; name it: pytest ../mtbench.yaml"
    assert not_run(bench.apart("--rootdir=..")) == [line]
    (bench.path / "mtbench.yaml").unlink()
    assert "mtbench:" not in bench.plain().stdout.str()


def test_the_header_says_who_answers_and_who_judges(bench: Bench) -> None:
    def header(*options: str) -> str:
        return next(line for line in bench.run("--co", *options).outlines if "mtbench: mtbench: answers " in line)

    url = bench.endpoint.url
    judge = f"judge the-judge at {url}, the model's endpoint"
    assert header() == f"mtbench: mtbench: answers m at {url}; {judge}"
    assert header("--mtbench-judge-base-url=http://u:pw@127.0.0.1:9/v1").endswith(
        "; judge the-judge at http://127.0.0.1:9/v1"
    )
    assert header("--mtbench-against=other") == f"mtbench: mtbench: answers m at {url}; against other at {url}; {judge}"
    bench.run("--mtbench-export=out", "--mtbench-report=report.json")
    assert header("--mtbench-answers=report.json") == f"mtbench: mtbench: answers m, from the file report.json; {judge}"
    assert header("--mtbench-merge=report.json").startswith(
        "mtbench: mtbench: answers m, from the reports report.json;"
    )
    stored = header("--mtbench-against=out/model_answer/m.jsonl", "--mtbench-model=n")
    assert f"answers n at {url}; against m, from the file out/model_answer/m.jsonl; judge" in stored
    bench.pytester.makeconftest("def pytest_mtbench_generate(): return 'x'")
    assert header() == f"mtbench: mtbench: answers m, by pytest_mtbench_generate in conftest.py:1; {judge}"


@pytest.mark.parametrize("option", ["--help", "--version", "-VV", "--markers", "--fixtures", "--cache-show"])
@pytest.mark.parametrize("active", [False, True], ids=["inactive", "active"])
def test_pytests_own_questions_are_answered(bench: Bench, option: str, active: bool) -> None:
    result = bench.plain(option, *(bench.model_options if active else []))
    assert result.ret == 0
    assert "Traceback (most recent call last)" not in result.stdout.str() + result.stderr.str()
    assert bench.endpoint.asked == []


def test_a_named_suites_neighbours_are_left_alone(bench: Bench) -> None:
    bench.suite("categories: [math]\n", "a.mtbench.yaml")
    bench.suite("categories: [trivia]\nunknown: 1\n", "b.mtbench.yaml")
    result = bench.plain("a.mtbench.yaml", "--mtbench-report=r.json")
    result.assert_outcomes(passed=4)
    bench.plain("a.mtbench.yaml::math[q3-turn1]").assert_outcomes(passed=1)


def test_a_suite_that_the_command_lines_option_names_runs(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {overall: 9}\n", "gate.yaml")
    bench.pytester.makepyfile("def test_turn(mtbench_turn): pass")
    bench.plain("--mtbench-suite=gate.yaml", *xdist).assert_outcomes(passed=TURNS + TURNS, failed=1)
    bench.endpoint.clear()
    bench.pytester.makeini("[pytest]\naddopts = --mtbench-suite=gate.yaml\n")
    bench.plain(*xdist).assert_outcomes(skipped=1)
    assert not bench.endpoint.asked
