from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest

from pytest_mtbench.domain.chat import Usage
from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Identity, JudgePrompt, Question, QuestionId, QuestionSet
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.domain.tally import CallCount, Tally
from pytest_mtbench.engine.estimate import estimate
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.protocol.prompts import SINGLE_PROMPTS
from pytest_mtbench.report import dry_run
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.report.terminal import lines, title
from pytest_mtbench.scores.gates import GateSpec, decide, decide_pairwise
from pytest_mtbench.scores.scorecard import scorecard, scorecards

from ...results import flagged, played, rated

SUITE = "mtbench.yaml"
WHERE = Endpoint(url="http://localhost:8000/v1")
WIDTHS = [40, 60, 80, 200]
EIGHT = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u2066\nline\r\x08\x00\x9b2J\u2028\ud800 end"


def questions_of(categories: Iterable[str], each: int = 10, turns: int = 2) -> tuple[Question, ...]:
    names = [name for name in categories for _ in range(each)]
    return tuple(Question(81 + n, name, ("a?",) * turns) for n, name in enumerate(names))


def plan_of(questions: Sequence[Question], model: str = "m", judge: str = "gpt-4", **more: Any) -> Plan:
    prompt = JudgePrompt("", "single", "", "grade this")
    prompts = {name: replace(prompt, name=name) for name in SINGLE_PROMPTS}
    whole = replace(QuestionSet("a-set", tuple(questions), prompts, Identity("", "", "")), **more)
    return Plan(SUITE, whole, tuple(questions), Answerer(model, WHERE), Role(judge, WHERE))


Score = float | None
Scores = Mapping[tuple[QuestionId, int], Score] | Callable[[Question, int], Score]


def report_of(
    plan: Plan,
    scores: Scores,
    specs: Sequence[GateSpec] = (),
    *,
    ran: Sequence[str] | None = None,
    unscored: str = "http 500, given up",
    **more: Any,
) -> RunReport:
    """The report of a run in which every turn scored so, or was not measured where `scores` lacks it."""
    results = []
    for question in plan.selected:
        for turn in range(1, len(question.turns) + 1):
            if not callable(scores) and (question.id, turn) not in scores:
                continue
            score = scores(question, turn) if callable(scores) else scores[question.id, turn]
            key = TurnKey(SUITE, question.id, turn)
            results.append(rated(key, question.category, score, reason=unscored))
    card = scorecard(plan.selected, results)
    gates = [decide(spec, card, f"{SUITE}::gate[{spec.name}]") for spec in specs if ran is None or spec.name in ran]
    report = RunReport(plan, card, tuple(specs), tuple(gates), Tally(), started=0.0, seconds=3.14, ids=ids_of(plan))
    return replace(report, **more)


def ids_of(plan: Plan, suite: str = SUITE) -> dict[tuple[object, int], str]:
    return {
        (q.id, turn): f"{suite}::{q.category.replace(' ', '_')}[q{q.id}-turn{turn}]"
        for q in plan.questions.questions
        for turn in range(1, len(q.turns) + 1)
    }


def text_of(report: RunReport, width: int = 80) -> str:
    return "\n".join(lines(report, width))


def flat(report: RunReport, width: int = 80) -> str:
    """The summary with its line breaks undone."""
    return " ".join(text_of(report, width).split())


def table_of(report: RunReport, width: int = 200) -> dict[str, list[str]]:
    """The cells of the table by the name of their row, empty cells left out."""
    rows = {}
    for line in list(lines(report, width))[2:]:
        if not line:
            break
        name, *cells = re.split(r" {2,}", line.strip())
        rows[name] = cells
    return rows


def too_wide(found: Iterable[str], width: int) -> list[str]:
    """Lines wider than the terminal although breaking between two words would have helped.

    An id is one word, and what stands before it on its line (`  7.50  `) is not worth a line of its own.
    """
    return [line for line in found if len(line) > width and max(map(len, line.split())) <= width - 10]


def unprintable(text: str) -> list[str]:
    harmful = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return [f"U+{ord(char):04X}" for char in text if char != "\n" and unicodedata.category(char) in harmful]


