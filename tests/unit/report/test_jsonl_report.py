from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Place
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.report.jsonl_report import jsonl_report
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.baseline import Baseline
from pytest_mtbench.scores.regression import Rule
from pytest_mtbench.scores.regression_gate import RegressionSpec, outcome_of

from ...results import flagged, played, rated
from .test_terminal import HOSTILE, SUITE, mixed, pairwise_report, plan_of, questions_of, report_of, steady

COLUMNS = [
    "suite", "model", "judge", "question_id", "category", "turn", "run", "score", "unscored", "answer", "judgment",
    "flags", "baseline_score", "change", "against", "outcome", "other_answer", "judgment_swapped",
]  # fmt: skip


def rows(*reports: RunReport) -> list[dict[str, Any]]:
    text = jsonl_report(reports)
    assert text.endswith("\n")
    assert text.isascii()
    return [json.loads(line) for line in text.splitlines()]


def with_results(*results: TurnResult) -> RunReport:
    report = report_of(plan_of(questions_of(["math"], each=2)), steady)
    return replace(report, card=replace(report.card, results=results))


def test_a_line_a_turn_each_with_every_column() -> None:
    report = report_of(plan_of(questions_of(["math", "writing"], each=2)), steady)
    found = rows(report)
    assert [(row["question_id"], row["turn"]) for row in found] == [(n, turn) for n in range(81, 85) for turn in (1, 2)]
    assert {tuple(row) for row in found} == {tuple(COLUMNS)}
    assert not any(isinstance(value, list | dict) for row in found for value in row.values())
    first = {name: value for name, value in found[0].items() if value not in (None, "")}
    assert first == {
        "suite": SUITE, "model": "m", "judge": "gpt-4", "question_id": 81, "category": "math", "turn": 1, "run": 1,
        "score": steady(report.plan.selected[0], 1), "answer": "a", "judgment": "j",
    }  # fmt: skip


def test_a_line_a_run() -> None:
    found = rows(with_results(rated(TurnKey(SUITE, 81, 1), "math", 7.0, None, 9.0, reason="no rating")))
    assert [(row["run"], row["score"], row["unscored"]) for row in found] == [
        (1, 7.0, None), (2, None, "no rating"), (3, 9.0, None),
    ]  # fmt: skip


def test_repeated_judgments_are_their_mean_with_the_first_text() -> None:
    judgments = (Judgment("first", 6.0), Judgment("second", 9.0))
    (row,) = rows(with_results(TurnResult(TurnKey(SUITE, 81, 1), "math", (Run("a", judgments=judgments),))))
    assert (row["score"], row["judgment"]) == (7.5, "first")


def test_flags_are_words() -> None:
    result = rated(TurnKey(SUITE, 81, 1), "math", 7.0)
    (row,) = rows(with_results(flagged(result, "thinking", "rating-in-answer")))
    assert row["flags"] == "thinking rating-in-answer"


def test_several_suites_share_a_file() -> None:
    one, other = (report_of(replace(plan_of(questions_of(["math"])), key=key), steady) for key in ("a.yaml", "b.yaml"))
    assert [row["suite"] for row in rows(one, other)] == ["a.yaml"] * 20 + ["b.yaml"] * 20


@pytest.mark.parametrize("old", [0, 3])
def test_the_change_against_a_baseline(old: int) -> None:
    report = report_of(
        plan_of(questions_of(["math"], each=2)), {(81, 1): 7.0, (81, 2): None, (82, 1): 5.0, (82, 2): 9.0}
    )
    scores: dict[Place, tuple[float | None, ...]] = {
        (81, 1): (5.0, 6.0),
        (81, 2): (8.0, 8.0),
        (82, 1): (None, None),
        (82, 2): (9.0, None),
    }
    spec = RegressionSpec(Baseline("b.json", "old", 2, scores, {}, {}), Rule(), None, "pass")
    outcome = outcome_of(spec, report.plan, report.card.results)
    found = rows(replace(report, regression=spec, outcome=replace(outcome, old=old)))
    said = [(row["baseline_score"], row["change"]) for row in found]
    assert said == ([(None, None)] * 4 if old else [(5.5, 1.5), (8.0, None), (None, None), (9.0, 0.0)])


def test_a_line_a_game() -> None:
    found = rows(pairwise_report({"one": lambda q, turn: "AB", "two": mixed}))
    assert len(found) == 2 * 160
    assert [(row["against"], row["outcome"], row["score"]) for row in found[:2]] == [
        ("one", "win", 1.0),
        ("two", "tie", 0.5),
    ]
    assert {row["model"] for row in found} == {"candidate"}


def test_a_game_has_both_texts_and_the_other_answer() -> None:
    game = Game("other", 1, ("A", None), "theirs", ("first order", ""), "why")
    (row,) = rows(with_results(played(TurnKey(SUITE, 81, 1), "math", [game])))
    assert (row["judgment"], row["judgment_swapped"], row["other_answer"]) == ("first order", None, "theirs")
    assert (row["score"], row["outcome"], row["unscored"]) == (None, None, "why")


def test_an_audition_names_both_models() -> None:
    report = report_of(plan_of(questions_of(["math"])), {})
    compared = played(TurnKey("bout", 81, 2), "math", [Game("b against c", 1, ("A", "B"))])
    models = {"bout": ("a", "b against c")}
    (row,) = rows(replace(report, is_audition=True, compared=(compared,), models=models))
    assert (row["suite"], row["model"], row["against"], row["outcome"]) == (SUITE, "a", "b against c", "win")


def test_whatever_a_text_holds_is_a_line_of_utf_8() -> None:
    result = rated(TurnKey(SUITE, 81, 1), HOSTILE, 7.0, answer=HOSTILE, judgment=HOSTILE)
    (row,) = rows(with_results(result))
    assert row["answer"] == HOSTILE.replace("\ud800", "\ufffd")
    json.dumps(row, ensure_ascii=False).encode()


def test_an_answer_that_nobody_judged() -> None:
    (row,) = rows(with_results(TurnResult(TurnKey(SUITE, 81, 1), "math", (Run("a"),))))
    assert (row["score"], row["unscored"], row["answer"], row["judgment"]) == (None, "not judged", "a", None)
