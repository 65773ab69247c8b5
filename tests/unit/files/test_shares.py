from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.domain.tally import CallCount, JudgeTally, Tally
from pytest_mtbench.engine.plan import Juror, Plan
from pytest_mtbench.files.shares import merge_reports
from pytest_mtbench.plugin.turn import MtbenchTurn
from pytest_mtbench.report import json_report
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.gates import GateSpec, decide
from pytest_mtbench.scores.scorecard import scorecard

from ...engine_harness import SUITE, plan_of
from ...server import JUDGE
from ...sets import QUESTIONS, TURNS, write_set


def share(plan: Plan, number: int, shares: int) -> Plan:
    return replace(plan, selected=tuple(q for n, q in enumerate(plan.selected) if n % shares == number - 1))


def results_of(plan: Plan, unscored: Sequence[tuple[QuestionId, int]] = ()) -> list[TurnResult]:
    """Results as a run of the plan gives them, a different score each."""
    results = []
    for question in plan.selected:
        for turn in range(1, len(question.turns) + 1):
            missing = (question.id, turn) in unscored
            base = plan.questions.questions.index(question) + turn
            scores = [float(1 + (base + run) % 9) for run in range(plan.runs)]
            reason = "http 500, given up" if missing else None
            results.append(
                TurnResult(
                    TurnKey(SUITE, question.id, turn),
                    question.category,
                    tuple(
                        Run(
                            f"answer {run} to turn {turn} of {question.id}",
                            (f"answer 0 to turn 1 of {question.id}",) if turn == 2 and run == 0 else (),
                            tuple(
                                Judgment(f"[[{score:g}]] {n}", None if missing else score, reason)
                                for n in range(plan.repeats)
                            ),
                            flags=("thinking",) if base % 2 and run == 0 else (),
                            failed=reason,
                            extra={"sources": [turn]} if run == 0 else None,
                        )
                        for run, score in enumerate(scores)
                    ),
                )
            )
    return results


def write(
    path: Path, plan: Plan, results: list[TurnResult], served: Sequence[str] = (JUDGE,), tally: Tally | None = None
) -> Path:
    """The JSON report of a share."""
    tally = tally or Tally(judges_served=list(served))
    report = RunReport(plan, scorecard(plan.selected, results), (), (), tally, started=0.0, seconds=1.0)
    path.write_text(json.dumps(json_report.as_json(report)), encoding="utf-8")
    return path


def write_shares(
    folder: Path, plan: Plan, shares: int = 2, unscored: Sequence[tuple[QuestionId, int]] = ()
) -> list[Path]:
    parts = [share(plan, number, shares) for number in range(1, shares + 1)]
    return [write(folder / f"{n}.json", part, results_of(part, unscored)) for n, part in enumerate(parts, 1)]


def merged_results(paths: Sequence[Path], plan: Plan) -> list[TurnResult]:
    return merge_reports(paths, plan)[0]


def by_key(results: Sequence[TurnResult]) -> dict[TurnKey, TurnResult]:
    return {result.key: result for result in results}


@pytest.mark.parametrize("shares", [1, 2, 5])
@pytest.mark.parametrize("runs, repeats", [(1, 1), (3, 1), (1, 2), (2, 2)])
def test_the_shares_are_the_whole(small_set: Path, tmp_path: Path, shares: int, runs: int, repeats: int) -> None:
    plan = plan_of(small_set, runs=runs, repeats=repeats)
    merged = by_key(merged_results(write_shares(tmp_path, plan, shares), plan))
    expected = by_key(results_of(plan))
    assert len(merged) == TURNS
    assert merged == expected