def steady(question: Question, turn: int) -> float:
    """A score for each turn that varies over the set."""
    number = question.id if isinstance(question.id, int) else len(question.id)
    return 5.0 + (number * 3 + turn * 2) % 5


ALL_GATES = [
    *(GateSpec(name, "category", 7) for name in EIGHT),
    GateSpec("turn1", "turn", 7.5),
    GateSpec("turn2", "turn", 6),
    GateSpec("overall", "overall", 7.25, "confident"),
]


def full_run(**more: Any) -> RunReport:
    """A run that has everything to say: failed gates, unscored turns, flags, costs, notes."""
    plan = plan_of(questions_of(EIGHT), notes=("13 of the 30 published reference answers are wrong in a turn",))
    priced = replace(plan, model=replace(plan.model, price=(1, 2)), judge=replace(plan.judge, price=(1, 2)))
    tally = Tally(
        answers=CallCount(150, 10, 3),
        judgments=CallCount(160, 0, 12),
        answer_usage=Usage(123_456, 65_432),
        judgment_usage=Usage(987_654, 32_100),
        oldest_cached_answer=time.time() - 3 * 86400,
        notes=[
            "warning: cache row 0123456789ab does not parse; asked again",
            "the judge's endpoint refuses max_tokens",
        ],
    )
    report = report_of(
        priced,
        lambda question, turn: None if question.id in (85, 86, 87, 120, 121, 122, 123) else steady(question, turn),
        ALL_GATES,
        tally=tally,
        remarks=("only the first 10 questions of each category were asked (--mtbench-limit)",),
        **more,
    )
    marked = tuple(flagged(result, "thinking", "rating-in-answer") for result in report.card.results)
    return replace(report, card=replace(report.card, results=marked))


# The table.


def test_a_row_a_category_then_turns_then_overall() -> None:
    report = report_of(plan_of(questions_of(("math", "writing"))), lambda q, turn: 8.0 if turn == 1 else 6.0)
    assert list(table_of(report)) == ["math", "writing", "turn 1", "turn 2", "overall"]
    assert table_of(report)["math"][:3] == ["8.00", "6.00", "7.00"]
    assert table_of(report)["turn 1"][0] == "8.00"


def test_a_row_shows_interval_threshold_and_gate() -> None:
    specs = [GateSpec("math", "category", 6.5), GateSpec("overall", "overall", 9)]
    report = report_of(plan_of(questions_of(("math", "writing"))), steady, specs)
    math, overall = report.card.categories["math"], report.card.overall
    assert table_of(report)["math"][3:] == [f"{math.low:.2f}-{math.high:.2f}", "6.5", "passed"]
    assert table_of(report)["overall"][1:] == [f"{overall.low:.2f}-{overall.high:.2f}", "9", "failed"]
    assert len(table_of(report)["writing"]) == 4
    head = next(iter(lines(report, 200)))
    for name in ("category", "turn 1", "turn 2", "mean", "95 % interval", "threshold", "gate"):
        assert name in head


def test_without_gates_there_are_no_columns_for_them() -> None:
    head = next(iter(lines(report_of(plan_of(questions_of(("math",))), steady), 200)))
    assert "threshold" not in head
    assert "gate" not in head


def test_a_gate_that_did_not_run_is_shown_as_such() -> None:
    specs = [GateSpec("math", "category", 6), GateSpec("writing", "category", 6)]
    report = report_of(plan_of(questions_of(("math", "writing"))), lambda q, turn: 7.0, specs, ran=["math"])
    assert table_of(report)["math"][-2:] == ["6", "passed"]
    assert table_of(report)["writing"][-2:] == ["6", "not run"]


def test_an_inconclusive_gate_is_shown_as_such() -> None:
    specs = [GateSpec("overall", "overall", 7, "confident")]
    report = report_of(plan_of(questions_of(("math",))), lambda q, turn: 7.0, specs)
    assert table_of(report)["overall"][-1] == "inconclusive"
    assert "INCONCLUSIVE mtbench.yaml::gate[overall]" in flat(report)


