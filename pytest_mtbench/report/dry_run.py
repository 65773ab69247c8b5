"""The lines of `--mtbench-dry-run`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ..domain.chat import Kind
from ..domain.endpoint import Answerer, Role
from ..domain.own import BotName
from ..engine.estimate import CHARACTERS_A_TOKEN, Estimate
from ..engine.plan import Plan
from ..suite.list_prices import list_price
from ..untrusted.text import one_line
from . import terminal
from .line import wrapped

AnyRole = TypeVar("AnyRole", bound=Role)


def title(plan: Plan) -> str:
    """The heading."""
    return terminal.title(plan, "MT-Bench, dry run")


def lines(plan: Plan, estimated: Estimate, width: int, most_runs: int, most: Estimate | None = None) -> Iterator[str]:
    """What would be called, and what that costs.

    Args:
        most_runs: the candidate's runs at the last look of a regression gate.
        most: the same where every test of a user's own reads a score that may.
    """
    plan, listed = _priced(plan)
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
    yield from wrapped(_cost(plan, estimated), width)
    if most is not None:
        yield from wrapped(_at_most(plan, estimated, most), width)
    if listed:
        yield from wrapped(
            f"list prices, USD a million tokens: {'; '.join(listed)}; `prices:` in the suite file replaces them", width
        )
    yield from wrapped(
        f"tokens are guessed at {CHARACTERS_A_TOKEN} characters each, and replies at their usual length; nothing was "
        "called and no gate was decided",
        width,
    )


def _priced(plan: Plan) -> tuple[Plan, list[str]]:
    """The plan with list prices where nobody says what a model costs, and these prices in words."""
    said: dict[str, None] = {}

    def priced(who: AnyRole) -> AnyRole:
        listed = list_price(who.name)
        if who.price is not None or listed is None or _bot(who) is not None:
            return who
        said[f"{one_line(who.name)} {listed.input:g} in, {listed.output:g} out ({listed.seen})"] = None
        return replace(who, price=(listed.input, listed.output))

    one_price = len(plan.opponents) == 1  # several have one price, which no list gives
    priced_plan = replace(
        plan,
        model=priced(plan.model),
        judge=priced(plan.judge),
        jury=tuple(replace(one, role=priced(one.role)) for one in plan.jury),
        opponents=tuple(map(priced, plan.opponents)) if one_price else plan.opponents,
    )
    return priced_plan, list(said)


def _cost(plan: Plan, estimated: Estimate) -> str:
    """What all of it costs, or the part whose price is known."""
    how = "`prices:` in the suite file gives USD a million tokens"
    cost = estimated.cost(plan)
    if cost is not None:
        return f"cost: about {cost:.2f} USD"
    judging = [one for one in estimated.cost_of_judging(plan) if one is not None]
    if len(judging) < len(plan.judges):
        return f"cost: unknown; {how}"
    return f"cost: about {sum(judging):.2f} USD for the judgments; that of the answers is unknown; {how}"


def _at_most(plan: Plan, least: Estimate, most: Estimate) -> str:
    """How many requests more there may be, and what all cost then; empty where there are none."""
    kinds: tuple[Kind, ...] = ("answer", "judgment")
    counts = {kind: most.counts[kind].made - least.counts[kind].made for kind in kinds}
    more = " and ".join(f"{count} {kind}s more" for kind, count in counts.items() if count)
    cost = f"; {_cost(plan, most)}" if _cost(plan, most) != _cost(plan, least) else ""
    return f"if tests read a score, a judgment or games: up to {more}{cost}" if more else ""


def _asked(kind: Kind, roles: Sequence[Role], estimated: Estimate) -> str:
    """How many replies of a kind would be asked of these models."""
    whom = " and of ".join(map(_whom, roles))
    count, usage = estimated.counts[kind], estimated.usage[kind]
    return (
        f"{kind}s: {count.made} to ask of {whom}, "
        f"{count.cached} there already; about {usage.input_tokens:,} tokens in and {usage.output_tokens:,} out"
    )


def _whom(role: Role) -> str:
    bot = _bot(role)
    return one_line(role.name) + (f" at {role.endpoint.url}" if bot is None else f", by {bot.target}")


def _bot(role: Role) -> BotName | None:
    """The user's own chatbot that answers, whose price no list knows."""
    return role.bot if isinstance(role, Answerer) else None
