"""The lines of `--mtbench-dry-run`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..domain.chat import Kind
from ..domain.endpoint import Role
from ..engine.estimate import CHARACTERS_A_TOKEN, Estimate
from ..engine.plan import Plan
from ..untrusted.text import one_line
from . import terminal
from .line import wrapped


def title(plan: Plan) -> str:
    """The heading."""
    return terminal.title(plan, "MT-Bench, dry run")


def lines(plan: Plan, estimated: Estimate, width: int, most_runs: int) -> Iterator[str]:
    """What would be called, and what that costs.

    Args:
        most_runs: the candidate's runs at the last look of a regression gate.
    """
    answering = [plan.model, *(other for other in plan.opponents if other.answers is None)]
    if plan.model.name:  # without one the judge alone is put to the test
        yield from wrapped(_asked("answer", answering, estimated), width)
    for one, cost in zip(plan.of_judges, estimated.cost_of_judging(plan), strict=True):
        priced = plan.jury and cost is not None
        line = _asked("judgment", [one.judge], estimated.of_judge(one.said_by))
        yield from wrapped(line + (f"; about {cost:.2f} USD" if priced else ""), width)
    if most_runs > plan.runs:
        yield from wrapped(
            f"that is for {plan.runs} run{'s' if plan.runs > 1 else ''}; the regression gate may ask for up to "
            f"{most_runs} where it cannot tell",
            width,
        )
    cost = estimated.cost(plan)
    if cost is None:
        yield from wrapped("cost: unknown; `prices:` in the suite file gives USD a million tokens", width)
    else:
        yield from wrapped(f"cost: about {cost:.2f} USD", width)
    yield from wrapped(
        f"tokens are guessed at {CHARACTERS_A_TOKEN} characters each, and replies at their usual length; nothing was "
        "called and no gate was decided",
        width,
    )


def _asked(kind: Kind, roles: Sequence[Role], estimated: Estimate) -> str:
    """How many replies of a kind would be asked of these models."""
    whom = " and of ".join(f"{one_line(who.name)} at {who.endpoint.url}" for who in roles)
    count, usage = estimated.counts[kind], estimated.usage[kind]
    return (
        f"{kind}s: {count.made} to ask of {whom}, "
        f"{count.cached} there already; about {usage.input_tokens:,} tokens in and {usage.output_tokens:,} out"
    )