@pytest.mark.parametrize(
    "score, shown",
    [(7.0, "7.00"), (7.125, "7.12"), (7.996, "8.00"), (10.0, "10.00"), (1.0, "1.00"), (6.333333, "6.33")],
)
def test_means_have_two_decimals(score: float, shown: str) -> None:
    report = report_of(plan_of(questions_of(("math",), each=2)), lambda q, turn: score)
    assert table_of(report)["overall"][0] == shown


def test_a_near_miss_is_explained_where_the_table_rounds_it_up() -> None:
    plan = plan_of(questions_of(EIGHT))
    report = report_of(
        plan, lambda q, turn: 7.0 if (q.id, turn) == (81, 1) else 7.5, [GateSpec("overall", "overall", 7.5)]
    )
    assert "7.497" in flat(report)
    assert "FAILED mtbench.yaml::gate[overall]" in flat(report)


def test_a_passed_gate_needs_no_line_of_its_own() -> None:
    report = report_of(plan_of(questions_of(("math",))), lambda q, turn: 9.0, [GateSpec("math", "category", 6)])
    assert "gate[math]" not in text_of(report)


def test_the_status_of_a_gate_stands_out_in_its_row_and_its_line() -> None:
    specs = [GateSpec("math", "category", 9), GateSpec("writing", "category", 5), GateSpec("overall", "overall", 6)]
    report = report_of(plan_of(questions_of(("math", "writing"))), steady, specs, ran=["math", "writing"])
    found = [(line[span.start : span.end], span.style) for line in lines(report, 80) for span in line.spans]
    assert sorted(found) == [("FAILED", "failed"), ("failed", "failed"), ("passed", "passed")]


@pytest.mark.parametrize("width", [40, 200])
def test_the_table_is_never_far_from_the_end(width: int) -> None:
    """A long log is read from its end."""
    shown = list(lines(full_run(), width))
    start = next(number for number, line in enumerate(shown) if line.startswith("----"))
    assert len(shown) - start < 52
    assert (start == 1) == (len(shown) < 52), "where there is room it stands first"
    assert any(line.startswith("requests:") for line in shown)


# A part of a run.


def test_nothing_measured_is_said_and_makes_no_table() -> None:
    report = report_of(plan_of(questions_of(("math",))), {}, [GateSpec("math", "category", 6)], ran=[])
    assert next(iter(lines(report, 80))) == "no turn was measured"
    assert "overall" not in text_of(report)


def test_a_part_shows_how_much_of_it_was_measured() -> None:
    plan = plan_of(questions_of(("math", "writing", "coding"), each=2))
    report = report_of(plan, {(81, 1): 8.0, (81, 2): 6.0, (82, 1): 4.0, (83, 1): 9.0})
    rows = table_of(report)
    assert list(rows) == ["math (3/4)", "writing (1/4)", "turn 1 (3/6)", "turn 2 (1/6)", "overall (4/12)"]
    assert rows["math (3/4)"][:3] == ["6.00", "6.00", "6.00"]
    assert rows["writing (1/4)"] == ["9.00", "9.00"]


def test_a_turn_without_a_score_is_measured_and_not_missing() -> None:
    plan = plan_of(questions_of(("math",), each=2))
    report = report_of(plan, {(81, 1): 8.0, (81, 2): None, (82, 1): 4.0, (82, 2): None})
    assert list(table_of(report)) == ["math", "turn 1", "turn 2", "overall"]
    assert table_of(report)["turn 2"] == []


# Unscored turns, flags, lowest turns.


def test_unscored_turns_are_counted_and_named_with_their_reason() -> None:
    plan = plan_of(questions_of(("math",), each=2))
    report = report_of(plan, {(81, 1): 8.0, (81, 2): None, (82, 1): 4.0, (82, 2): 5.0})
    assert "unscored: 1 of 4 turns" in text_of(report)
    assert "mtbench.yaml::math[q81-turn2]: http 500, given up" in flat(report)


