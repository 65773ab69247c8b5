"""The names of items and markers, which node ids and `-m` expressions are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..domain.question import Question
from ..domain.result import TurnKey
from ..suite.audition import Bout
from ..suite.resolved import ResolvedSuite
from ..untrusted.text import printable

# Marks that mean something to pytest; a category of such a name gets a marker that does not.
_TAKEN = frozenset({
    "skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings", "mtbench", "mtbench_gate",
    # of well-known plugins, which read arguments of their own from them
    "timeout", "asyncio", "anyio", "trio", "flaky", "repeat", "order", "dependency", "benchmark", "forked", "vcr",
    "xdist_group", "django_db", "enable_socket", "disable_socket", "allow_hosts", "no_cover", "celery",
})  # fmt: skip


def marker_name(category: str) -> str:
    """The marker of a category: its name, where that can stand in a `-m` expression."""
    name = re.sub(r"\W", "_", category)
    return f"category_{name}" if name in _TAKEN or name.startswith("_") or not name.isidentifier() else name


def item_id(text: str) -> str:
    """Text as a part of a node id: control characters and their like as escapes."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def turn_item_name(question: Question, turn: int) -> str:
    """The name of a turn's item: `math[q111-turn1]`."""
    return f"{_group_name(question.category)}[{item_id(question.turn_label(turn))}]"


def comparison_item_name(bout: Bout, key: TurnKey) -> str:
    """The name of a comparison's item: `math[q111-turn1-alpaca-13b-gpt-4]`."""
    return f"{_group_name(bout.question(key).category)}[{item_id(bout.label(key))}]"


def gate_item_name(gate: str) -> str:
    """The name of a gate's item: `gate[math]`."""
    return f"gate[{item_id(gate)}]"


def turn_item_ids(suite: ResolvedSuite) -> dict[tuple[object, int], str]:
    """The node ids of a suite's turns, by question id and turn."""
    return {
        (question.id, turn): f"{suite.id}::{turn_item_name(question, turn)}"
        for question in suite.plan.selected
        for turn in question.turn_numbers
    }


def item_names(suite: ResolvedSuite) -> Iterator[str]:
    """What may stand after `::`: the name of every item, and of every group of them."""
    turns = (turn_item_name(q, turn) for q in suite.plan.selected for turn in q.turn_numbers)
    compared = (comparison_item_name(bout, key) for bout in suite.bouts for key in bout.keys)
    for name in (*turns, *compared, *(gate_item_name(gate) for gate in suite.gate_order)):
        yield name
        yield name.partition("[")[0]


def _group_name(category: str) -> str:
    """A category as the part of a name before the bracket, which `::` and `[` would end."""
    return re.sub(r"[\[\]]|::", "_", item_id(category))
