from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.domain.tally import CallCount, Tally
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.files.fingerprint import fingerprint
from pytest_mtbench.files.report_reader import read_report
from pytest_mtbench.questions import load_folder
from pytest_mtbench.report.json_report import as_json
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.gates import GateResult, GateSpec, decide
from pytest_mtbench.scores.scorecard import scorecard

from ...results import NO_RATING
from ...server import JUDGE
from ...sets import TURNS

SUITE = "mtbench.yaml"
STARTED = 1_700_000_000.7
SECRET = "sk-do-not-show-1234567890"
WHERE = Endpoint(
    url="https://api.example.com/v1",
    connect_url=f"https://user:{SECRET}@api.example.com/v1?key={SECRET}",
    api_key=SECRET,
)


def plan_of(folder: Path, **more: Any) -> Plan:
    questions = load_folder(folder)
    plan = Plan(SUITE, questions, questions.questions, Answerer("m", WHERE), Role(JUDGE, WHERE, max_tokens=2048))
    return replace(plan, **more)


def result(
    plan: Plan, question_id: Any, turn: int, *scores: float | None, flags: tuple[str, ...] = (), answer: str = "It is."
) -> TurnResult:
    runs = []
    for score in scores:
        judgment = Judgment(f"[[{score}]]", score, NO_RATING if score is None else None)
        runs.append(Run(answer, judgments=(judgment,) * plan.repeats, flags=flags))
    return TurnResult(TurnKey(SUITE, question_id, turn), plan.question(question_id).category, tuple(runs))


def whole(plan: Plan, score: float = 7.0) -> list[TurnResult]:
    return [result(plan, key.question_id, key.turn, *[score] * plan.runs) for key in plan.turns()]


def written(
    plan: Plan, results: Sequence[TurnResult], gates: Sequence[GateResult] = (), tally: Tally | None = None
) -> dict[str, Any]:
    """The report as another program reads it."""
    card = scorecard(plan.selected, results)
    report = RunReport(plan, card, (), tuple(gates), tally or Tally(), started=STARTED, seconds=12.34567)
    read: dict[str, Any] = json.loads(json.dumps(as_json(report), allow_nan=False))
    return read


S = {"mean", "n", "unscored", "low", "high"}


def test_every_key_of_the_contract_is_there(small_set: Path) -> None:
    plan = plan_of(small_set)
    spec = GateSpec("overall", "overall", 6)
    results = whole(plan)
    gate = decide(spec, scorecard(plan.selected, results), f"{SUITE}::gate[overall]")
    report = written(plan, results, [gate])
    assert {
        "format", "model", "judge", "mode", "started", "seconds", "fingerprint", "scores", "gates", "turns", "calls",
        "usage", "cost_usd",
    } <= set(report)  # fmt: skip
    assert {
        "questions", "references", "prompts", "judge_requested", "judge_served", "judge_parameters",
        "model_parameters",
    } <= set(report["fingerprint"])  # fmt: skip
    assert set(report["scores"]) == {"overall", "turns", "categories"}
    assert set(report["scores"]["overall"]) >= S
    assert set(report["scores"]["turns"]) == {"1", "2"}
    assert all(set(score) >= S for score in report["scores"]["turns"].values())
    assert list(report["scores"]["categories"]) == ["writing", "math", "trivia"]
    assert all(set(score) >= S | {"turns"} for score in report["scores"]["categories"].values())
    assert set(report["gates"][0]) >= {"id", "status", "value", "minimum", "message"}
    assert len(report["turns"]) == TURNS
    turn_keys = {"question_id", "category", "turn", "score", "scores", "unscored", "answer", "judgment", "flags"}
    assert all(set(turn) >= turn_keys for turn in report["turns"])
    assert set(report["calls"]) == set(report["usage"]) == {"answers", "judgments"}
    assert all(set(count) == {"made", "cached", "retried"} for count in report["calls"].values())
    assert all(set(usage) == {"input_tokens", "output_tokens"} for usage in report["usage"].values())