@pytest.mark.parametrize("missing, named, more", [(5, 5, None), (6, 5, "and 1 more"), (20, 5, "and 15 more")])
def test_many_unscored_turns_are_not_all_named(missing: int, named: int, more: str | None) -> None:
    order = [(question.id, turn) for question in questions_of(("math",)) for turn in (1, 2)]
    report = report_of(
        plan_of(questions_of(("math",))), {key: None if n < missing else 5.0 for n, key in enumerate(order)}
    )
    assert f"unscored: {missing} of 20 turns" in text_of(report)
    assert text_of(report).count("http 500") == named
    assert ("more" in text_of(report)) is (more is not None)
    assert more is None or more in text_of(report)


def test_nothing_unscored_nothing_said() -> None:
    report = report_of(plan_of(questions_of(("math",))), steady)
    assert "unscored" not in text_of(report)
    assert "flags" not in text_of(report)


def test_flags_are_counted() -> None:
    report = report_of(plan_of(questions_of(("math",), each=2)), steady)
    marks: list[tuple[str, ...]] = [("thinking",), ("thinking", "rating-in-answer"), (), ("thinking",)]
    results = tuple(flagged(result, *mark) for result, mark in zip(report.card.results, marks, strict=True))
    said = flat(replace(report, card=replace(report.card, results=results)))
    assert "flags: rating-in-answer 1, thinking 3" in said


def test_the_five_lowest_turns_are_named_lowest_first() -> None:
    plan = plan_of(questions_of(("math",)))
    report = report_of(plan, lambda q, turn: None if q.id == 90 else 10.0 - (int(q.id) - 81) - turn / 10)
    found = text_of(report).partition("lowest turns:\n")[2].splitlines()[:6]
    assert [line.split() for line in found[:5]] == [
        ["1.80", "mtbench.yaml::math[q89-turn2]"],
        ["1.90", "mtbench.yaml::math[q89-turn1]"],
        ["2.80", "mtbench.yaml::math[q88-turn2]"],
        ["2.90", "mtbench.yaml::math[q88-turn1]"],
        ["3.80", "mtbench.yaml::math[q87-turn2]"],
    ]
    assert "mtbench.yaml::math" not in found[5]


def test_ids_are_shown_as_they_can_be_pasted_back() -> None:
    report = report_of(
        plan_of(questions_of(("math",))), steady, [GateSpec("math", "category", 10)], shown_id=lambda node: f"../{node}"
    )
    assert "../mtbench.yaml::gate[math]" in flat(report)
    assert re.search(r"^  +\d\.\d\d  \.\./mtbench\.yaml::math\[q\d+-turn\d\]$", text_of(report), re.MULTILINE)


# Where the score stands.


def test_the_whole_original_is_placed_among_published_scores() -> None:
    plan = plan_of(questions_of(EIGHT), original=True)
    said = flat(report_of(plan, lambda q, turn: 8.0), 200)
    assert "tier: Strong (8.00)" in said
    assert "gpt-3.5-turbo 7.94" in said
    other = replace(plan, judge=replace(plan.judge, name="gpt-4o", label="gpt-4o"))
    said = flat(report_of(other, lambda q, turn: 8.0), 200)
    assert "tier: Strong (8.00)" in said
    assert "published" not in said


@pytest.mark.parametrize("what", ["another set", "a part selected", "a turn not measured", "a turn unscored"])
def test_anything_less_is_not(what: str) -> None:
    plan = plan_of(questions_of(EIGHT), original=what != "another set")
    if what == "a part selected":
        plan = replace(plan, selected=plan.selected[:79])
    order = [(question.id, turn) for question in plan.selected for turn in (1, 2)]
    scores: dict[tuple[QuestionId, int], Score] = dict.fromkeys(order, 8.0)
    if what == "a turn not measured":
        del scores[81, 2]
    elif what == "a turn unscored":
        scores[81, 2] = None
    said = flat(report_of(plan, scores), 200)
    assert "8.00" in said
    assert "tier" not in said
    assert "gpt-3.5-turbo" not in said


# Requests, cost, time.


def test_requests_tokens_cost_and_time_are_said() -> None:
    said = flat(full_run(), 200)
    assert (
        "requests: 310 made (answers 150 made, 10 cached, 3 retried; judgments 160 made, 0 cached, 12 retried)" in said
    )
    assert "tokens: 1,111,110 in, 97,532 out" in said
    assert "cost: 1.31 USD" in said
    assert "3.1 s" in said


