"""What is collected, what is asked of pytest itself, and that nothing is read or made that a run does not need."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from ..sets import QUESTIONS, write_set
from .conftest import Bench, item_ids

USES_TURNS = "def test_it(mtbench_turn): pass"
PASSING = "def test_passes(): pass"


# When the built-in suite or that of the rootdir is added.


def test_files_and_ids_alone_and_users_of_turns_add_no_suite(bench: Bench) -> None:
    bench.pytester.makepyfile(test_plain=PASSING, test_turns=USES_TURNS)
    assert item_ids(bench.run("--co", "-q", "test_plain.py")) == ["test_plain.py::test_passes"]
    assert {name.partition("::")[0] for name in item_ids(bench.run("--co", "-q"))} == {"test_plain.py", "test_turns.py"}
    (bench.path / "test_turns.py").unlink()
    assert len(item_ids(bench.run("--co", "-q"))) == 1 + 9


def test_the_named_suite_runs_whatever_else_is_collected(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("categories: [trivia]\n", "conf/prod.yaml")
    bench.suite("categories: [math]\n", "a.mtbench.yaml")
    bench.pytester.makepyfile(test_turns=USES_TURNS)
    result = bench.plain("-v", "a.mtbench.yaml", "test_turns.py", "--mtbench-suite=conf/prod.yaml", *xdist)
    result.assert_outcomes(passed=4 + 1 + 1)  # the test reads the named suite
    assert sum("MT-Bench: m" in line for line in result.outlines) == 2
    again = bench.plain("--mtbench-model=m", "--co", "-q", ".", "--mtbench-suite=conf/prod.yaml")
    assert item_ids(again).count("conf/prod.yaml::trivia[qfive-turn1]") == 1
    for option, message in (
        ("absent.yaml", "--mtbench-suite=absent.yaml: no such file"),
        ("", "argument --mtbench-suite: must be a path, not ''"),
    ):
        refused = bench.plain("a.mtbench.yaml", f"--mtbench-suite={option}")
        assert refused.ret == 4
        assert message in refused.stderr.str()


def test_a_suite_file_called_as_the_built_in_suite_is_read(bench: Bench) -> None:
    bench.suite("thresholds: {overall: 9.9}\n", "mtbench")
    result = bench.plain("--mtbench-model=m", "--mtbench-suite=mtbench")
    result.assert_outcomes(passed=9, failed=1)
    bench.plain("--mtbench-model=m", "--mtbench-suite=mtbench", "mtbench::gate[overall]").assert_outcomes(failed=1)


def test_a_suite_outside_the_rootdir_has_pytests_own_id(bench: Bench) -> None:
    inner = bench.path / "inner"
    inner.mkdir()
    (bench.path / "tox.ini").rename(inner / "pytest.ini")
    bench.suite("thresholds: {categories: {trivia: 5}}\n", "outside/a.mtbench.yaml")
    result = bench.plain(
        "--rootdir=inner", "-c", "inner/pytest.ini", "outside/a.mtbench.yaml", "--mtbench-report=r.json"
    )
    result.assert_outcomes(passed=10)
    assert [gate["id"] for gate in bench.report("r.json")["gates"]] == ["../outside/a.mtbench.yaml::gate[trivia]"]


# Which suite files are read.


def test_only_suite_files_that_pytest_collects_are_read(bench: Bench) -> None:
    for folder in ("old", "skipped", "deep/below", "deep/link", ".hidden"):
        bench.suite("unknown: 1\n", f"{folder}/a.mtbench.yaml")
    bench.suite("unknown: 1\n")
    bench.suite("categories: [trivia]\n", "elsewhere/b.mtbench.yaml")
    (bench.path / "tests").mkdir()
    (bench.path / "tests" / "link").symlink_to(bench.path / "elsewhere", target_is_directory=True)
    bench.pytester.makeconftest(
        "collect_ignore_glob = ['skipped/*', 'else*']\ncollect_ignore = ['deep/below', 'deep/link']"
    )
    options = ["--mtbench-model=m", "--mtbench-report=r.json", "--ignore=old", "--ignore=mtbench.yaml", "--co", "-q"]
    assert item_ids(bench.plain(*options)) == ["tests/link/b.mtbench.yaml::trivia[qfive-turn1]"]


def test_the_default_suite_of_a_test_is_known_before_collection(bench: Bench, xdist: Sequence[str]) -> None:
    odd = write_set(bench.path / "data" / "odd", [QUESTIONS[0] | {"category": "odd"}])
    (bench.path / "mtbench.yaml").write_text(bench.suite().read_text().replace(str(bench.questions), str(odd)))
    bench.suite("categories: [trivia]\n", "tests/a.mtbench.yaml")
    (bench.path / "tests" / "test_own.py").write_text(USES_TURNS)
    options = ["--mtbench-model=m", "--strict-markers", "tests", *xdist]
    result = bench.plain(*options)
    result.assert_outcomes(passed=1 + 2)
    assert sum("MT-Bench: m" in line for line in result.outlines) == 2
    refused = bench.plain(*options, "--mtbench-report=r.json")
    assert refused.ret != 0
    assert "INTERNALERROR" not in refused.stdout.str()
    assert "are of one suite, and this run has several" in refused.stdout.str()


def test_several_suites_and_none_before_the_others(bench: Bench) -> None:
    bench.suite("categories: [trivia]\n", "tests/a.mtbench.yaml")
    bench.suite("categories: [math]\n", "tests/b.mtbench.yaml")
    (bench.path / "tests" / "test_own.py").write_text(USES_TURNS)
    result = bench.plain("--mtbench-model=m", "tests")
    assert result.ret == 2
    result.stdout.fnmatch_lines(
        ["*mtbench_turn: this run has several suites (tests/a*tests/b*); --mtbench-suite=FILE *"]
    )


# `mtbench_turn`.


@pytest.mark.parametrize("mode", [["-p", "no:xdist"], ["-n2"]], ids=["no-xdist", "n2"])
def test_a_typo_in_a_marker_is_an_error_of_collection(bench: Bench, mode: list[str]) -> None:
    tests = [
        f"@pytest.mark.mtbench({mark})\ndef test_{n}(mtbench_turn): pass"
        for n, mark in enumerate(("category='maths'", "question='3'", "turn=3", "category='math', turn=2"))
    ]
    for number, test in enumerate(tests):
        (bench.path / f"test_{number}.py").write_text(f"import pytest\n{test}\n")
    result = bench.run(*mode)
    assert result.ret == (1 if "-n2" in mode else 2)
    assert bench.endpoint.asked == []
    text = result.stdout.str()
    assert "test_0.py::test_0: the mtbench marker names category='maths', which " in text
    assert "did you mean math?" in text
    assert "question='3'" in text
    assert "did you mean 3?" in text
    assert "turn=3" in text
    assert "there is 1, 2" in text
    assert not any(line.startswith("ERROR test_3.py -") for line in result.outlines)
    if "-n2" in mode:  # xdist runs what it has collected
        assert "ERROR test_3.py::test_3[q3-turn2] - Failed: not measured: other tests could" in text
    assert "INTERNALERROR" not in text


def test_a_turn_that_is_asked_for_late_is_not_skipped_in_silence(bench: Bench) -> None:
    bench.pytester.makepyfile("def test_it(request): request.getfixturevalue('mtbench_turn')")
    result = bench.run("-k", "test_it")
    result.assert_outcomes(failed=1, deselected=9)
    result.stdout.fnmatch_lines(["*mtbench_turn: name it as an argument of the test*"])


# Without a network, and without pytest's own plugins.


@pytest.mark.parametrize("option", ["--help", "--version", "--markers", "--fixtures", "--fixtures-per-test"])
def test_pytests_own_questions_need_no_question_set(bench: Bench, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    cache_home = bench.path / "cache-home"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there: the network is unplugged
    bench.pytester.makepyfile(test_own=USES_TURNS)
    bench.suite("", "a.mtbench.yaml")
    result = bench.plain(option, "--mtbench-model=m", "--mtbench-questions=mt_bench", "--mtbench-report=x/y/z.json")
    assert result.ret == 0
    assert not cache_home.exists()
    assert not (bench.path / "x").exists()


@pytest.mark.parametrize("option", ["--collect-only", "--setup-plan"])
def test_what_only_tells_makes_no_folder(bench: Bench, option: str) -> None:
    assert bench.run(option, "--mtbench-report=x/y/z.json", "--mtbench-export=out").ret == 0
    assert {path.name for path in bench.path.iterdir()}.isdisjoint({"x", "out", ".mtbench_cache"})


def test_a_report_that_cannot_be_written_costs_nothing(bench: Bench, xdist: Sequence[str]) -> None:
    (bench.path / "file").write_text("")
    result = bench.run("--mtbench-report=file/r.json", *xdist)
    assert result.ret == 4
    assert "file/r.json: cannot be written" in result.stderr.str()
    assert bench.endpoint.asked == []


def test_without_other_plugins(bench: Bench) -> None:
    names = ("xdist", "setupplan", "terminal", "junitxml", "cacheprovider", "setuponly", "stepwise")
    without = [part for name in names for part in ("-p", f"no:{name}")]
    result = bench.apart(*bench.model_options, *without, "--mtbench-report=r.json", "--mtbench-min=5")
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    assert [gate["status"] for gate in bench.report("r.json")["gates"]] == ["passed"]
    inactive = bench.plain("x" * 300 + ".mtbench.yaml")
    assert inactive.ret == 4
    assert "INTERNALERROR" not in inactive.stdout.str() + inactive.stderr.str()


# Small mistakes of the command line.


@pytest.mark.parametrize("option", ["cache-dir", "export", "baseline", "answers", "merge", "suite", "report"])
def test_an_empty_path_is_refused(bench: Bench, option: str) -> None:
    before = {path.name for path in bench.path.iterdir()}
    result = bench.run(f"--mtbench-{option}=")
    assert result.ret == 4
    assert f"argument --mtbench-{option}: must be a " in result.stderr.str()
    assert {path.name for path in bench.path.iterdir()} == before


def test_a_dry_run_of_nothing_finds_no_tests(bench: Bench) -> None:
    assert bench.run("--mtbench-dry-run", "-k", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert bench.run("--mtbench-dry-run", "-k", "math").ret == 0


def test_two_suites_that_share_an_endpoint_keep_the_lower_limit(bench: Bench) -> None:
    bench.suite("categories: [math]\nconcurrency: {model: 16}\n", "a.mtbench.yaml")
    bench.suite("categories: [writing]\nconcurrency: {model: 1}\n", "b.mtbench.yaml")
    bench.endpoint.latency = 0.02
    bench.plain("a.mtbench.yaml", "b.mtbench.yaml").assert_outcomes(passed=8)
    assert bench.endpoint.most_in_flight[False] == 1


_RERUN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=item, log=False)
    if hasattr(item, "_initrequest"):  # of a function: its fixtures are asked for again
        item._initrequest()
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


def test_a_second_try_says_nothing_twice(bench: Bench) -> None:
    bench.pytester.makeconftest(_RERUN)
    bench.pytester.makepyfile(test_own="def test_it(mtbench_turn): pass")
    options = ("--mtbench-min=math=5", "--junitxml=out.xml", "-o", "junit_logging=system-out")
    bench.run("mtbench::math", "test_own.py", "mtbench::gate", *options)
    for case in ET.parse(bench.path / "out.xml").iter("testcase"):
        names = [one.get("name") for one in case.iter("property")]
        assert len(names) == len(set(names)) > 0
        assert "".join(out.text or "" for out in case.iter("system-out")).count("judgment:\n") <= 1


_RETRY = """
import pytest

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    # As pytest-retry 1.7 does.
    report = (yield).get_result()
    if call.when != "call" or not report.failed:
        return
    nextitem = pytest.Class.from_parent(item.session, name="none")
    pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_teardown(item=item, nextitem=nextitem), when="teardown")
    item._initrequest()
    pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_setup(item=item), when="setup")
    again = pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_call(item=item), when="call")
    report.outcome = pytest.TestReport.from_item_and_call(item, again).outcome
"""


def test_a_plugin_that_tries_failures_again_changes_no_verdict(bench: Bench) -> None:
    bench.pytester.makeconftest(_RETRY)
    bench.suite("thresholds: {floor: 9, overall: 9, categories: {math: 8}}\n")
    result = bench.plain("mtbench.yaml")
    result.assert_outcomes(failed=10, passed=1)
    assert result.ret == 1
    assert "INTERNALERROR" not in result.stdout.str()
    assert len(bench.endpoint.asked) == 18
