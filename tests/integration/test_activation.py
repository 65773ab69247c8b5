"""When the plugin does something, and that it does nothing otherwise."""

from __future__ import annotations

import pytest

from .conftest import Bench, item_ids

HEAVY = ("openai", "diskcache", "yaml", "tabulate", "pydantic", "scipy", "jinja2", "pooch")
LIST_MODULES = f"""
import sys, pathlib, threading
def pytest_unconfigure(config):
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    pathlib.Path("loaded.txt").write_text(" ".join(loaded))
    pathlib.Path("threads.txt").write_text(" ".join(t.name for t in threading.enumerate()))
"""
PASSING = "def test_passes(): pass"


def test_inactive_it_costs_nothing(bench: Bench) -> None:
    bench.suite()
    bench.pytester.makeconftest(LIST_MODULES)
    bench.pytester.makepyfile(PASSING)
    bench.apart()
    before = {path.name for path in bench.path.iterdir()}
    (bench.path / "loaded.txt").unlink()
    result = bench.apart()
    result.assert_outcomes(passed=1)
    assert (bench.path / "loaded.txt").read_text() == ""
    assert "mtbench-engine" not in (bench.path / "threads.txt").read_text()
    assert {path.name for path in bench.path.iterdir() if "mtbench" in path.name} == {"mtbench.yaml"}
    assert {path.name for path in bench.path.iterdir() if "runpytest" not in path.name} <= before
    assert "mtbench:" not in result.stdout.str()
    assert "MT-Bench" not in result.stdout.str()


def test_with_everything_cached_openai_is_not_imported(bench: Bench) -> None:
    bench.run("-q").assert_outcomes(passed=9)
    bench.pytester.makeconftest(LIST_MODULES)
    bench.apart(*bench.model_options).assert_outcomes(passed=9)
    assert "openai" not in (bench.path / "loaded.txt").read_text().split()
    assert len(bench.endpoint.asked) == 18


def test_a_folder_with_a_suite_file_does_not_activate(bench: Bench) -> None:
    bench.suite()
    bench.pytester.makepyfile(PASSING)
    bench.plain(str(bench.path)).assert_outcomes(passed=1)
    assert bench.endpoint.asked == []


def test_a_named_suite_file_with_a_model_activates(bench: Bench) -> None:
    bench.suite()
    bench.plain("mtbench.yaml").assert_outcomes(passed=9)


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