def test_a_cost_that_is_not_known_is_not_said() -> None:
    report = report_of(plan_of(questions_of(("math",))), steady, tally=Tally(answer_usage=Usage(5, 5)))
    assert "USD" not in text_of(report)


@pytest.mark.parametrize(
    "seconds, shown",
    [
        (3 * 86400 + 30, "3 days"),
        (5 * 3600 + 30, "5 hours"),
        (600, "10 minutes"),
        (30, "30 seconds"),
        (-500, "0 seconds"),
    ],
)
def test_the_age_of_the_oldest_cached_answer_is_said(seconds: float, shown: str) -> None:
    tally = Tally(oldest_cached_answer=time.time() - seconds)
    said = flat(report_of(plan_of(questions_of(("math",))), steady, tally=tally))
    assert f"oldest cached answer is {shown} old" in said


def test_notes_are_said_once_each_and_warnings_as_warnings() -> None:
    said = flat(full_run(), 200)
    for note in (
        "note: 13 of the 30 published reference answers are wrong in a turn",
        "note: only the first 10 questions of each category were asked (--mtbench-limit)",
        "note: the judge's endpoint refuses max_tokens",
        "warning: cache row 0123456789ab does not parse",
    ):
        assert said.count(note) == 1
    assert "note: warning" not in said


# Width.


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    found = list(lines(full_run(), width))
    assert too_wide(found, width) == []
    assert len(found) > 30


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["partial", "original", "no gates"])
def test_no_line_of_other_runs_is_wider_than_the_terminal(width: int, kind: str) -> None:
    plan = plan_of(questions_of(EIGHT), original=kind == "original")
    part = {(question.id, 1): 7.0 for question in plan.selected}
    report = report_of(plan, part if kind == "partial" else steady, [] if kind == "no gates" else ALL_GATES)
    assert too_wide(lines(report, width), width) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_keeps_the_mean_and_the_gate(width: int) -> None:
    report = full_run()
    means = {name: f"{score.mean:.2f}" for name, score in report.card.categories.items()}
    found = text_of(report, width).splitlines()
    for name in EIGHT:
        line = next(line for line in found if line.startswith(name))
        assert means[name] in line
        assert line.split()[-1] in ("passed", "failed")


@pytest.mark.parametrize("width", WIDTHS)
def test_long_names_of_categories_stay_in_the_terminal(width: int) -> None:
    names = ["questions about the law of several countries", "short", "another long name of words " * 4]
    specs = [GateSpec(name, "category", 7.25) for name in names]
    report = report_of(plan_of(questions_of(names, each=3)), {(81, 1): 7.0, (84, 1): 7.0, (87, 2): 4.0}, specs)
    assert too_wide(lines(report, width), width) == []


