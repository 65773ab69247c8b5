"""Node ids, markers, selection, and pytest's own options on the items."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from .conftest import Bench, item_ids

ALL_TURNS = [
    "writing[q1-turn1]", "writing[q1-turn2]", "writing[q2-turn1]", "writing[q2-turn2]",
    "math[q3-turn1]", "math[q3-turn2]", "math[q4-turn1]", "math[q4-turn2]", "trivia[qfive-turn1]",
]  # fmt: skip
THRESHOLDS = "thresholds: {overall: 5, turns: {2: 4}, categories: {math: 6}}\n"


def failing(bench: Bench, prompt: str = "6 times 7", score: int = 2) -> None:
    """Makes the judge give a low score to the answers to one question."""
    bench.endpoint.judge = lambda asked: f"Rating: [[{score if prompt in asked.prompt else 8}]]"


def test_ids_without_a_suite_file(bench: Bench) -> None:
    assert item_ids(bench.run("--co", "-q")) == [f"mtbench::{name}" for name in ALL_TURNS]


def test_ids_of_a_suite_file_and_its_gates(bench: Bench) -> None:
    bench.suite(THRESHOLDS)
    ids = item_ids(bench.plain("mtbench.yaml", "--co", "-q"))
    assert ids == [f"mtbench.yaml::{name}" for name in (*ALL_TURNS, "gate[math]", "gate[turn2]", "gate[overall]")]


@pytest.mark.parametrize("with_file", [True, False], ids=["file", "virtual"])
def test_every_printed_id_can_be_pasted_back(bench: Bench, with_file: bool) -> None:
    options = ["mtbench.yaml"] if with_file else [*bench.model_options, "--mtbench-min=math=6"]
    if with_file:
        bench.suite(THRESHOLDS)
    more = [] if with_file else options
    printed = item_ids(bench.plain(*options, "--co", "-q"))
    for pasted in (printed[::2], printed[1::2]):  # each brings itself and no neighbour
        assert item_ids(bench.plain(*more, "--co", "-q", *pasted)) == pasted


def test_ids_printed_below_the_rootdir_can_be_pasted_there(bench: Bench) -> None:
    below = bench.path / "below"
    below.mkdir()
    options = [option.replace("data/small", "../data/small") for option in bench.model_options]
    bench.pytester.chdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(below)
        shown = [line.split()[1] for line in bench.plain(*options).outlines if line.startswith("   8.00  ")]
        assert len(shown) == 5
        assert shown[0] == "../mtbench::writing[q1-turn1]"
        bench.plain(*options, shown[0]).assert_outcomes(passed=1)


def test_an_id_that_does_not_exist(bench: Bench) -> None:
    result = bench.run("mtbench::math[q99-turn1]")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: not found: mtbench::math?q99-turn1?"])
    assert bench.endpoint.asked == []


def test_one_category_by_its_name(bench: Bench) -> None:
    bench.suite(THRESHOLDS)
    assert len(item_ids(bench.plain("mtbench.yaml::math", "--co", "-q"))) == 4
    bench.plain("mtbench.yaml::math").assert_outcomes(passed=4)
    assert len(bench.endpoint.asked) == 8


@pytest.mark.parametrize(
    "expression, count", [("math", 5), ("math or trivia", 6), ("turn2", 5), ("mtbench_gate", 3), ("mtbench", 12)]
)
def test_markers_select(bench: Bench, expression: str, count: int) -> None:
    bench.suite(THRESHOLDS)
    assert len(item_ids(bench.plain("mtbench.yaml", "--co", "-q", "-m", expression))) == count


def test_markers_take_arguments_and_are_listed(bench: Bench) -> None:
    bench.suite()
    if pytest.version_tuple >= (8, 3):  # from there on -m takes arguments
        ids = item_ids(bench.plain("mtbench.yaml", "--co", "-q", "-m", "mtbench(category='math', turn=2)"))
        assert ids == ["mtbench.yaml::math[q3-turn2]", "mtbench.yaml::math[q4-turn2]"]
    result = bench.plain("mtbench.yaml", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.mtbench(*", "@pytest.mark.mtbench_gate*", "@pytest.mark.math*"])


def test_deselected_items_cost_nothing(bench: Bench, xdist: Sequence[str]) -> None:
    bench.run("-k", "math and turn1", *xdist).assert_outcomes(passed=2, deselected=0 if "-n2" in xdist else 7)
    assert len(bench.endpoint.answers) == 2
    assert len(bench.endpoint.judgments) == 2


def test_a_second_turn_alone_needs_the_first_answer_but_not_its_judgment(bench: Bench) -> None:
    bench.run("mtbench::math[q3-turn2]").assert_outcomes(passed=1)
    assert len(bench.endpoint.answers) == 2
    assert len(bench.endpoint.judgments) == 1


@pytest.mark.parametrize("option", ["--collect-only", "--co -q", "--setup-plan", "--markers", "--fixtures"])
def test_listing_makes_no_request(bench: Bench, option: str) -> None:
    bench.suite(THRESHOLDS)
    assert bench.plain("mtbench.yaml", *option.split()).ret == 0
    assert bench.endpoint.asked == []
    assert not (bench.path / ".mtbench_cache").exists()


def test_a_broken_test_module_stops_the_run_before_it_costs(bench: Bench) -> None:
    bench.pytester.makepyfile(test_broken="raise RuntimeError")
    assert bench.run().ret == 2
    assert bench.endpoint.asked == []


def test_first_failure_ends_the_run(bench: Bench) -> None:
    bench.suite("thresholds: {floor: 5}\n")
    failing(bench, "rain")
    result = bench.plain("mtbench.yaml", "-x")
    assert result.ret == 1
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*MT-Bench: m*", "writing*", "requests: *"])


def test_last_failed_and_failed_first_and_stepwise(bench: Bench) -> None:
    failing(bench)
    options = ["--mtbench-suite=floor.yaml"]
    bench.suite("thresholds: {floor: 5}\n", "floor.yaml")
    bench.run(*options).assert_outcomes(passed=7, failed=2)
    bench.run(*options, "--lf").assert_outcomes(failed=2)
    assert item_ids(bench.run(*options, "--ff", "--co", "-q"))[0] == "floor.yaml::math[q3-turn1]"
    bench.run(*options, "--sw").assert_outcomes(passed=4, failed=1)
    bench.run(*options, "--sw").assert_outcomes(failed=1)
    assert len(bench.endpoint.asked) == 18


def test_last_failed_without_a_suite_file(bench: Bench) -> None:
    bench.pytester.makepyfile(test_own="def test_fails(): assert False")
    failing(bench)
    bench.run("--mtbench-min=math=6").assert_outcomes(passed=9, failed=2)
    bench.run("--mtbench-min=math=6", "--lf").assert_outcomes(failed=2)


def test_junit_xml_carries_the_score(bench: Bench) -> None:
    bench.run("--junitxml=out.xml")
    cases = {case.get("name"): case for case in ET.parse(bench.path / "out.xml").iter("testcase")}
    properties = {item.get("name"): item.get("value") for item in cases["math[q3-turn2]"].iter("property")}
    assert properties == {"score": "8", "category": "math", "turn": "2", "judge": "the-judge", "cached": "false"}


def test_warnings_as_errors_durations_and_no_terminal(bench: Bench) -> None:
    bench.run("-W", "error", "--durations=3", "--maxfail=2").assert_outcomes(passed=9)
    result = bench.run("-p", "no:terminal", "--mtbench-report=report.json")
    assert result.ret == 0
    assert bench.report()["scores"]["overall"]["mean"] == 8


def test_random_ids_and_categories_survive(bench: Bench) -> None:
    rows = [
        {"question_id": "a b/ü::[x]", "category": "C++ & co::[1]", "turns": ["Hello there."]},
        {"question_id": "e\x1b[31m\n", "category": "skip", "turns": ["Hello you."]},
    ]
    from ..sets import write_set

    write_set(bench.questions, rows)
    ids = item_ids(bench.run("--co", "-q"))
    assert len(ids) == 2
    assert "\x1b" not in "".join(ids)
    for node_id in ids:
        bench.run(node_id).assert_outcomes(passed=1)
