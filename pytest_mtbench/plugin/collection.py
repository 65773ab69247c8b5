"""Collects suite files, and parametrises `mtbench_turn` for a user's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ..domain.errors import ConfigError
from ..domain.question import Question
from ..domain.result import TurnKey
from ..untrusted.text import one_line
from .baseline_items import JudgeItem, RegressionItem
from .gate_items import GateItem, SuiteFileNode, VirtualSuiteNode, suite_items
from .options import VIRTUAL, is_suite_name, usage_error
from .suites import Suites
from .turn import MtbenchTurn
from .turn_items import TurnItem, measured, turn_marks, turn_properties

_T = TypeVar("_T")
_OUR_ITEMS = (TurnItem, GateItem, RegressionItem, JudgeItem)


class CollectionPlugin:
    """Collects suite files and parametrises `mtbench_turn`; registered only when the plugin is active.

    Args:
        virtual_names: names that the command line asked for under `mtbench::`.
    """

    def __init__(self, suites: Suites, virtual_names: list[str]) -> None:
        self._suites = suites
        self._virtual_names = virtual_names

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if is_suite_name(file_path) or file_path == self._suites.default:
            return self._file_node(file_path, parent)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Adds the default suite where none was collected, before -k, -m and --lf choose."""
        collected = any(isinstance(item, _OUR_ITEMS) for item in items)
        arguments = session.config.getoption("file_or_dir", [])
        # Whoever names single tests asks for those alone; a printed id, pasted back, runs one item.
        only_ids = bool(arguments) and all("::" in str(argument) for argument in arguments)
        if self._virtual_names or not (collected or only_ids):
            items.extend(session.genitems(self._default_node(session)))
        check_one_suite(self._suites)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "mtbench_turn" not in metafunc.fixturenames:
            return
        run = _usage_errors(lambda: self._suites.get(self._suites.default_key))
        narrowed = narrowing(metafunc.definition)
        turns = [
            (question, turn)
            for question in run.plan.selected
            for turn in range(1, len(question.turns) + 1)
            if _matches(narrowed, question, turn)
        ]
        metafunc.parametrize(
            "mtbench_turn",
            [
                pytest.param((run, question, turn), id=question.turn_label(turn), marks=turn_marks(question, turn))
                for question, turn in turns
            ],
            indirect=True,
        )

    def _file_node(self, path: Path, parent: pytest.Collector) -> pytest.Collector:
        node: SuiteFileNode = SuiteFileNode.from_parent(parent, path=path)
        node.resolve = lambda: self._suites.get(self._suites.key_of(path))
        return node

    def _default_node(self, session: pytest.Session) -> pytest.Collector:
        if self._suites.default is not None and not self._virtual_names:
            return self._file_node(self._suites.default, session)
        node: VirtualSuiteNode = VirtualSuiteNode.from_parent(session, name=VIRTUAL, nodeid=VIRTUAL)
        node.run = _usage_errors(lambda: self._suites.get(VIRTUAL))
        node.names = self._virtual_names
        known = {name for item in suite_items(node, node.run) for name in (item.name, item.name.split("[")[0])}
        missing = [name for name in node.names if name not in known]
        if missing:
            raise pytest.UsageError(*(f"not found: {VIRTUAL}::{name}" for name in missing))
        return node


def narrowing(definition: pytest.Item) -> list[dict[str, Any]]:
    """What `mtbench` markers of a user's test narrow `mtbench_turn` to.

    Raises:
        pytest.UsageError: an argument that the marker does not have.
    """
    found = []
    for mark in definition.iter_markers("mtbench"):
        unknown = sorted(set(mark.kwargs) - {"category", "turn", "question"})
        if mark.args or unknown:
            what = f"no argument {unknown[0]!r}" if unknown else "no positional arguments"
            raise pytest.UsageError(
                f"{definition.nodeid}: the mtbench marker has {what}; it takes category=, turn= and question="
            )
        found.append(dict(mark.kwargs))
    return found


def check_one_suite(suites: Suites) -> None:
    """One report file holds one suite."""
    options = suites.options
    if len(suites.loaded) > 1 and (options.reports or options.export or options.merge or options.answers):
        keys = ", ".join(run.plan.key for run in suites.loaded)
        raise pytest.UsageError(
            f"reports, --mtbench-export, --mtbench-answers and --mtbench-merge are of one suite, and this run has "
            f"several ({keys}); name one of them on the command line"
        )


def request_turn(request: pytest.FixtureRequest) -> MtbenchTurn:
    """The value of `mtbench_turn`: waits for the turn's score."""
    run, question, turn = request.param
    item: pytest.Item = request.node
    result = measured(item, TurnKey(run.plan.key, question.id, turn))
    item.user_properties += turn_properties(run, result)
    if result.unscored is not None:
        pytest.fail(f"unscored: {one_line(result.unscored)}", pytrace=False)
    return MtbenchTurn.from_result(run.plan, question, result)


def wanted_keys(items: Iterable[pytest.Item]) -> list[TurnKey]:
    """Every turn that these items will ask for, in order."""
    keys: list[TurnKey] = []
    for item in items:
        if isinstance(item, _OUR_ITEMS):
            keys += item.keys
            continue
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        chosen = parameters.get("mtbench_turn")
        if isinstance(chosen, tuple):  # pytest's own mark stands there where the marker narrowed to nothing
            run, question, turn = chosen
            keys.append(TurnKey(run.plan.key, question.id, turn))
    return list(dict.fromkeys(keys))


def _matches(narrowed: list[dict[str, Any]], question: Question, turn: int) -> bool:
    facts = {"category": question.category, "turn": turn, "question": question.id}
    return all(
        facts[name] in (wanted if isinstance(wanted, list | tuple | set) else [wanted])
        for narrow in narrowed
        for name, wanted in narrow.items()
    )


def _usage_errors(action: Callable[[], _T]) -> _T:
    try:
        return action()
    except ConfigError as error:
        raise usage_error(error) from error
