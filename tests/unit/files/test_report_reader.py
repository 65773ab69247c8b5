"""What a JSON report must be to be believed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.result import Judgment, Run, TurnResult
from pytest_mtbench.domain.tally import Tally
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.files.report_reader import read_report
from pytest_mtbench.report import json_report
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.baseline import baseline_of
from pytest_mtbench.scores.scorecard import scorecard

from ...engine_harness import plan_of

Row = dict[str, Any]
Spoil = Callable[[list[Row]], Any]


def report_of(plan: Plan, *said: tuple[str, float | None], games: Sequence[Game] = ()) -> Row:
    """The report of a run whose every turn was judged so, once a repeat."""
    judgments = tuple(Judgment(text, score, None if score else "no rating") for text, score in said)
    run = Run('an answer to say "question_id": 1', judgments=judgments, games=tuple(games))
    results = [TurnResult(key, plan.question(key.question_id).category, (run,)) for key in plan.turns()]
    report = RunReport(plan, scorecard(plan.selected, results), (), (), Tally(), started=0.0, seconds=1.0)
    return json_report.as_json(report)


def plan_of_opponent(plan: Plan) -> Plan:
    return replace(plan, opponents=(replace(plan.model, name="other", label="other"),))


def as_lines(report: Row) -> str:
    return json_report.as_text(report, every_run=True)


def as_indented(report: Row) -> str:
    return json.dumps(report, indent=4)


def as_one_line(report: Row) -> str:
    return json.dumps(report)


def refusal(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        read_report(path)
    return str(raised.value)


def twice(rows: list[Row]) -> None:
    rows.append(rows[3] | {"question_id": str(rows[3]["question_id"])})


def higher(rows: list[Row]) -> None:
    rows[4] |= {"score": 9, "scores": [9]}


def without_a_mark(rows: list[Row]) -> None:
    rows[4] |= {"judgment": "Good, but I forgot to rate it."}


def marks_that_differ(rows: list[Row]) -> None:
    rows[4] |= {"judgment": "[[7]], no: [[3]]"}


def of_no_kind(rows: list[Row]) -> None:
    rows[4] |= {"flags": "none"}


@pytest.mark.parametrize("written", [as_lines, as_indented, as_one_line])
@pytest.mark.parametrize(
    "spoil, row, says",
    [
        (twice, 9, "question 2, turn 2 is there twice"),
        (higher, 4, "question 3, turn 1 its score is 9 and its judgment says 7"),
        (without_a_mark, 4, "question 3, turn 1 its score is 7 and its judgment says no rating"),
        (marks_that_differ, 4, "question 3, turn 1 its score is 7 and its judgment says no rating"),
        (of_no_kind, 4, "not what a run writes: turns.4.flags"),
    ],
    ids=["twice", "higher", "no mark", "two marks", "malformed"],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(
    small_set: Path, tmp_path: Path, written: Callable[[Row], str], spoil: Spoil, row: int, says: str
) -> None:
    report = report_of(plan_of(small_set), ("Fine: [[7]]", 7.0))
    spoil(report["turns"])
    text = written(report)
    lines = [n for n, line in enumerate(text.splitlines(), 1) for _ in range(line.count('"question_id":'))]
    assert refusal(tmp_path / "r.json", text).startswith(f"{tmp_path / 'r.json'}:{lines[row]}: {says}")


@pytest.mark.parametrize(
    "change, says",
    [
        ({"judge": "another"}, "`judge` is another one than in the fingerprint"),
        ({"scores": {"overall": {"mean": 9.0, "n": 9}}}, "`scores.overall` is not that of the turns"),
        ({"scores": {"overall": {"mean": 7.0, "n": 8}}}, "`scores.overall` is not that of the turns"),
        ({"scores": {"overall": {"mean": None, "n": 9}}}, "`scores.overall` is not that of the turns"),
        ({"scores": {"turns": {"2": {"mean": 1.0, "n": 4}}}}, "`scores.turns.2` is not that of the turns"),
        ({"scores": {"categories": {"math": {"mean": 1.0, "n": 4}}}}, "`scores.categories.math` is not that of the"),
    ],
)
def test_what_stands_above_the_turns_is_what_they_say(small_set: Path, tmp_path: Path, change: Row, says: str) -> None:
    report = report_of(plan_of(small_set), ("Fine: [[7]]", 7.0))
    (tmp_path / "whole.json").write_text(as_lines(report), encoding="utf-8")
    assert read_report(tmp_path / "whole.json").judge == report["judge"]
    assert says in refusal(tmp_path / "r.json", as_lines(report | change))


@pytest.mark.parametrize(
    "said",
    [
        [("[[7]]", 7.0)],
        [("[[7.5]]", 7.5)],
        [("Rating: [6]", 6.0)],
        [("", 7.0)],
        [("cut off at [[9]]", None)],
        [("[[4]]", 4.0), ("[[9]]", 9.0), ("I cannot say.", None)],
    ],
    ids=str,
)
@pytest.mark.parametrize("every_run", [True, False])
def test_what_a_run_writes_is_believed(
    small_set: Path, tmp_path: Path, said: list[tuple[str, float | None]], every_run: bool
) -> None:
    plan = plan_of(small_set, repeats=len(said))
    written = report_of(plan, *said)
    (tmp_path / "r.json").write_text(json_report.as_text(written, every_run=every_run), encoding="utf-8")
    assert [turn.score for turn in read_report(tmp_path / "r.json").turns] == [row["score"] for row in written["turns"]]


def test_ratings_of_repeats_are_held_against_their_own_texts(small_set: Path, tmp_path: Path) -> None:
    report = report_of(plan_of(small_set, repeats=2), ("[[4]]", 4.0), ("[[8]]", 8.0))
    report["turns"][2] |= {"ratings": [[8, 4]]}
    assert "question 2, turn 1 its score is 8 and its judgment says 4" in refusal(tmp_path / "r.json", as_lines(report))
    del report["turns"][2]["ratings"]
    (tmp_path / "r.json").write_text(as_lines(report), encoding="utf-8")
    assert read_report(tmp_path / "r.json").turns[2].score == 6
    report["turns"][2] |= {"score": 9, "scores": [9]}
    assert "question 2, turn 1 its score is 9 and its judgment says 4" in refusal(tmp_path / "r.json", as_lines(report))


def test_scores_of_older_rules_are_not_held_against_the_rules_of_today(small_set: Path, tmp_path: Path) -> None:
    report = report_of(plan_of(small_set), ("[[7]], no: [[3]]", 3.0))
    assert "its score is 3" in refusal(tmp_path / "r.json", as_lines(report))
    report["fingerprint"]["rules"]["rating"] = "rating/1"
    (tmp_path / "r.json").write_text(as_lines(report), encoding="utf-8")
    assert read_report(tmp_path / "r.json").turns[0].score == 3


@pytest.mark.parametrize(
    "judgments, says",
    [
        (("[[A]]", "[[B]]"), None),
        (("", ""), None),
        (("[[C]]", "[[B]]"), "its verdict is A and the judgment of it says C"),
        (("[[A]]", "I cannot decide."), "its verdict is B and the judgment of it says none"),
    ],
    ids=str,
)
def test_verdicts_are_held_against_their_texts(
    small_set: Path, tmp_path: Path, judgments: tuple[str, str], says: str | None
) -> None:
    game = Game("other", 1, ("A", "B"), "theirs", judgments)
    text = as_lines(report_of(plan_of_opponent(plan_of(small_set)), games=[game]))
    if says is None:
        (tmp_path / "r.json").write_text(text, encoding="utf-8")
        assert len(read_report(tmp_path / "r.json").turns) == 9
    else:
        assert says in refusal(tmp_path / "r.json", text)


def test_a_baseline_with_ids_as_text_is_of_the_same_questions(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    report = report_of(plan, ("[[7]]", 7.0))
    for row in report["turns"]:
        row["question_id"] = str(row["question_id"])
    (tmp_path / "b.json").write_text(as_lines(report), encoding="utf-8")
    baseline = baseline_of(read_report(tmp_path / "b.json", plan.questions), "b.json", plan)
    assert set(baseline.scores) == set(baseline.first) == {key.place for key in plan.turns()}
    assert baseline.first[1, 1].texts == ("[[7]]",)


def test_a_key_that_stands_twice_is_refused(small_set: Path, tmp_path: Path) -> None:
    text = as_lines(report_of(plan_of(small_set), ("[[7]]", 7.0)))
    said = refusal(tmp_path / "r.json", text.replace('"score": 7.0', '"score": 2.0, "score": 7.0', 1))
    assert "the key 'score' of question 1, turn 1 stands twice" in said


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, '{"format": "pytest-mtbench/1", "turns": ' + "1" * 10_000 + "}", "NaN", "1e999"],
    ids=["deep", "deep objects", "a long number", "NaN", "infinity"],
)
def test_absurd_json_is_a_clear_error(tmp_path: Path, text: str) -> None:
    assert len(refusal(tmp_path / "r.json", text)) < len(str(tmp_path)) + 300


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.json")
    with pytest.raises(ConfigError, match=r"r\.json: cannot be read as a JSON report \(not a file\)"):
        read_report(tmp_path / "r.json")


@pytest.mark.parametrize("mode", ["single", "pairwise"])
def test_answers_that_nobody_judged_are_answers_and_no_turns(small_set: Path, tmp_path: Path, mode: str) -> None:
    plan = plan_of(small_set)
    plan = plan_of_opponent(plan) if mode == "pairwise" else plan
    played = [Game("other", 1, ("A", "B"), "x", ("[[A]]", "[[B]]"))] if mode == "pairwise" else []
    run = Run("judged", judgments=() if played else (Judgment("[[7]]", 7.0),), games=tuple(played))
    results = [
        TurnResult(key, plan.question(key.question_id).category, (Run("alone") if key.turn == 1 else run,))
        for key in plan.turns()
    ]
    report = RunReport(plan, scorecard(plan.selected, results), (), (), Tally(), started=0.0, seconds=1.0)
    written = json_report.as_json(report)
    path = tmp_path / "r.json"
    path.write_text(as_lines(written), encoding="utf-8")
    read = read_report(path, plan.questions)
    assert {(result.key.turn, result.answer) for result in read.turns} == {(2, "judged")}
    assert {(result.key.turn, result.answer, result.judged) for result in read.unjudged} == {(1, "alone", False)}
    assert set(read.answers().values()) == {"judged", "alone"}
    assert len(read.answers()) == len(results)
    with pytest.raises(ConfigError, match=r"no baseline for this run: it (lacks 5 of the 5|is of mode)"):
        baseline_of(read, "r.json", plan)
    if mode == "single":
        path.write_text(as_lines(written | {"status": "aborted", "reason": "interrupted\n\x1b[31m"}), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"lacks 5 of the 5 questions .*: its run ended early, interrupted"):
            baseline_of(read_report(path, plan.questions), "r.json", plan)

    row = next(row for row in written["turns"] if row["turn"] == 1)
    said = {"score": 1, "scores": [1]} if played else {"judgment": "[[9]]"}
    row |= said
    assert "a turn that was not judged has no score, no judgment and no game" in refusal(path, as_lines(written))
