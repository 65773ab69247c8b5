from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest

from pytest_mtbench.domain.question import Place
from pytest_mtbench.report.markdown_report import LIMIT, markdown_report
from pytest_mtbench.report.run_report import Ending, RunReport
from pytest_mtbench.scores.baseline import Baseline
from pytest_mtbench.scores.gates import GateResult, GateSpec
from pytest_mtbench.scores.regression import Rule
from pytest_mtbench.scores.regression_gate import RegressionSpec, outcome_of

from ...integration.test_trust import HOSTILE
from ...markdown import check_stays_text, pages
from ...results import flagged, rated
from .test_terminal import (
    ALL_GATES,
    EIGHT,
    PLACES,
    full_run,
    pairwise_report,
    plan_of,
    questions_of,
    report_of,
    steady,
    with_text,
)


def made(*reports: RunReport) -> str:
    """The page, which stays text whatever is in it."""
    text = markdown_report(reports)
    assert len(text.encode()) < LIMIT
    check_stays_text(text)
    return text


def failed(report: RunReport) -> RunReport:
    return replace(report, ending=Ending("failed", 1))


def with_answers(texts: list[str]) -> RunReport:
    """A report of ten turns below the floor whose answers and judgments are these."""
    report = report_of(plan_of(questions_of(["math"], each=5)), lambda q, turn: 1.0 + int(q.id) % 5 / 10)
    results = report.card.results
    said = [
        rated(result.key, result.category, result.score, answer=text, judgment=text)
        for result, text in zip(results, texts * 10, strict=False)
    ]
    return replace(report, card=replace(report.card, results=tuple(said)), floor={"default": 5})


# What stands where.


