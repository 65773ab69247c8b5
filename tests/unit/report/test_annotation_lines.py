from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_mtbench.report.annotation_lines import annotation_lines
from pytest_mtbench.report.run_report import Ending, RunReport
from pytest_mtbench.scores.gates import GateSpec

from .test_terminal import EIGHT, HOSTILE, SUITE, plan_of, questions_of, report_of, unprintable

FILES = {SUITE: "suites/mtbench.yaml"}


def report(*minimums: tuple[str, float], each: int = 1, **more: object) -> RunReport:
    """Eight categories that score 5 throughout, with thresholds."""
    specs = [GateSpec(name, "category", minimum) for name, minimum in minimums]
    return replace(report_of(plan_of(questions_of(EIGHT, each=each)), lambda q, turn: 5.0, specs), **more)  # type: ignore[arg-type]


def test_a_failed_gate_is_a_line_with_file_title_and_reason() -> None:
    found = list(annotation_lines([report(("math", 7), ("coding", 2))], FILES))
    said = "math: 5.00 is below the threshold 7 (mean of 2 turns, turn 1 5.00, turn 2 5.00)"
    assert found == [f"::error file=suites/mtbench.yaml,title=mtbench.yaml%3A%3Agate[math]::{said}"]
    (builtin,) = annotation_lines([report(("math", 7))], {})
    assert builtin.startswith("::error title=mtbench.yaml%3A%3Agate[math]::math: 5.00 is below")


def test_nothing_failed_nothing_said() -> None:
    assert list(annotation_lines([report(("math", 2))], FILES)) == []
    assert list(annotation_lines([], FILES)) == []


def test_gates_come_first_then_the_end_then_turns() -> None:
    one = report(("math", 7), floor={"writing": 6}, ending=Ending("failed", 1, "stopped; gate[x] was not decided"))
    results = one.card.results
    missing = report_of(one.plan, {**{r.place: 5.0 for r in results}, results[4].place: None}, [], unscored="http 500")
    one = replace(one, card=missing.card)
    other = report(("stem", 9))
    found = list(annotation_lines([one, other], FILES))
    assert [line.partition("title=")[2] for line in found] == [
        "mtbench.yaml%3A%3Agate[math]::math: 5.00 is below the threshold 7 (mean of 2 turns, turn 1 5.00, turn 2 5.00)",
        "mtbench.yaml%3A%3Agate[stem]::stem: 5.00 is below the threshold 9 (mean of 2 turns, turn 1 5.00, turn 2 5.00)",
        "MT-Bench::stopped; gate[x] was not decided",
        "mtbench.yaml%3A%3Awriting[q81-turn1]::score 5 is below the floor",
        "mtbench.yaml%3A%3Awriting[q81-turn2]::score 5 is below the floor",
        "mtbench.yaml%3A%3Areasoning[q83-turn1]::unscored: http 500",
    ]


@pytest.mark.parametrize("low, more", [(4, None), (5, 3)])
def test_there_are_ten_at_most_and_the_last_counts_the_rest(low: int, more: int | None) -> None:
    """Two failed gates and two turns a question of so many categories."""
    found = list(annotation_lines([report(("math", 7), ("stem", 7), floor=dict.fromkeys(EIGHT[:low], 6.0))], FILES))
    assert len(found) == 10
    assert ["gate[" in line for line in found] == [True] * 2 + [False] * 8
    last = f"::error title=MT-Bench::and {more} more: see the log, or the summary of the job"
    assert (found[-1] == last) is (more is not None)


@pytest.mark.parametrize(
    "text", [HOSTILE, "a%0Ab%", "x::y", "x,title=y", "::stop-commands::x\n::set-env name=x::y", "##[error]x"]
)
def test_whatever_a_name_holds_a_line_is_one_command(text: str) -> None:
    questions = questions_of([text], each=1)
    ids = {(q.id, turn): f"{text}::x[q{q.id}-turn{turn}]" for q in questions for turn in (1, 2)}
    one = report_of(
        plan_of(questions), lambda q, turn: 5.0, [GateSpec(text, "category", 7)], ids=ids, floor={"default": 6.0}
    )
    one = replace(one, ending=Ending("aborted", 4, text))
    found = list(annotation_lines([one], {SUITE: f"{text}.yaml"}))
    assert len(found) == 4
    for line in found:
        assert not unprintable(line)
        assert "\n" not in line
        assert "##[" not in line
        head, properties, _ = line.split("::", 2)
        assert head == ""
        assert [part.partition("=")[0] for part in properties.removeprefix("error ").split(",")] == ["file", "title"]
        assert "%" not in line.replace("%25", "").replace("%3A", "").replace("%2C", "")


def test_a_very_long_reason_is_shortened() -> None:
    (line,) = annotation_lines([report(ending=Ending("aborted", 4, "word " * 10_000))], FILES)
    assert len(line) < 1_100
