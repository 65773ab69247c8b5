"""Thresholds as items: what blocks, what passes, and what it costs to know."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ..server import Asked, Reply
from .conftest import Bench, flowing


def scores(bench: Bench, math: int = 4, other: int = 9) -> None:
    """Makes the judge give one score to math and another to the rest."""
    bench.endpoint.judge = lambda asked: f"Rating: [[{math if 'CORRECT SOLUTION' in asked.prompt else other}]]"


def test_a_missed_threshold_blocks(bench: Bench) -> None:
    bench.suite("thresholds: {overall: 5, categories: {math: 6}}\n")
    scores(bench)
    result = bench.plain("mtbench.yaml", "--mtbench-report=report.json")
    assert result.ret == 1
    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines([
        "math * 4.00 * 4.00 * 4.00 * 6  failed",
        "overall * 6.78 * 5  passed",
        "FAILED mtbench.yaml::gate?math? - Failed: math: 4.00 is below the threshold 6*",
    ])  # fmt: skip
    gates = {gate["id"]: gate for gate in bench.report()["gates"]}
    assert gates["mtbench.yaml::gate[math]"]["status"] == "failed"
    assert gates["mtbench.yaml::gate[math]"]["value"] == 4
    assert gates["mtbench.yaml::gate[overall]"]["status"] == "passed"


def test_a_reached_threshold_passes(bench: Bench) -> None:
    scores(bench, math=6)
    assert bench.run("--mtbench-min=math=6", "--mtbench-min=turn2=7.5", "--mtbench-min=7.6").ret == 0


def test_the_command_line_wins_over_the_suite_file(bench: Bench) -> None:
    bench.suite("thresholds: {overall: 9.9, categories: {math: 9}}\n")
    bench.plain("mtbench.yaml", "--mtbench-min=8", "--mtbench-min=math=3").assert_outcomes(passed=11)


def test_a_gate_alone_asks_for_its_whole_set(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {overall: 5, categories: {math: 6}}\n")
    scores(bench)
    result = bench.plain("mtbench.yaml::gate[math]", *xdist)
    assert result.ret == 1
    assert len(bench.endpoint.answers) == 4
    assert len(bench.endpoint.judgments) == 4
    result.stdout.fnmatch_lines(["math * 4.00 * failed"])


def test_part_of_the_turns_is_no_reason_for_a_gate_to_pass(bench: Bench) -> None:
    bench.suite("thresholds: {categories: {math: 6}}\n")
    scores(bench)
    bench.plain("mtbench.yaml", "-k", "q4 or gate").assert_outcomes(passed=2, failed=1)
    assert len(bench.endpoint.judgments) == 4


def test_the_floor_fails_single_turns_and_shows_them(bench: Bench) -> None:
    bench.suite("thresholds: {floor: {default: 2, math: 5}}\n")
    scores(bench)
    result = bench.plain("mtbench.yaml")
    result.assert_outcomes(passed=5, failed=4)
    result.stdout.fnmatch_lines([
        "score 4 is below the floor 5 of math", "question, turn 1:", "*What is 6 times 7?", "answer:",
        "*an answer to: What is 6*", "judgment:", "*Rating: ??4??",
    ])  # fmt: skip


def no_rating_for(text: str) -> object:
    def judge(asked: Asked) -> Reply | str:
        return "I would rather not say." if text in asked.prompt else "Rating: [[9]]"

    return judge


def test_an_unscored_turn_is_an_error_and_never_a_score(bench: Bench) -> None:
    bench.suite("thresholds: {categories: {math: 6}}\n")
    bench.endpoint.judge = no_rating_for("9 plus 8")  # type: ignore[assignment]
    result = bench.plain("mtbench.yaml", "--mtbench-report=report.json")
    assert result.ret == 1
    result.assert_outcomes(passed=7, errors=2, failed=1)
    result.stdout.fnmatch_lines([
        "unscored: the judge's reply holds no rating",
        "FAILED mtbench.yaml::gate?math? - math: 2 of 4 ratings are missing, more than",
        "  max_unscored 5%; the mean of the others is 9.00",
        "unscored: 2 of 9 turns",
        "*mtbench.yaml::math?q4-turn1?: the judge's reply holds no rating",
        "ERROR mtbench.yaml::math?q4-turn1?*",
    ], consecutive=False)  # fmt: skip
    report = bench.report()
    assert report["scores"]["categories"]["math"]["unscored"] == 2
    assert report["scores"]["categories"]["math"]["mean"] == 9
    turn = next(turn for turn in report["turns"] if turn["question_id"] == 4)
    assert turn["score"] is None
    assert turn["unscored"] == "the judge's reply holds no rating"
    assert len([asked for asked in bench.endpoint.judgments if "9 plus 8" in asked.prompt]) == 6, "asked again twice"


def test_unscored_turns_within_the_allowance_do_not_block_the_gate(bench: Bench) -> None:
    bench.suite("thresholds: {categories: {math: 6}, max_unscored: 0.5}\n")
    bench.endpoint.judge = no_rating_for("9 plus 8")  # type: ignore[assignment]
    bench.plain("mtbench.yaml::gate").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "minimum, outcome, status", [(1, "passed", "passed"), (9.5, "failed", "failed"), (4.3, "skipped", "inconclusive")]
)
def test_rule_confident_decides_only_where_the_interval_does(
    bench: Bench, minimum: float, outcome: str, status: str
) -> None:
    bench.suite(f"thresholds: {{turns: {{2: {minimum}}}, rule: confident}}\n")
    bench.endpoint.judge = lambda asked: f"Rating: [[{5 if 'What is 6' in asked.prompt else 4}]]"
    result = bench.plain("mtbench.yaml::gate", "--mtbench-report=report.json")
    result.assert_outcomes(**{outcome: 1})
    (gate,) = bench.report()["gates"]
    assert gate["status"] == status
    assert (gate["low"] < minimum < gate["high"]) == (status == "inconclusive")


def test_a_turns_gate_has_the_marker_of_its_turn(bench: Bench) -> None:
    gates = ("--mtbench-min=turn1=5", "--mtbench-min=turn2=9.9")
    result = bench.run("-m", "turn2", *gates)
    assert result.ret == 1
    result.assert_outcomes(passed=4, failed=1, deselected=6)
    result.stdout.fnmatch_lines(["FAILED mtbench::gate?turn2? - *"])
    bench.run("-m", "turn1 and mtbench_gate", *gates).assert_outcomes(passed=1, deselected=10)


@pytest.mark.parametrize("limit", [1, 99])
def test_no_gate_is_decided_on_the_first_questions_alone(bench: Bench, xdist: Sequence[str], limit: int) -> None:
    bench.run("--mtbench-report=base.json")
    thresholds = ("--mtbench-min=2", "--mtbench-min=math=2", "--mtbench-baseline=base.json")
    result = bench.run(f"--mtbench-limit={limit}", *thresholds, "--mtbench-report=report.json", *xdist)
    assert result.ret == 0
    assert "gate[" not in result.stdout.str()
    assert bench.report()["gates"] == []
    rows = [line.split() for line in result.outlines if line.split()[-2:] == ["not", "run"]]
    assert [(row[0], row[-3]) for row in rows] == [("math", "2"), ("overall", "2")]
    said = (
        f"only the first {limit} questions of each category were asked (--mtbench-limit): no gate is decided on a part"
    )
    assert flowing(result).count(said) == 1


@pytest.mark.parametrize(
    "text, said",
    [
        ("", True),
        ("thresholds: {rule: confident}\n", True),
        ("thresholds: {overall: 5}\n", False),
        ("thresholds: {floor: 2}\n", False),
        ("baseline: base.json\n", False),
    ],
)
def test_that_nothing_is_gated_is_said(bench: Bench, text: str, said: bool) -> None:
    if "baseline" in text:
        bench.run("--mtbench-report=base.json")
    bench.suite(text)
    result = bench.plain("mtbench.yaml")
    assert result.ret == 0
    how = "nothing is gated, whatever the scores are: --mtbench-min=7.5, or `thresholds:` in the suite file"
    assert (how in flowing(result)) == said
