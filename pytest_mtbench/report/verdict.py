"""What a run came to, in a sentence or three."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ..demo import shown_name
from ..scores.gates import GateResult
from ..scores.scorecard import MeanScore
from ..untrusted.text import listed
from .run_report import RunReport

_SCORED = ("overall", "turn", "category")


def verdict(report: RunReport, *, alone: bool = True) -> str:
    """The score, the gates, and what else made the run fail; plain text, not yet made harmless.

    Args:
        alone: whether the run has no other suite, whose failure would be told there.
    """
    return " ".join((*_score(report), *_gates(report), *_else(report, alone=alone)))


def status_of(report: RunReport, *, alone: bool = True) -> Literal["passed", "failed", "aborted"]:
    """What a suite came to: as the run did, where it is the only one, else by what it holds itself."""
    if alone or report.ending.status != "failed":
        return report.ending.status
    return "failed" if _has_failed(report) else "passed"


def _has_failed(report: RunReport) -> bool:
    """Whether something of this very suite fails a run."""
    gates = any(gate.status == "failed" for gate in report.gates)
    return gates or any(result.unscored is not None or report.is_below_floor(result) for result in report.card.results)


def _score(report: RunReport) -> Iterator[str]:
    plan, overall = report.plan, report.card.overall
    model = shown_name(plan.model.name, plan.model.endpoint.url)
    if report.is_audition:
        yield f"The judge {plan.judge_name} was held against people."
    elif overall.mean is None and report.card.unjudged and not report.card.results:
        yield f"{_turns(len(report.card.unjudged))} answered by {model} and none was judged."
    elif overall.mean is None:
        yield f"No turn of {model} has a {'verdict' if plan.opponents else 'score'}."
    elif plan.opponents:
        others = listed([shown_name(other.label, other.endpoint.url) for other in plan.opponents])
        yield f"{model} has a win rate of {overall.mean:.2f}{_bounds(overall)} against {others}."
    else:
        yield f"{model} scores {overall.mean:.2f} of 10{_bounds(overall)}."


def _turns(count: int) -> str:
    return "1 turn was" if count == 1 else f"{count} turns were"


def _bounds(score: MeanScore) -> str:
    return "" if score.low is None or score.high is None else f" (95 % interval {score.low:.2f}-{score.high:.2f})"


def _gates(report: RunReport) -> Iterator[str]:
    if report.ending.status == "aborted":
        yield f"The run was aborted{': ' + report.ending.reason if report.ending.reason else ''}."
        return
    total = max(len(report.gates), len(report.specs))
    if not total:
        yield "Nothing is gated."
        return
    for status in ("failed", "inconclusive"):
        found = [gate for gate in report.gates if gate.status == status]
        if found:
            verb = "failed" if status == "failed" else "could not be decided"
            yield f"{_of(len(found), total)} {verb}: {listed([_gate(report, gate) for gate in found])}."
    not_run = total - len(report.gates)
    if not_run:
        yield f"{_of(not_run, total)} did not run."
    if all(gate.status == "passed" for gate in report.gates) and not not_run:
        yield {1: "Its gate holds.", 2: "Both gates hold."}.get(total, f"All {total} gates hold.")


def _of(count: int, total: int) -> str:
    return "The gate" if total == 1 else f"{count} of {total} gates"


def _gate(report: RunReport, gate: GateResult) -> str:
    """A gate with its figures, where they are those of a threshold."""
    kinds = {spec.name: spec.kind for spec in report.specs}
    if kinds.get(gate.name) not in _SCORED or gate.value is None or gate.minimum is None:
        return gate.name
    digits = 4 if gate.status == "failed" and round(gate.value, 2) >= gate.minimum else 2  # it is just missed
    return f"{gate.name} ({gate.value:.{digits}f}, threshold {gate.minimum:g})"


def _else(report: RunReport, *, alone: bool) -> Iterator[str]:
    """What fails a run beside its gates."""
    unscored = sum(result.unscored is not None for result in report.card.results)
    low = sum(report.is_below_floor(result) for result in report.card.results)
    if unscored:
        yield f"{unscored} {'turns have' if unscored > 1 else 'turn has'} no score."
    if low:
        yield f"{low} {'turns are' if low > 1 else 'turn is'} below the floor."
    if report.card.unjudged and report.card.results:
        yield f"{_turns(len(report.card.unjudged))} answered and not judged."
    if alone and report.ending.status == "failed" and not _has_failed(report):
        yield f"The run failed all the same: {report.ending.reason or f'exit status {report.ending.exit_status}'}."
