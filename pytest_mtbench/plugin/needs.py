"""What the selected items ask for: judged turns, and turns of which the answer may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pytest

from ..domain.chat import Kind
from ..domain.result import TurnKey
from ..engine.plan import Plan
from ..engine.wishes import Runner
from .item import SuiteItem, runner_key

FIXTURE = "mtbench_turn"
needs_key: pytest.StashKey[Needs] = pytest.StashKey()
"""What the selected items of this process ask for, once the run loop has begun."""


@dataclass(frozen=True)
class Needs:
    """What items ask for, each turn once, in their order.

    Args:
        judged: turns that are judged in any case.
        answered: turns of which an answer is enough as long as no test reads a score.
        may_be_judged: those of `answered` of which a test may read one.
    """

    judged: tuple[TurnKey, ...] = ()
    answered: tuple[TurnKey, ...] = ()
    may_be_judged: tuple[TurnKey, ...] = ()

    @classmethod
    def of(cls, items: Iterable[pytest.Item]) -> Needs:
        """What these items ask for."""
        judged: dict[TurnKey, None] = {}
        answered: dict[TurnKey, bool] = {}
        for item in items:
            if isinstance(item, SuiteItem):
                judged |= dict.fromkeys(item.keys)
            elif (key := own_turn(item)) is not None and judging_of(item) is True:
                judged[key] = None
            elif key is not None:
                answered[key] = answered.get(key, False) or judging_of(item) is None
        alone = {key: may_be for key, may_be in answered.items() if key not in judged}
        return cls(tuple(judged), tuple(alone), tuple(key for key, may_be in alone.items() if may_be))

    @cached_property
    def surely_judged(self) -> frozenset[TurnKey]:
        """`judged`, to look a turn up."""
        return frozenset(self.judged)

    def payers(self, plans: Mapping[str, Plan], upto: Kind = "answer") -> set[str]:
        """The suites that pay for anything of it, or for judgments.

        Args:
            plans: every plan, by key.
        """
        wanted = (*self.judged, *(self.answered if upto == "answer" else ()))
        return {plans[suite].payer for suite in {key.suite for key in wanted}}

    def by_kind(self) -> Iterator[tuple[tuple[TurnKey, ...], Kind]]:
        """The turns, and up to what each is asked for."""
        yield self.judged, "judgment"
        yield self.answered, "answer"


def want(config: pytest.Config, runner: Runner, needs: Needs) -> None:
    """Has measured what items need, and lets them find whoever does that."""
    config.stash[runner_key], config.stash[needs_key] = runner, needs
    for keys, upto in needs.by_kind():
        runner.want(keys, upto=upto)


def own_turn(item: pytest.Item) -> TurnKey | None:
    """The turn that a user's own test will ask for; None of one that asks for none or will not run."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    chosen = parameters.get(FIXTURE)
    # pytest's own mark stands there where the marker narrowed to nothing.
    if not isinstance(chosen, tuple) or _is_skipped(item):
        return None
    suite, question, turn = chosen
    return TurnKey(suite.id, question.id, turn)


def judging_of(item: pytest.Item) -> bool | None:
    """What the nearest `mtbench` marker of a user's own test says of judging; None: as soon as a score is read."""
    said = (mark.kwargs["judge"] for mark in item.iter_markers("mtbench") if "judge" in mark.kwargs)
    found: bool | None = next(said, None)
    return found


def turns_beside(item: pytest.Item) -> list[TurnKey]:
    """The turns of every selected instance of a test function: what one of them reads, all will."""
    beside = [other for other in item.session.items if _function_of(other) == _function_of(item)]
    return [key for other in beside if (key := own_turn(other)) is not None and judging_of(other) is not False]


def _function_of(item: pytest.Item) -> tuple[pytest.Collector | None, str]:
    return item.parent, getattr(item, "originalname", item.name)


def _is_skipped(item: pytest.Item) -> bool:
    """Whether an item is known not to run; of a condition that is a text, pytest alone knows."""
    marks = list(item.iter_markers("skipif"))
    conditions = [condition for mark in marks for condition in (*mark.args, mark.kwargs.get("condition"))]
    return item.get_closest_marker("skip") is not None or any(condition is True for condition in conditions)