def test_the_conversation_before_a_second_turn_is_kept(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    merged = by_key(merged_results(write_shares(tmp_path, plan), plan))
    second = MtbenchTurn.from_result(plan, plan.question(3), merged[TurnKey(SUITE, 3, 2)], pytest.fail)
    said = [(message["role"], message["content"]) for message in second.messages]
    assert said[1:] == [
        ("user", "What is 6 times 7?"),
        ("assistant", "answer 0 to turn 1 of 3"),
        ("user", "And that minus 2?"),
    ]


def test_the_order_of_the_files_does_not_matter(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan, 3)
    assert by_key(merged_results(paths, plan)) == by_key(merged_results(paths[::-1], plan))


def test_a_turn_without_a_score_stays_without_one_and_keeps_its_reason(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    merged = merged_results(write_shares(tmp_path, plan, unscored=[(3, 2)]), plan)
    lost = by_key(merged)[TurnKey(SUITE, 3, 2)]
    assert (lost.score, lost.scores, lost.unscored) == (None, (None,), "http 500, given up")
    decided = decide(GateSpec("math", "category", 1), scorecard(plan.selected, merged), "id")
    assert decided.status == "failed"


def test_missing_questions_are_named(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    with pytest.raises(ConfigError, match="2 questions: 2, 4"):
        merge_reports(paths[:1], plan)


def test_a_question_of_which_a_turn_is_missing_is_named(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    path = write(tmp_path / "1.json", plan, results_of(plan)[:-2])
    with pytest.raises(ConfigError, match="2 questions: 4, five"):
        merge_reports([path], plan)


def test_many_missing_questions_are_not_all_listed(tmp_path: Path) -> None:
    many = [{"question_id": n, "category": "math", "turns": ["?"]} for n in range(100, 180)]
    plan = plan_of(write_set(tmp_path / "many", many))
    path = write(tmp_path / "1.json", share(plan, 1, 40), results_of(share(plan, 1, 40)))
    with pytest.raises(ConfigError, match=r"lack 78 questions: 101, .*\.\.\.") as raised:
        merge_reports([path], plan)
    assert len(str(raised.value)) < 300


def test_a_report_given_twice_is_refused(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    first, second = write_shares(tmp_path, plan)
    with pytest.raises(ConfigError, match=r"question 1, turn 1 .*two reports"):
        merge_reports([first, second, first], plan)


@pytest.mark.parametrize(
    "change, named",
    [
        (lambda plan: replace(plan, model=replace(plan.model, name="other")), ["model", "'m'", "'other'"]),
        (lambda plan: replace(plan, judge=replace(plan.judge, name="other")), ["judge", "'other'"]),
        (lambda plan: replace(plan, judge=replace(plan.judge, temperature=0.5)), ["judge_parameters", "0.5"]),
        (lambda plan: replace(plan, judge=replace(plan.judge, max_tokens=7)), ["judge_parameters", "7"]),
        (lambda plan: replace(plan, repeats=2), ["judge_parameters", "repeats"]),
        (lambda plan: replace(plan, model=replace(plan.model, temperature=0.5)), ["model_parameters", "0.5"]),
        (
            lambda plan: replace(plan, model=replace(plan.model, extra_body={"k": 1})),
            ["model_parameters", "extra_body"],
        ),
        (
            lambda plan: replace(plan, model=replace(plan.model, system_prompt="Be brief.")),
            ["model_parameters", "Be brief."],
        ),
        (lambda plan: replace(plan, model=replace(plan.model, revision="r2")), ["model_parameters", "r2"]),
        (lambda plan: replace(plan, runs=2), ["model_parameters", "runs"]),
    ],
)
def test_a_share_that_was_made_otherwise_is_refused_and_says_how(
    small_set: Path, tmp_path: Path, change: Callable[[Plan], Plan], named: list[str]
) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    with pytest.raises(ConfigError) as raised:
        merge_reports(paths, change(plan))
    said = str(raised.value)
    assert said.startswith(str(paths[0]))
    assert [word for word in named if word not in said] == []


@pytest.mark.parametrize("changed", ["questions", "references", "prompts"])
def test_a_share_of_another_set_is_refused(small_set: Path, tmp_path: Path, changed: str) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    if changed == "questions":
        write_set(small_set, [QUESTIONS[0] | {"turns": ["Write a line about snow.", "Again."]}, *QUESTIONS[1:]])
    elif changed == "references":
        (small_set / "reference_answer" / "reference.jsonl").unlink()
    else:
        own = Path(json_report.__file__).parents[1] / "questions" / "judge_prompts.jsonl"
        text = own.read_text(encoding="utf-8")
        (small_set / "judge_prompts.jsonl").write_text(text.replace("strictly", "kindly"), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"fingerprint {changed}"):
        merge_reports(paths, plan_of(small_set))


def test_of_many_parameters_only_those_that_differ_are_named(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    newer = replace(plan, model=replace(plan.model, revision="r2", extra_body={"top_k": 1}))
    with pytest.raises(ConfigError) as raised:
        merge_reports(paths, newer)
    line = str(raised.value).splitlines()[0]
    assert line.startswith(f"{paths[0]}: fingerprint model_parameters is {{")
    assert line.count("revision") == line.count("extra_body") == 2
    assert "max_tokens" not in line
    assert "temperature" not in line


def test_where_the_set_lies_does_not_matter(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    elsewhere = plan_of(write_set(tmp_path / "another_machine"))
    assert len(merged_results(paths, elsewhere)) == TURNS


def test_a_share_whose_replies_were_all_cached_fits_the_others(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    one, two = share(plan, 1, 2), share(plan, 2, 2)
    paths = [
        write(tmp_path / "1.json", one, results_of(one), served=["the-judge-2024"]),
        write(tmp_path / "2.json", two, results_of(two), served=[]),
    ]
    assert len(merged_results(paths, plan)) == TURNS


def test_what_the_shares_cost_is_added_up(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    parts = [share(plan, 1, 2), share(plan, 2, 2)]
    tallies = [
        Tally(CallCount(5, 1, 2), CallCount(6, 3, 4), Usage(100, 10), Usage(1000, 20), [JUDGE]),
        Tally(CallCount(3, 0, 0), CallCount(2, 1, 1), Usage(200, 30), Usage(3000, 40), [JUDGE]),
    ]
    paths = [
        write(tmp_path / f"{n}.json", part, results_of(part), tally=tally)
        for n, (part, tally) in enumerate(zip(parts, tallies, strict=True))
    ]
    _, together = merge_reports(paths, plan)
    assert (together.answers, together.judgments) == (CallCount(8, 1, 2), CallCount(8, 4, 5))
    assert (together.answer_usage, together.judgment_usage) == (Usage(300, 40), Usage(4000, 60))


@pytest.mark.parametrize(
    "served, expected",
    [
        ([["gpt-4-0613"], ["gpt-4-0613"]], ["gpt-4-0613"]),
        ([["gpt-4-0613"], []], ["gpt-4-0613"]),
        ([["a", "b"], ["b", "a"]], ["a", "b"]),
    ],
    ids=["the same", "one share is cached", "the same two in both"],
)
def test_who_judged_the_shares_is_kept(
    small_set: Path, tmp_path: Path, served: list[list[str]], expected: list[str]
) -> None:
    plan = plan_of(small_set)
    parts = [share(plan, 1, 2), share(plan, 2, 2)]
    paths = [
        write(tmp_path / f"{n}.json", part, results_of(part), who)
        for n, (part, who) in enumerate(zip(parts, served, strict=True))
    ]
    assert merge_reports(paths, plan)[1].judges_served == expected


@pytest.mark.parametrize("served", [[["a"], ["b"]], [["a", "b"], ["b"]], [[], ["a"], ["b"]]], ids=str)
def test_shares_whose_judge_was_served_otherwise_are_refused(
    small_set: Path, tmp_path: Path, served: list[list[str]]
) -> None:
    plan = plan_of(small_set)
    parts = [share(plan, n, len(served)) for n in range(1, len(served) + 1)]
    paths = [
        write(tmp_path / f"{n}.json", part, results_of(part), who)
        for n, (part, who) in enumerate(zip(parts, served, strict=True))
    ]
    with pytest.raises(ConfigError, match=r"its judge was served as b, that of .*\.json as a") as raised:
        merge_reports(paths, plan)
    assert str(raised.value).startswith(str(paths[-1]))


def with_shard(paths: Sequence[Path], *shards: str) -> None:
    for path, text in zip(paths, shards, strict=True):
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"shard": text}), encoding="utf-8")


@pytest.mark.parametrize(
    "shards, refused",
    [
        (("1/2", "2/3"), r"2\.json: is share 2/3, and .*1\.json is 1/2 of another run"),
        (("1/2", "1/2"), r"2\.json: share 1/2 is in two reports, also in .*1\.json; leave one"),
        (("1/2", "two of three"), r"2\.json: not what a run writes: shard"),
    ],
    ids=str,
)
def test_shares_that_are_not_of_one_run_are_refused(
    small_set: Path, tmp_path: Path, shards: tuple[str, str], refused: str
) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    with_shard(paths, *shards)
    with pytest.raises(ConfigError, match=refused):
        merge_reports(paths, plan)


def test_shares_of_answers_of_two_models_are_refused(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    parts = [share(plan, 1, 2), replace(share(plan, 2, 2), answers_of="other")]
    paths = [write(tmp_path / f"{n}.json", part, results_of(part)) for n, part in enumerate(parts)]
    with pytest.raises(ConfigError, match=r"1\.json: graded answers of other, and .*0\.json those of m$"):
        merge_reports(paths, plan)


def test_a_share_says_which_it_is(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    parts = [replace(share(plan, n, 2), shard=f"{n}/2") for n in (1, 2)]
    paths = [write(tmp_path / f"{n}.json", part, results_of(part)) for n, part in enumerate(parts)]
    assert [json.loads(path.read_text(encoding="utf-8"))["shard"] for path in paths] == ["1/2", "2/2"]
    assert len(merged_results(paths, plan)) == TURNS


def test_ids_as_text_are_those_of_the_set(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    report = json.loads(paths[0].read_text(encoding="utf-8"))
    for row in report["turns"]:
        row["question_id"] = str(row["question_id"])
    paths[0].write_text(json.dumps(report), encoding="utf-8")
    assert by_key(merged_results(paths, plan)) == by_key(results_of(plan))


@pytest.mark.parametrize(
    "change", [{"question_id": 99}, {"category": "math"}, {"turn": 2, "question_id": "five"}], ids=str
)
def test_a_turn_that_is_not_of_the_set_is_refused_with_its_line(
    small_set: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    report = json.loads(paths[0].read_text(encoding="utf-8"))
    report["turns"][1] |= change
    del report["scores"]  # or it would say another thing than the turns
    paths[0].write_text(json_report.as_text(report), encoding="utf-8")
    with pytest.raises(ConfigError, match="is not of the question set") as raised:
        merge_reports(paths, plan)
    lines = paths[0].read_text(encoding="utf-8").splitlines()
    line = 1 + [n for n, text in enumerate(lines) if '"question_id"' in text][1]
    assert str(raised.value).startswith(f"{paths[0]}:{line}: question ")


def test_no_report_at_all_lacks_everything(small_set: Path) -> None:
    with pytest.raises(ConfigError, match="5 questions"):
        merge_reports([], plan_of(small_set))


# Files that are not what they should be.


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": "pytest-mtbench/0", "turns": []}',
        b'{"turns": []}',
        b"\xff\xfe",
        b"[" * 99999,
    ],
    ids=["empty", "half", "a list", "null", "an older format", "no format", "not utf-8", "deep"],
)
def test_a_file_that_is_no_report_is_refused_with_its_name(small_set: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "share.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"share\.json"):
        merge_reports([tmp_path / "share.json"], plan_of(small_set))


def test_a_file_that_is_not_there_is_refused_with_its_name(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"share\.json"):
        merge_reports([tmp_path / "share.json"], plan_of(small_set))


def test_a_report_without_a_fingerprint_is_refused(small_set: Path, tmp_path: Path) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    report = json.loads(paths[1].read_text(encoding="utf-8"))
    paths[1].write_text(json.dumps(report | {"fingerprint": None}), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"2\.json: .*fingerprint"):
        merge_reports(paths, plan)


@pytest.mark.parametrize(
    "changes",
    [
        {"calls": {}},
        {"calls": {"answers": {"made": "1", "cached": 0, "retried": 0}, "judgments": {}}},
        {"usage": {"answers": {"tokens": 1}, "judgments": {}}},
        {"usage": {"answers": None, "judgments": None}},
    ],
    ids=["no calls", "calls in words", "other tokens", "no tokens"],
)
def test_counts_that_no_run_can_give_are_refused(small_set: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    report = json.loads(paths[0].read_text(encoding="utf-8"))
    paths[0].write_text(json.dumps(report | changes), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"1\.json"):
        merge_reports(paths, plan)


@pytest.mark.parametrize(
    "changes",
    [
        {"score": float("nan"), "scores": [float("nan")]},
        {"score": float("inf"), "scores": [float("inf")]},
        {"score": 99, "scores": [99]},
        {"score": 0, "scores": [0]},
        {"score": "9", "scores": ["9"]},
        {"score": 9, "scores": []},
        {"score": 9, "scores": None},
        {"question_id": [1]},
        {"question_id": None},
        {"turn": "1"},
        {"answer": None},
        {"answers": 5},
        {"judgments": 5},
        {"flags": None},
        {"unscored": 5, "score": None, "scores": [None]},
    ],
    ids=str,
)
def test_a_turn_that_no_run_can_give_is_refused_and_passes_no_gate(
    small_set: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    plan = plan_of(small_set)
    paths = write_shares(tmp_path, plan)
    report = json.loads(paths[0].read_text(encoding="utf-8"))
    report["turns"][0] |= changes
    paths[0].write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"1\.json:1: not what a run writes: turns\.0"):
        merge_reports(paths, plan)


# --- a jury ---


def jury_of(plan: Plan, *names: str) -> Plan:
    judges = [replace(plan.judge, name=name, label=name) for name in names]
    return replace(plan, judge=judges[0], jury=tuple(map(Juror, judges)))


def of_jury(plan: Plan, results: Sequence[TurnResult]) -> list[TurnResult]:
    """The same, with what each judge of the plan said in the place of what the one judge said."""
    found = []
    for result in results:
        runs = [
            replace(
                run,
                judgments=tuple(
                    replace(one, judge=name, text=f"{name}: [[{one.score:g}]]" if one.score else "")
                    for name in (role.label for role in plan.judges)
                    for one in run.judgments
                ),
            )
            for run in result.runs
        ]
        found.append(replace(result, runs=tuple(runs)))
    return found


@pytest.mark.parametrize("runs, repeats", [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_the_shares_of_a_jury_are_the_whole(small_set: Path, tmp_path: Path, runs: int, repeats: int) -> None:
    plan = jury_of(plan_of(small_set, runs=runs, repeats=repeats), "a", "b")
    missing = [("five", 1)]
    paths = [
        write(tmp_path / f"{n}.json", share(plan, n, 2), of_jury(plan, results_of(share(plan, n, 2), missing)))
        for n in (1, 2)
    ]
    merged = {result.key: result for result in merged_results(paths, plan)}
    for key, expected in by_key(of_jury(plan, results_of(plan, missing))).items():
        assert merged[key].scores == expected.scores
        assert [run.judgments for run in merged[key].runs] == [run.judgments for run in expected.runs]
        assert merged[key].unscored == expected.unscored


@pytest.mark.parametrize(
    "first, second, refused",
    [
        ({"a": ["a-1"], "b": ["b-1"]}, {"a": ["a-1"], "b": ["b-1"]}, ""),
        ({"a": ["a-1"], "b": ["b-1"]}, {"b": ["b-1"]}, ""),  # the judgments of one were all cached
        ({"a": ["a-1"]}, {"b": ["b-1"]}, ""),
        ({"a": ["a-1"], "b": ["b-1"]}, {"a": ["a-1"], "b": ["b-2"]}, "its judge b was served as b-2, that of"),
        ({"a": ["a-1"], "b": ["a-2"]}, {"a": ["a-2"], "b": ["a-1"]}, "its judge a was served as a-2, that of"),
    ],
)
def test_shares_of_a_jury_have_each_judge_served_alike(
    small_set: Path, tmp_path: Path, first: dict[str, list[str]], second: dict[str, list[str]], refused: str
) -> None:
    plan = jury_of(plan_of(small_set), "a", "b")
    paths = []
    for number, served in enumerate((first, second), start=1):
        part = share(plan, number, 2)
        tally = Tally(
            judges_served=[name for names in served.values() for name in names],
            jury={judge: JudgeTally(made=1, served=list(names)) for judge, names in served.items()},
        )
        paths.append(write(tmp_path / f"{number}.json", part, of_jury(plan, results_of(part)), tally=tally))
    if refused:
        with pytest.raises(ConfigError, match=refused):
            merge_reports(paths, plan)
        return
    _, tally = merge_reports(paths, plan)
    assert {judge: part.served for judge, part in tally.jury.items()} == {"a": ["a-1"], "b": ["b-1"]}


@pytest.mark.parametrize("names", [("a", "c"), ("a", "b", "c"), ("a",)])
def test_a_share_of_another_jury_is_refused(small_set: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    plan = jury_of(plan_of(small_set), "a", "b")
    path = write(tmp_path / "1.json", plan, of_jury(plan, results_of(plan)))
    other = jury_of(plan_of(small_set), *names) if len(names) > 1 else plan_of(small_set)
    with pytest.raises(ConfigError) as raised:
        merge_reports([path], other)
    assert "fingerprint judge_requested is 'a + b', this run's is" in str(raised.value)
    assert len(raised.value.problems) == 1
