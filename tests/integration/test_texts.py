"""What a reader sees of single turns and of gates, how often, and in which colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from ..sets import write_jsonl
from .conftest import Bench, flowing

FAILING = "thresholds: {floor: {math: 5}, categories: {math: 6}}\n"
PASSED_TEXTS = [
    "question, turn 1:", "  | What is 6 times 7?", "answer:", "  | an answer to: What is 6 times 7?", "reference:",
    "  | 42", "judgment:", "  | It is fine. Rating: [[8]]", "score 8",
]  # fmt: skip
SECOND_TEXTS = [
    "score 4 is below the floor 5 of math", "question, turn 1:", "  | What is 6 times 7?", "answer, turn 1:",
    "  | an answer to: What is 6 times 7?", "question, turn 2:", "  | And that minus 2?", "answer:",
    "  | an answer to: And that minus 2?", "reference:", "  | 40", "judgment:", "  | Hm. Rating: [[4]]",
]  # fmt: skip


def fail_math(bench: Bench, rest: int = 9) -> None:
    bench.endpoint.judge = lambda asked: f"Hm. Rating: [[{4 if 'CORRECT SOLUTION' in asked.prompt else rest}]]"


def holds(lines: Sequence[str], block: Sequence[str]) -> bool:
    """Whether a block of lines stands there as a whole."""
    return any(list(lines[start : start + len(block)]) == list(block) for start in range(len(lines)))


# -- single turns


@pytest.mark.parametrize("options", [("-rP",), ("-rA",), ("-rA", "-n2")])
def test_a_turn_that_passed_shows_its_texts_to_whoever_asks(bench: Bench, options: Sequence[str]) -> None:
    lines = bench.run(*options, "-k", "q3").outlines
    assert holds(lines, PASSED_TEXTS)
    assert "  | And that minus 2?" in lines
    assert "  | What is 6 times 7?" not in bench.run(*options[1:], "-k", "q3").outlines


def test_junits_system_out_has_them(bench: Bench) -> None:
    bench.run("-k", "q3 and turn1", "--junitxml=j.xml", "-o", "junit_logging=system-out")
    (out,) = ET.parse(bench.path / "j.xml").iter("system-out")
    assert holds(str(out.text).splitlines(), PASSED_TEXTS)


def test_verbose_shows_score_and_answer_and_more_verbose_all_of_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = [line for line in bench.run("-k", "q3 and turn1", "-v").outlines if "PASSED" in line]
    assert re.fullmatch(r"mtbench::math\[q3-turn1\] PASSED \(score 8: an answer to: What.*\.\.\.\) +\[100%\]", line)
    assert len(line) <= 80
    lines = bench.run("-k", "q3 and turn1", "-vv", "-rA").outlines
    start = lines.index("mtbench::math[q3-turn1] PASSED")
    assert [*lines[start + 1 : start + 9], lines[start + 9].split("  ")[0]] == PASSED_TEXTS
    assert "PASSED mtbench::math[q3-turn1]" in lines, "pytest's short summary has its own words"
    monkeypatch.setenv("COLUMNS", "40")
    bench.run("-k", "q3 and turn1", "-v").stdout.re_match_lines([r"mtbench::math\[q3-turn1\] PASSED \(score 8\)"])


def test_tests_of_others_are_left_alone(bench: Bench) -> None:
    bench.pytester.makepyfile("def test_own(mtbench_turn): print('score 8')")
    result = bench.run("-v", "-k", "q3")
    result.stdout.re_match_lines([r".*::test_own\[q3-turn1\] PASSED +\[ 50%\]"])


def test_a_failure_of_the_second_turn_shows_the_first_and_the_reference(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite(FAILING)
    fail_math(bench)
    result = bench.plain("mtbench.yaml", "-k", "q3 or writing", "--junitxml=j.xml", *xdist)
    result.assert_outcomes(passed=4, failed=2)
    assert holds(result.outlines, SECOND_TEXTS)
    assert result.stdout.str().count("  | And that minus 2?") == 1
    (failure,) = [
        failure
        for case in ET.parse(bench.path / "j.xml").iter("testcase")
        for failure in case.iter("failure")
        if case.get("name") == "math[q3-turn2]"
    ]
    assert failure.get("message") == "Failed: score 4 is below the floor 5 of math"
    assert holds(str(failure.text).splitlines(), SECOND_TEXTS)


def test_a_turn_without_a_score_shows_what_the_judge_said(bench: Bench) -> None:
    bench.endpoint.judge = lambda asked: "I would rather not say."
    result = bench.run("-k", "q3 and turn1")
    result.assert_outcomes(errors=1)
    assert holds(result.outlines, ["judgment:", "  | I would rather not say."])


# -- the short summary


@pytest.mark.parametrize("mode", [(), ("-n2",)])
def test_in_ci_a_failure_is_one_line_and_the_table_is_among_the_last(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, mode: Sequence[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    many = [
        {"question_id": n, "category": name, "turns": [f"{name} {n}?", "And then?"]}
        for n, name in enumerate(["math", "writing", "coding"] * 12)
    ]
    bench.questions = bench.path / "data" / "many"
    write_jsonl(bench.questions / "question.jsonl", many)
    bench.suite("thresholds: {floor: 5, overall: 6, turns: {1: 6}, categories: {math: 6, writing: 6, coding: 6}}\n")
    bench.endpoint.judge = lambda asked: "It is\nnot\nfine. Rating: [[3]]"
    lines = bench.plain("mtbench.yaml", *mode).outlines
    failures = [line for line in lines if line.startswith("FAILED mtbench.yaml::") and " - Failed: " in line]
    assert len(failures) == 72 + 5
    start = lines.index(next(line for line in lines if "short test summary info" in line))
    assert lines[start + 1 : start + 78] == failures, "a line each"
    assert "turn 1 3.00, turn 2 3.00)" in next(line for line in failures if "gate[math]" in line)
    title = next(number for number, line in enumerate(lines) if "MT-Bench: m, judged by" in line)
    assert len(lines) - title < 60


def test_a_few_failures_leave_pytests_own_order(bench: Bench) -> None:
    bench.suite(FAILING)
    fail_math(bench)
    text = bench.plain("mtbench.yaml").stdout.str()
    assert text.index("MT-Bench: m, judged by") < text.index("short test summary info")


# -- gates


@pytest.mark.parametrize(
    "options",
    [("-rf",), ("-rfE",), ("--tb=no",), ("--tb=line",), ("--tb=short",), ("-v",), ("-rf", "-n2"), ("--tb=no", "-n2")],
)
def test_a_failed_gate_is_told_once_by_us_and_once_by_pytest(
    bench: Bench, options: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.suite("thresholds: {categories: {math: 6}}\n")
    fail_math(bench)
    result = bench.plain("mtbench.yaml", *options, "--junitxml=j.xml")
    result.assert_outcomes(passed=9, failed=1)
    said = "math: 4.00 is below the threshold 6 (mean of 4 turns, 95 % interval"
    told = [line.split(said)[0] for line in result.outlines if said in line]
    assert told == ["FAILED mtbench.yaml::gate[math] - ", "FAILED mtbench.yaml::gate[math] - Failed: "]
    assert ("the summary says why" in result.stdout.str()) == ("--tb=no" not in options)
    (failure,) = ET.parse(bench.path / "j.xml").iter("failure")
    assert said in str(failure.get("message"))
    assert said in str(failure.text)


def test_without_the_short_summary_it_is_told_once(bench: Bench) -> None:
    bench.suite("thresholds: {categories: {math: 6}}\n")
    fail_math(bench)
    assert flowing(bench.plain("mtbench.yaml", "-rN")).count("is below the threshold 6") == 1


def test_without_a_terminal_junit_still_has_it(bench: Bench) -> None:
    bench.suite("thresholds: {categories: {math: 6}}\n")
    fail_math(bench)
    result = bench.plain("mtbench.yaml", "-p", "no:terminal", "--junitxml=j.xml")
    assert (result.ret, result.stdout.str().strip()) == (1, "")
    (failure,) = ET.parse(bench.path / "j.xml").iter("failure")
    assert "math: 4.00 is below the threshold 6" in str(failure.get("message"))


# -- colour


def in_colour(text: str, colour: int) -> list[str]:
    """What stands there in a colour."""
    return re.findall(rf"\x1b\[{colour}m([^\x1b]*)\x1b\[0m", text)


def test_failed_is_red_passed_green_and_the_rest_yellow(bench: Bench) -> None:
    bench.suite("thresholds: {categories: {math: 9, writing: 5}, turns: {1: 8.5}, rule: confident}\n")
    fail_math(bench, 10)
    text = bench.plain("mtbench.yaml::gate", "--color=yes", "--mtbench-cache=off").stdout.str()
    text = text[text.index("MT-Bench: m, judged by") :]
    assert in_colour(text, 31)[:2] == ["failed", "FAILED"]
    assert in_colour(text, 32)[:1] == ["passed"]
    assert in_colour(text, 33)[:2] == ["inconclusive", "INCONCLUSIVE"]
    plain = bench.plain("mtbench.yaml::gate", "--color=no", "--mtbench-cache=off").stdout.str()
    plain = plain[plain.index("MT-Bench: m, judged by") :]
    table = [re.sub(r"\x1b\[\d+m", "", line) for line in text.splitlines()]
    assert table[1:9] == plain.splitlines()[1:9], "colours take no room"
    assert "\x1b" not in plain


def test_a_warning_and_what_is_wrong_stand_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.pytester.makeconftest("def pytest_mtbench_report(report):\n    raise ValueError('no')\n")
    bench.endpoint.judge = lambda asked: "no rating" if "rain" in asked.prompt else "[[8]]"
    text = bench.run("--color=yes").stdout.str()
    assert "unscored: 2 of 9 turns" in in_colour(text, 33)
    assert "pytest_mtbench_report ended in ValueError: no" in in_colour(text, 31)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_console_that_lacks_characters_gets_escapes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    bench.endpoint.answer = lambda asked: "\u4f60 \u2192 \N{GRINNING FACE}"
    bench.suite(FAILING)
    fail_math(bench)
    result = bench.apart("mtbench.yaml", "-vv")
    assert result.ret == 1
    assert r"  | \u4f60 \u2192 \U0001f600" in result.outlines
    result.stdout.fnmatch_lines(["*MT-Bench: m,*", "math *failed", "requests: *"])
    assert result.errlines == []
