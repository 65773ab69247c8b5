from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_mtbench.domain.endpoint import Answerer
from pytest_mtbench.domain.question import Place
from pytest_mtbench.domain.result import Run
from pytest_mtbench.report.run_report import Ending, RunReport
from pytest_mtbench.report.verdict import status_of, verdict
from pytest_mtbench.scores.gates import GateResult, GateSpec, Status, decide

from ...pages import WHERE, plan_of, played, report_of, said


def gated(*minimums: float) -> RunReport:
    """A report with gates on the mean, which is 8."""
    report = report_of()
    specs = tuple(GateSpec(f"g{number}", "overall", minimum) for number, minimum in enumerate(minimums))
    gates = tuple(decide(spec, report.card, f"id {spec.name}") for spec in specs)
    failed = any(gate.status == "failed" for gate in gates)
    return replace(report, specs=specs, gates=gates, ending=Ending("failed" if failed else "passed", int(failed)))


def ends(report: RunReport) -> str:
    """What is said after the score."""
    return verdict(report).partition("). ")[2]


@pytest.mark.parametrize(
    "minimums, said",
    [
        ((), "Nothing is gated."),
        ((7,), "Its gate holds."),
        ((7, 7.5), "Both gates hold."),
        ((7, 7.5, 8), "All 3 gates hold."),
        ((9,), "The gate failed: g0 (8.00, threshold 9)."),
        ((7, 9, 9.5), "2 of 3 gates failed: g1 (8.00, threshold 9), g2 (8.00, threshold 9.5)."),
        ((8.001,), "The gate failed: g0 (8.00, threshold 8.001)."),
    ],
)
def test_score_and_gates(minimums: tuple[float, ...], said: str) -> None:
    report = gated(*minimums)
    assert verdict(report).startswith("m scores 8.00 of 10 (95 % interval ")
    assert ends(report) == said


def test_a_gate_that_is_just_missed_does_not_look_reached() -> None:
    spec = GateSpec("overall", "overall", 6.5)
    gate = GateResult("id", "failed", 6.4975, 6.5, "", "overall")
    report = report_of(specs=(spec,), gates=(gate,), ending=Ending("failed", 1))
    assert ends(report) == "The gate failed: overall (6.4975, threshold 6.5)."


def test_gates_of_other_kinds_are_named_alone() -> None:
    spec = GateSpec("regression", "regression", -0.3)
    gate = GateResult("id", "failed", -0.5, -0.3, "", "regression")
    report = report_of(specs=(spec,), gates=(gate,), ending=Ending("failed", 1))
    assert ends(report) == "The gate failed: regression."


@pytest.mark.parametrize(("status", "said"), [("inconclusive", "1 of 2 gates could not be decided: g0.")])
def test_what_could_not_be_decided(status: Status, said: str) -> None:
    report = gated(7, 7)
    first = replace(report.gates[0], status=status, value=None)
    assert ends(replace(report, gates=(first, report.gates[1]))) == said


def test_gates_that_did_not_run() -> None:
    report = gated(7, 7, 7)
    assert ends(replace(report, gates=report.gates[:1])) == "2 of 3 gates did not run."


def test_what_else_fails_a_run() -> None:
    runs: dict[Place, list[Run]] = {(1, 1): [said("a", None)], (1, 2): [said("a", 1)]}
    report = report_of(runs, floor={"default": 2, "math": 9}, ending=Ending("failed", 1))
    assert ends(report) == "Nothing is gated. 1 turn has no score. 3 turns are below the floor."


def test_a_failure_of_other_tests_is_told() -> None:
    report = replace(gated(7), ending=Ending("failed", 1))
    assert ends(report) == "Its gate holds. The run failed all the same: exit status 1."
    report = replace(report, ending=Ending("failed", 1, "a file could not be written"))
    assert ends(report).endswith("The run failed all the same: a file could not be written.")


def test_of_several_suites_each_has_its_own_status() -> None:
    report = replace(gated(7), ending=Ending("failed", 1))
    assert (status_of(report), status_of(report, alone=False)) == ("failed", "passed")
    assert verdict(report, alone=False).endswith("Its gate holds.")
    assert status_of(gated(9), alone=False) == "failed"
    for one in (said("a", None), said("a", 1)):
        low = report_of({(1, 1): [one]}, floor={"default": 2}, ending=Ending("failed", 1))
        assert status_of(low, alone=False) == "failed"
    assert status_of(report_of(ending=Ending("aborted", 4)), alone=False) == "aborted"


def test_a_win_rate() -> None:
    plan = plan_of(opponents=(Answerer("other", WHERE),))
    runs = {key.place: [played("a", "b", ("A", "B"))] for key in plan.turns()}
    assert verdict(report_of(runs, plan=plan)).startswith("m has a win rate of 1.00 (95 % interval ")
    assert " against other. Nothing is gated." in verdict(report_of(runs, plan=plan))


def test_nothing_but_an_end() -> None:
    report = report_of(ending=Ending("aborted", 4, "no key"))
    report = replace(report, card=replace(report.card, overall=replace(report.card.overall, mean=None), results=()))
    assert verdict(report) == "No turn of m has a score. The run was aborted: no key."


def test_an_audition_is_of_a_judge() -> None:
    assert verdict(report_of(is_audition=True)) == "The judge the-judge was held against people. Nothing is gated."


def test_answers_that_nobody_judged() -> None:
    alone = Run("an answer")
    some = report_of({(1, 1): [alone], (2, 1): [alone]})
    assert ends(some) == "Nothing is gated. 2 turns were answered and not judged."
    one = report_of({(1, 1): [alone]})
    assert ends(one).endswith("1 turn was answered and not judged.")
    none = report_of({result.place: [alone] for result in some.card.listed})
    assert verdict(none) == "5 turns were answered by m and none was judged. Nothing is gated."
    assert status_of(none, alone=False) == "passed"