def test_the_head_says_what_was_measured_and_when(small_set: Path) -> None:
    report = written(plan_of(small_set), [])
    assert (report["format"], report["model"], report["judge"], report["mode"]) == (
        "pytest-mtbench/1", "m", JUDGE, "single",
    )  # fmt: skip
    started = datetime.fromisoformat(report["started"])
    assert started.utcoffset() is not None
    assert abs(started - datetime.fromtimestamp(STARTED, timezone.utc)).total_seconds() <= 1
    assert report["seconds"] == pytest.approx(12.34567, abs=0.001)


def test_scores_have_means_by_category_and_turn(small_set: Path) -> None:
    plan = plan_of(small_set)
    scores = {(1, 1): 8.0, (1, 2): 6.0, (2, 1): 9.0, (2, 2): 5.0, (3, 1): 3.0, (3, 2): None, (4, 1): 2.0, (4, 2): 4.0}
    results = [result(plan, *key, score) for key, score in scores.items()] + [result(plan, "five", 1, 10.0)]
    report = written(plan, results)["scores"]
    assert report["overall"] | {"low": 0, "high": 0} == {"mean": 5.875, "n": 8, "unscored": 1, "low": 0, "high": 0}
    assert (report["turns"]["1"]["mean"], report["turns"]["1"]["n"]) == (6.4, 5)
    assert (report["turns"]["2"]["mean"], report["turns"]["2"]["n"], report["turns"]["2"]["unscored"]) == (5, 3, 1)
    math = report["categories"]["math"]
    assert (math["mean"], math["n"], math["unscored"], math["turns"]) == (3, 3, 1, {"1": 2.5, "2": 4})
    assert report["categories"]["trivia"]["turns"] == {"1": 10, "2": None}
    assert report["overall"]["low"] < 5.875 < report["overall"]["high"]
    assert report["categories"]["trivia"]["low"] is None


def test_turns_stand_in_the_order_of_the_set(small_set: Path) -> None:
    plan = plan_of(small_set)
    report = written(plan, whole(plan)[::-1])
    assert [(turn["question_id"], turn["turn"]) for turn in report["turns"]] == [
        (key.question_id, key.turn) for key in plan.turns()
    ]


def test_a_turn_carries_what_was_said_and_flagged(small_set: Path) -> None:
    plan = plan_of(small_set)
    (turn,) = written(plan, [result(plan, 3, 2, 7.5, flags=("thinking",), answer="<think>6*7</think>40")])["turns"]
    assert turn == {
        "question_id": 3,
        "category": "math",
        "turn": 2,
        "score": 7.5,
        "scores": [7.5],
        "unscored": None,
        "answer": "<think>6*7</think>40",
        "judgment": "[[7.5]]",
        "flags": ["thinking"],
    }


def test_a_turn_without_a_score_carries_its_reason(small_set: Path) -> None:
    plan = plan_of(small_set)
    (turn,) = written(plan, [result(plan, 3, 2, None)])["turns"]
    assert (turn["score"], turn["scores"], turn["unscored"]) == (None, [None], "the judge's reply holds no rating")


def test_several_runs_are_all_in_the_report(small_set: Path) -> None:
    plan = plan_of(small_set, runs=2, repeats=2)
    (turn,) = written(plan, [result(plan, 3, 2, 8.0, None)])["turns"]
    assert (turn["score"], turn["scores"], turn["unscored"]) == (8, [8, None], None)
    assert turn["answers"] == ["It is.", "It is."]
    assert turn["judgments"] == [["[[8.0]]"] * 2, ["[[None]]"] * 2]


def test_a_part_of_a_run_is_reported_as_a_part(small_set: Path) -> None:
    plan = plan_of(small_set)
    report = written(plan, [result(plan, 1, 1, 8.0)])
    assert (report["scores"]["overall"]["n"], report["scores"]["categories"]["math"]["n"]) == (1, 0)
    assert report["scores"]["categories"]["math"]["mean"] is None
    assert len(report["turns"]) == 1