def test_verdict_gates_table_profile_and_what_is_folded() -> None:
    text = made(failed(full_run()))
    order = [
        "## ❌ MT-Bench: m, judged by gpt-4, on a-set",
        "m scores ",
        "- ❌ `mtbench.yaml::gate[",
        "- ⚠️ cache row",
        "| category | turn 1 | turn 2 | mean | 95 % interval | threshold | gate |",
        "| overall |",
        "### Profile",
        "<summary>Turns without a score, and flags</summary>",
        "<summary>Turns to look at first</summary>",
        "<summary>Requests, cost and notes</summary>",
        "requests: 310 made",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    folded = text.index("<details>")
    assert text.index("### Profile") < folded < text.index("http 500, given up")
    assert text.count("<details>") == text.count("</details>")


def test_failed_gates_stand_first_with_their_reason_and_others_by_name_alone() -> None:
    report = full_run()
    gates = [line for line in made(report).splitlines() if "::gate[" in line]
    status = {f"`{gate.id}`": gate.status for gate in report.gates}
    shown = [line[2] for line in gates]
    assert shown == sorted(shown, key="❌⚠✅".index)
    for line in gates:
        names = [name for name in status if name in line]
        assert {status[name] for name in names} == {{"❌": "failed", "⚠": "inconclusive", "✅": "passed"}[line[2]]}
        assert line[2] == "✅" or len(names) == 1
        assert (": " in line) == (line[2] != "✅")


def test_a_gate_that_did_not_run_is_named() -> None:
    specs = [GateSpec("math", "category", 6), GateSpec("overall", "overall", 6)]
    text = made(report_of(plan_of(questions_of(["math"])), steady, specs, ran=["math"]))
    assert "- not run: `gate[overall]`" in text


def test_the_table_is_one_with_a_sign_for_each_gate() -> None:
    report = report_of(plan_of(questions_of(EIGHT)), steady, ALL_GATES)
    for page in pages(made(report)).values():
        assert (page.tags["table"], page.tags["tr"]) == (1, 1 + 8 + 2 + 1)
    assert "| ❌ failed |" in made(report)


def baseline_report(change: float, **gate: Any) -> RunReport:
    *numbered, other = questions_of(EIGHT)
    # Ids of one set may be numbers and texts.
    report = report_of(plan_of([*numbered, replace(other, id="the last")]), steady, floor={})
    scores: dict[Place, tuple[float | None, ...]] = {
        result.place: ((result.score or 0) - change * (result.place == (81, 1) or 0.1),)
        for result in report.card.results
    }
    spec = RegressionSpec(Baseline("old_b.json", "old model", 1, scores, {}, {}), Rule(), None, "pass")
    outcome = outcome_of(spec, report.plan, report.card.results)
    gates = [GateResult(name="regression", id="x::gate[regression]", value=0, minimum=0, **gate)] if gate else []
    return replace(report, regression=spec, outcome=outcome, gates=tuple(gates))


def test_what_fell_is_told_and_shown() -> None:
    gate: dict[str, Any] = {"status": "failed", "message": "regression: regressed: 0.42 lower"}
    text = made(baseline_report(-3.0, **gate))
    assert "- ❌ `x::gate[regression]`: regressed: 0.42 lower" in text
    assert text.count("regressed: 0.42 lower") == 1
    comparison = text.partition("### Against the baseline\n\n")[2].splitlines()
    assert comparison[0] == "- against old model (1 run, old_b.json)"
    fell = comparison.index("- fell most:")
    assert comparison[fell + 1] == "  - -3.00 `mtbench.yaml::writing[q81-turn1]`"
    assert ", -3.00 against the baseline</summary>" in text


def test_a_comparison_whose_gate_did_not_run_says_what_it_came_to() -> None:
    text = made(baseline_report(-3.0))
    assert "- against old model (1 run, old_b.json): 0.32 lower, between 0.16 and 0.48" in text
    assert "gate[regression]` did not run" in text


def test_a_passed_gate_against_a_baseline_keeps_its_reason() -> None:
    text = made(baseline_report(0.5, status="passed", message="regression: passed: 0.06 higher; ruled out"))
    assert "- ✅ `x::gate[regression]`: 0.06 higher; ruled out" in text


def test_a_pairwise_run_shows_what_was_lost_with_both_texts() -> None:
    text = made(
        pairwise_report({"other": lambda q, turn: "BA" if q.id == 81 else "AB"}, [GateSpec("math", "category", 0.5)])
    )
    assert "| category | wins | ties | losses |" in text
    assert "<code>mtbench.yaml::writing[q81-turn1]</code>: loss</summary>" in text
    assert "Judgment with the other answer first:" in text
    assert "against other: win rate 0.99" in text


def test_an_audition_has_a_page() -> None:
    report = replace(report_of(plan_of(questions_of(["math"]), model=""), {}), is_audition=True)
    assert made(report).startswith("## ✅ MT-Bench: the judge gpt-4 beside people, on a-set\n")


# Hostile texts.


def texts() -> Iterator[str]:
    for row in HOSTILE.values():
        yield str(row.model[0])
        yield str(row.judge[0])
    yield "</code></pre></details></summary><script>alert(1)</script>\n\n```\n````\n<img src=x>\n@me #1\n/close"


@pytest.mark.parametrize("text", list(dict.fromkeys(texts())), ids=lambda text: repr(text[:20]))
def test_hostile_answers_make_no_tag(text: str) -> None:
    harmless, hostile = (pages(made(with_answers([said]))) for said in ("a", text))
    for name, page in hostile.items():
        assert page.tags == harmless[name].tags


def test_hostile_answers_of_all_kinds_side_by_side_make_no_tag() -> None:
    found = list(texts())
    harmless, hostile = (pages(made(with_answers(said))) for said in (["a"], found))
    for name, page in hostile.items():
        assert page.tags == harmless[name].tags


MARKDOWN = (
    "@me | #1 <b> `x` ![x](http://e.vil) [x](y) \n\n# h\n\n- x\n\x1b[0m \u202e https://e.vil :tada: ::error::x "
    "##[error]x \ud800"
)


@pytest.mark.parametrize("place", PLACES)
def test_hostile_names_make_no_tag(place: str) -> None:
    harmless, hostile = (pages(made(with_text(text, place))) for text in ("x <", MARKDOWN))
    for name, page in hostile.items():
        tags, others = dict(page.tags), dict(harmless[name].tags)
        assert tags.pop("code") >= others.pop("code")
        assert tags == others


# Size.


def test_long_texts_are_cut_and_what_is_left_out_is_said() -> None:
    text = made(
        with_answers(["word " * 100_000, "`" * 100_000, "\u202e" * 10_000, "日本語" * 10_000, "\n" * 5_000 + "x"])
    )
    assert "characters ...]" in text


def test_a_page_of_very_many_categories_is_cut() -> None:
    names = [f"category {n}" for n in range(2_000)]
    specs = [GateSpec(name, "category", 9) for name in names]
    text = made(report_of(plan_of(questions_of(names, each=1)), lambda q, turn: 2.0, specs))
    assert text.startswith("## ")
    assert "- ❌ `mtbench.yaml::gate[category 0]`" in text
    last = text.splitlines()[-1]
    assert last.startswith("Left out, to stay below 60 kB: ")
    assert "of 2000 gates" in last
    assert "2003 of 2003 rows of the table" in last
    assert last.endswith("The other reports (--mtbench-report) hold everything.")


def test_a_name_of_any_length_leaves_the_verdict() -> None:
    report = report_of(plan_of(questions_of(["math"]), model="m" * 100_000, judge="<" * 100_000), steady)
    assert "mmm" in made(report).splitlines()[0]


def suite(key: str, minimum: float, status: Literal["passed", "failed", "aborted"] = "failed") -> RunReport:
    plan = replace(plan_of(questions_of(EIGHT), model=key), key=key)
    return replace(report_of(plan, steady, [GateSpec("overall", "overall", minimum)]), ending=Ending(status, 1))


def heads(text: str) -> list[str]:
    return [line.partition(",")[0] for line in text.splitlines() if line.startswith("## ")]


def test_suites_share_the_page_the_failed_ones_first() -> None:
    text = made(*(suite(f"fine-{n}", 5) for n in range(30)), suite("bad", 9))
    assert heads(text) == ["## ❌ MT-Bench: bad", *(f"## ✅ MT-Bench: fine-{n}" for n in range(19))]
    assert text.rstrip().endswith("and 11 suites more. The other reports (--mtbench-report) hold everything.")


def test_a_suite_is_not_blamed_for_another() -> None:
    assert heads(made(suite("fine", 5), suite("bad", 9))) == ["## ❌ MT-Bench: bad", "## ✅ MT-Bench: fine"]
    assert "failed all the same" not in made(suite("fine", 5), suite("bad", 9))
    assert heads(made(suite("fine", 5), suite("fine too", 5))) == ["## ❌ MT-Bench: fine", "## ❌ MT-Bench: fine too"]
    assert heads(made(suite("fine", 5, "aborted"), suite("bad", 9, "aborted")))[0] == "## ❌ MT-Bench: fine"


def test_flags_and_turns_below_the_floor_are_shown() -> None:
    report = with_answers(["an answer"])
    marked = tuple(flagged(result, "thinking") for result in report.card.results)
    text = made(replace(report, card=replace(report.card, results=marked)))
    assert "flags: thinking 10" in text
    assert text.count(" an answer\n") == 20, "as answer and as judgment, of each turn below the floor"