def cells_of(text: str) -> int:
    """The columns that a terminal gives a text."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.mark.parametrize("width", [60, 80])
def test_wide_characters_count_two_columns(width: int) -> None:
    names = ["日本語の文章を書く問題の分類です", "数学", "writing"]
    specs = [GateSpec(name, "category", 7) for name in names]
    report = report_of(plan_of(questions_of(names, each=3)), steady, specs)
    table = text_of(report, width).partition("\n\n")[0].splitlines()
    assert [line for line in table if cells_of(line) > width] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_word_that_cannot_be_broken_is_left_whole(width: int) -> None:
    plan = plan_of(questions_of(("math",)))
    ids = ids_of(plan, "a/rather/deep/folder/of/suites/for/a/service/that/has/a/long/name.mtbench.yaml")
    report = report_of(plan, lambda q, turn: None if turn == 2 else 5.0, ids=ids)
    assert ids[81, 2] in text_of(report, width)
    assert ids[81, 1] in text_of(report, width)


def test_a_long_reason_is_wrapped_and_whole() -> None:
    reason = "the endpoint said: " + "word " * 60 + "end"
    report = report_of(plan_of(questions_of(("math",), each=1)), {(81, 1): None, (81, 2): 3.0}, unscored=reason)
    assert " ".join(reason.split()) in flat(report, 40)
    assert too_wide(lines(report, 40), 40) == []


# Hostile names and texts.


PLACES = ["model", "judge", "set", "category", "reason", "flag", "gate", "note", "remark", "tally"]


def with_text(text: str, place: str) -> RunReport:
    """A report that holds a text in one place."""
    category = text if place in ("category", "gate") else "math"
    names = {"model": text} if place == "model" else {"judge": text} if place == "judge" else {}
    more: dict[str, Any] = {"name": text} if place == "set" else {"notes": (text,)} if place == "note" else {}
    plan = plan_of(questions_of((category, "writing"), each=2), **names, **more)
    report = report_of(
        plan,
        lambda q, turn: None if (q.id, turn) == (81, 2) else 5.0,
        [GateSpec(category, "category", 9)] if place == "gate" else [],
        unscored=text if place == "reason" else "why",
        ids={key: f"{SUITE}::x[q{key[0]}-turn{key[1]}]" for key in ids_of(plan)},
        shown_id=lambda node: node if "gate" not in node else f"{SUITE}::gate[x]",
        remarks=(text,) if place == "remark" else (),
        tally=Tally(notes=[text] if place == "tally" else []),
    )
    if place == "flag":
        marked = tuple(flagged(result, text) for result in report.card.results)
        report = replace(report, card=replace(report.card, results=marked))
    return report


@pytest.mark.parametrize("place", PLACES)
def test_nothing_hostile_reaches_the_terminal(place: str) -> None:
    report = with_text(HOSTILE, place)
    found = [title(report.plan), *lines(report, 80)]
    assert [line for line in found if unprintable(line) or "\n" in line] == []
    assert "[31mred" in " ".join(found)  # it is shown, as what it is


@pytest.mark.parametrize("command", ["::error::x", "##[error]x"])
@pytest.mark.parametrize("place", ["category", "reason", "gate", "note"])
def test_no_line_is_a_command_to_github_actions(place: str, command: str) -> None:
    """Its runner takes `::name::` after any leading space, and `##[name]` anywhere in a line (ActionCommand.cs)."""
    report = with_text(" ".join([command] * 40), place)
    found = [title(report.plan), *lines(report, 80)]
    assert [line for line in found if line.lstrip().startswith("::") or "##[" in line] == []


@pytest.mark.parametrize("name", ["\x01", "\u200b", "a|b", "---", "  spaced  out  ", "1e5", "007", "<b>", "[red]"])
def test_odd_names_of_categories_have_their_row(name: str) -> None:
    report = report_of(plan_of(questions_of((name, "writing"), each=2)), steady)
    found = text_of(report, 200).partition("\n\n")[0].splitlines()
    assert len(found) == 2 + 5
    assert unprintable("".join(found)) == []
    assert found[2].split()[-4:-1] == [f"{report.card.categories[name].turns[1]:.2f}",
                                       f"{report.card.categories[name].turns[2]:.2f}",
                                       f"{report.card.categories[name].mean:.2f}"]  # fmt: skip


def test_the_title_names_model_judge_and_set() -> None:
    assert title(full_run().plan) == "MT-Bench: m, judged by gpt-4, on a-set"


# The dry run's lines.


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["m", HOSTILE])
def test_the_dry_run_says_what_would_be_called(width: int, name: str) -> None:
    plan = plan_of(questions_of(("math",)), model=name)
    estimated = estimate(plan, plan.turns(), lambda kind, request: None)
    found = [dry_run.title(plan), *dry_run.lines(plan, estimated, width, 1)]
    assert [line for line in found if unprintable(line) or "\n" in line] == []
    assert too_wide(found[1:], width) == []
    said = " ".join(" ".join(found).split())
    assert "answers: 20 to ask" in said
    assert "judgments: 20 to ask of gpt-4 at http://localhost:8000/v1, 0 there already" in said
    assert "USD for the judgments; that of the answers is unknown" in said
    assert "list prices, USD a million tokens: gpt-4 30 in, 60 out" in said
    assert "nothing was called" in said


def test_the_dry_run_says_the_cost_where_prices_are_known() -> None:
    plan = plan_of(questions_of(("math",)))
    priced = replace(plan, model=replace(plan.model, price=(1e3, 1e3)), judge=replace(plan.judge, price=(0, 0)))
    estimated = estimate(priced, priced.turns(), lambda kind, request: None)
    cost = fmean([estimated.cost(priced) or 0.0])
    assert cost > 1
    assert f"cost: about {cost:.2f} USD" in "\n".join(dry_run.lines(priced, estimated, 80, 1))


# Pairwise.


def pairwise_report(said: Mapping[str, Callable[[Question, int], str]], specs: Sequence[GateSpec] = ()) -> RunReport:
    """The report of a run against these models, whose games went so."""
    questions = questions_of(EIGHT)
    plan = plan_of(questions, "candidate")
    others = tuple(replace(plan.model, label=name) for name in said)
    plan = replace(plan, opponents=others)
    results = []
    for question in questions:
        for turn in (1, 2):
            games = tuple(
                Game(name, 1, (verdicts(question, turn)[0], verdicts(question, turn)[1]))
                for name, verdicts in said.items()
            )
            key = TurnKey(SUITE, question.id, turn)
            results.append(played(key, question.category, games))
    cards = scorecards(questions, results)
    gates = [decide_pairwise(spec, questions, results, f"{SUITE}::gate[{spec.name}]") for spec in specs]
    card = scorecard(questions, results)
    return RunReport(
        plan, card, tuple(specs), tuple(gates), Tally(), started=0.0, seconds=1.0, ids=ids_of(plan), against=cards
    )


def mixed(question: Question, turn: int) -> str:
    return ("AB", "BA", "AA", "CC")[(int(question.id) + turn) % 4]


SPECS = (GateSpec("math", "category", 0.9), GateSpec("turn2", "turn", 0.4), GateSpec("overall", "overall", 0.5))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pairwise_table_fits_the_terminal(width: int) -> None:
    text = text_of(pairwise_report({"other": mixed}, SPECS), width)
    table, _, _ = text.partition("\n\n")
    assert max(map(len, table.splitlines())) <= width
    assert table.splitlines()[-1].split()[0] == "overall"
    assert "passed" in table
    assert "failed" in table


def test_the_pairwise_table_says_what_the_rate_is_made_of() -> None:
    text = text_of(pairwise_report({"other": mixed}), 200)
    assert re.search(r"^category +wins +ties +losses +turn 1 +turn 2 +win rate +95 % interval$", text, re.MULTILINE)
    assert re.search(r"^overall +40 +80 +40 +0\.50 +0\.46-0\.54$", text, re.MULTILINE), text
    assert "threshold" not in text


def test_the_title_names_the_other_model() -> None:
    report = pairwise_report({"other": mixed, "third": mixed})
    assert title(report.plan) == "MT-Bench: candidate against other, third, judged by gpt-4, on a-set"


def test_several_models_are_ranked() -> None:
    report = pairwise_report({"weak": lambda q, turn: "AB", "strong": lambda q, turn: "BA", "equal": mixed})
    ranked = re.findall(r"^ *(\d) +(\w+) +(\S+) +(\S+) +(\S+)$", text_of(report), re.MULTILINE)
    assert [row[:3] for row in ranked] == [
        ("1", "strong", "1.00"),
        ("2", "candidate", "0.50"),
        ("3", "equal", "0.50"),
        ("4", "weak", "0.00"),
    ]
    assert [row[4] for row in ranked] == ["+5.77", "+0.00", "+0.00", "-5.77"]
    assert "Bradley-Terry" not in text_of(pairwise_report({"other": mixed}))
    many = text_of(pairwise_report({f"other-{n}": mixed for n in range(11)}))
    start = many.index("  model")
    block = many[many.rindex("\n", 0, start) + 1 :].splitlines()[:14]
    assert len({line.rindex(".") for line in block[2:]}) == 1, "columns are aligned"


def test_a_name_of_another_model_is_printable() -> None:
    report = pairwise_report({HOSTILE: mixed, "b": mixed}, SPECS)
    text = text_of(report) + title(report.plan)
    assert all(char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text)