def test_a_run_of_nothing_is_a_report_too(small_set: Path, tmp_path: Path) -> None:
    report = written(plan_of(small_set), [])
    assert report["turns"] == report["gates"] == []
    (tmp_path / "r.json").write_text(json.dumps(report), encoding="utf-8")
    assert read_report(tmp_path / "r.json").turns == ()


def test_gates_say_what_was_decided(small_set: Path) -> None:
    plan = plan_of(small_set)
    card = scorecard(plan.selected, whole(plan))
    specs = [
        GateSpec("math", "category", 7),
        GateSpec("turn2", "turn", 8),
        GateSpec("overall", "overall", 7, "confident"),
    ]
    gates = [decide(spec, card, f"{SUITE}::gate[{spec.name}]") for spec in specs]
    read = written(plan, whole(plan), gates)["gates"]
    assert [(gate["id"], gate["status"], gate["value"], gate["minimum"]) for gate in read] == [
        (f"{SUITE}::gate[math]", "passed", 7, 7),
        (f"{SUITE}::gate[turn2]", "failed", 7, 8),
        (f"{SUITE}::gate[overall]", "inconclusive", 7, 7),
    ]
    assert all(gate["message"] for gate in read)


def test_calls_tokens_and_cost_are_counted_apart(small_set: Path) -> None:
    plan = plan_of(
        small_set, model=Answerer("m", WHERE, price=(2.0, 8.0)), judge=Role(JUDGE, WHERE, price=(10.0, 30.0))
    )
    tally = Tally(
        answers=CallCount(made=3, cached=2, retried=1),
        judgments=CallCount(made=6, cached=5, retried=4),
        answer_usage=Usage(1_000_000, 500_000),
        judgment_usage=Usage(100_000, 10_000),
    )
    report = written(plan, [], tally=tally)
    assert report["calls"] == {
        "answers": {"made": 3, "cached": 2, "retried": 1},
        "judgments": {"made": 6, "cached": 5, "retried": 4},
    }
    assert report["usage"]["answers"] == {"input_tokens": 1_000_000, "output_tokens": 500_000}
    assert report["usage"]["judgments"] == {"input_tokens": 100_000, "output_tokens": 10_000}
    assert report["cost_usd"] == pytest.approx(2 + 4 + 1 + 0.3)


def test_without_a_price_the_cost_is_null(small_set: Path) -> None:
    plan = plan_of(small_set, judge=Role(JUDGE, WHERE, price=(10.0, 30.0)))
    assert written(plan, [], tally=Tally(answer_usage=Usage(1, 1)))["cost_usd"] is None


# The fingerprint.


def test_the_fingerprint_tells_sets_apart(small_set: Path) -> None:
    before = written(plan_of(small_set), [])["fingerprint"]
    again = written(plan_of(small_set), [])["fingerprint"]
    (small_set / "reference_answer" / "reference.jsonl").unlink()
    after = written(plan_of(small_set), [])["fingerprint"]
    assert before == again
    assert before["questions"] == after["questions"]
    assert before["prompts"] == after["prompts"]
    assert before["references"] != after["references"]
    assert all(len(before[name]) == 64 for name in ("questions", "references", "prompts"))


@pytest.mark.parametrize(
    "served, expected", [(["gpt-4-0613"], "gpt-4-0613"), (["a", "b"], ["a", "b"]), ([], [])], ids=len
)
def test_the_judge_is_named_as_asked_and_as_served(small_set: Path, served: list[str], expected: object) -> None:
    found = written(plan_of(small_set), [], tally=Tally(judges_served=served))["fingerprint"]
    assert (found["judge_requested"], found["judge_served"]) == (JUDGE, expected)


@pytest.mark.parametrize(
    "more",
    [
        {"judge": Role(JUDGE, WHERE, temperature=0.3, max_tokens=2048)},
        {"judge": Role(JUDGE, WHERE, max_tokens=512)},
        {"judge": Role(JUDGE, WHERE, max_tokens=2048, extra_body={"seed": 1})},
        {"judge": Role("another", WHERE, max_tokens=2048)},
        {"repeats": 2},
        {"model": Answerer("m", WHERE, temperature=0.3)},
        {"model": Answerer("m", WHERE, max_tokens=512)},
        {"model": Answerer("m", WHERE, extra_body={"seed": 1})},
        {"model": Answerer("m", WHERE, system_prompt="Be brief.")},
        {"model": Answerer("m", WHERE, revision="r2")},
        {"runs": 2},
    ],
    ids=str,
)
def test_the_fingerprint_tells_parameters_apart(small_set: Path, more: dict[str, Any]) -> None:
    assert fingerprint(plan_of(small_set), []) != fingerprint(plan_of(small_set, **more), [])


def test_the_fingerprint_names_the_versions_of_the_rules(small_set: Path) -> None:
    rules = written(plan_of(small_set), [])["fingerprint"]["rules"]
    assert set(rules) >= {"rating", "gates"}
    assert all(isinstance(version, str) and version for version in rules.values())


def test_the_protocols_parameters_are_written_out(small_set: Path) -> None:
    found = written(plan_of(small_set), [])["fingerprint"]
    assert (found["judge_parameters"]["temperature"], found["judge_parameters"]["max_tokens"]) == (0, 2048)
    assert found["model_parameters"]["max_tokens"] == 1024


# Hostile material, secrets, and the way back.


def test_no_key_is_in_a_report(small_set: Path) -> None:
    plan = plan_of(small_set)
    assert SECRET not in json.dumps(written(plan, whole(plan)))


@pytest.mark.parametrize(
    "text", ["\x00\x1b[2J\u202e", "\ud800", "</script><script>", "\u2028\u2029", "[[10]] {question}"]
)
def test_hostile_text_survives_the_way_to_the_file_and_back(small_set: Path, tmp_path: Path, text: str) -> None:
    plan = plan_of(small_set)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(written(plan, [result(plan, 3, 1, 5.0, answer=text)])), encoding="utf-8")
    assert read_report(path).turns[0].answer == text


@pytest.mark.parametrize("runs, repeats", [(1, 1), (2, 1), (1, 3), (3, 2)])
def test_a_turn_is_read_back_as_it_was(small_set: Path, tmp_path: Path, runs: int, repeats: int) -> None:
    plan = plan_of(small_set, runs=runs, repeats=repeats)
    first = result(plan, "five", 1, *[6.0 + run for run in range(runs)], flags=("thinking", "several-ratings"))
    path = tmp_path / "r.json"
    path.write_text(json.dumps(written(plan, [first])), encoding="utf-8")
    (again,) = read_report(path).turns
    assert again.runs[0].flags == first.flags
    assert [replace(run, flags=()) for run in again.runs] == [replace(run, flags=()) for run in first.runs]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="half"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no format"),
        pytest.param(b'{"format": "pytest-mtbench/2", "turns": []}', id="a newer format"),
        pytest.param(b'{"format": "pytest-mtbench/1"}', id="no turns"),
        pytest.param(b'{"format": "pytest-mtbench/1", "turns": {}}', id="turns that are no list"),
        pytest.param(b'{"format": "pytest-mtbench/1", "turns": [{}]}', id="a turn that is none"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 99999, id="deep"),
    ],
)
def test_what_is_no_report_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"some\.json: ") as raised:
        read_report(path)
    assert len(str(raised.value).splitlines()) <= 2


@pytest.mark.parametrize("make", [False, True], ids=["missing", "a folder"])
def test_what_cannot_be_read_is_refused_with_its_name(tmp_path: Path, make: bool) -> None:
    path = tmp_path / "some.json"
    if make:
        path.mkdir()
    with pytest.raises(ConfigError, match=r"some\.json: "):
        read_report(path)
