"""Test items: a turn, and what every item shares."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ..domain.errors import FatalError, StoppedError
from ..domain.question import Question
from ..domain.result import TurnKey, TurnResult
from ..engine.runner import Runner
from ..scores.gates import GateResult
from ..suite.resolve import SuiteRun
from ..untrusted.text import one_line, printable, shorten_block
from .options import VIRTUAL

GATE_PROPERTY = "mtbench_gate"
FATAL_PROPERTY = "mtbench_fatal"
# Marks that mean something to pytest; a category of such a name gets a marker that does not.
_TAKEN = frozenset({
    "skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings", "mtbench", "mtbench_gate",
    # of well-known plugins, which read arguments of their own from them
    "timeout", "asyncio", "anyio", "trio", "flaky", "repeat", "order", "dependency", "benchmark", "forked", "vcr",
    "xdist_group", "django_db", "enable_socket", "disable_socket", "allow_hosts", "no_cover", "celery",
})  # fmt: skip

runner_key = pytest.StashKey[Runner]()
"""Where items find the engine, once the run loop has begun."""


def marker_name(category: str) -> str:
    """The marker of a category: its name, where that can stand in a `-m` expression."""
    name = re.sub(r"\W", "_", category)
    return f"category_{name}" if name in _TAKEN or name.startswith("_") or not name.isidentifier() else name


def item_id(text: str) -> str:
    """Text as a part of a node id: control characters and their like as escapes."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def end_run(config: pytest.Config, message: str) -> NoReturn:
    """Ends the run with one message, which somebody prints also where the terminal plugin is off."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if not config.pluginmanager.has_plugin("terminalreporter"):
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            sys.stderr.write(f"{message}\n")
    pytest.exit(message, returncode=pytest.ExitCode.USAGE_ERROR)


class TurnItem(pytest.Item):
    """One turn of one question.  Setting it up waits for its judgment, its call asserts the floor."""

    def __init__(self, *, run: SuiteRun, question: Question, turn: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keys = [TurnKey(run.plan.key, question.id, turn)]
        self._run = run
        self._question = question
        self._turn = turn
        self._result: TurnResult | None = None
        for mark in turn_marks(question, turn):
            self.add_marker(mark)

    def setup(self) -> None:
        """Waits for the turn's score; a turn that cannot be measured is an error with its reason."""
        if self.config.getoption("setupplan"):
            return
        self._result = measured(self, self.keys[0])
        self.user_properties += turn_properties(self._run, self._result)
        if self._result.unscored is not None:
            pytest.fail(f"unscored: {one_line(self._result.unscored)}", pytrace=False)

    def runtest(self) -> None:
        """Fails where the score is below the floor of its category."""
        floor = self._run.floor.get(self._question.category, self._run.floor.get("default"))
        result = self._result
        if floor is not None and result is not None and result.score is not None and result.score < floor:
            pytest.fail(_too_low(self._question, self._turn, result, floor), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that the item stands."""
        return place(self)


def turn_item_name(question: Question, turn: int) -> str:
    """The name of a turn's item: `math[q111-turn1]`."""
    return f"{base_name(question.category)}[{item_id(question.turn_label(turn))}]"


def suite_item_names(run: SuiteRun) -> dict[tuple[object, int], str]:
    """The node ids of a suite's turns, by question id and turn."""
    return {
        (question.id, turn): f"{run.plan.key}::{turn_item_name(question, turn)}"
        for question in run.plan.selected
        for turn in range(1, len(question.turns) + 1)
    }


def turn_marks(question: Question, turn: int) -> list[pytest.MarkDecorator]:
    """The markers of a turn."""
    return [
        pytest.mark.mtbench(category=question.category, turn=turn, question=question.id),
        getattr(pytest.mark, marker_name(question.category)),
        getattr(pytest.mark, f"turn{turn}"),
    ]


def turn_properties(run: SuiteRun, result: TurnResult) -> list[tuple[str, object]]:
    """What JUnit's XML says of a turn."""
    score = "" if result.score is None else f"{result.score:g}"
    outcomes = ",".join(f"{game.outcome or 'unscored'} against {game.against}" for game in result.games)
    return [
        *([("outcome", item_id(outcomes))] if outcomes else []),
        ("score", score),
        ("category", item_id(result.category)),
        ("turn", result.key.turn),
        ("judge", run.plan.judge.name),
    ]


def measured(item: pytest.Item, key: TurnKey, runs: int | None = None) -> TurnResult:
    """Waits for a turn on behalf of an item; ends the run where nothing can work any more.

    Args:
        runs: how many runs of it; as many as its plan says by default.
    """
    runner = item.config.stash[runner_key]
    try:
        return runner.result(key, runs)
    except FatalError as error:
        if hasattr(item.config, "workerinput"):  # the controller ends the run: see results.py
            # Printable: execnet takes no lone surrogate, and a worker that dies of one leaves exit status 0.
            item.user_properties.append((FATAL_PROPERTY, one_line(str(error))))
            pytest.fail(one_line(str(error)), pytrace=False)
        end_run(item.config, one_line(str(error)))
    except StoppedError as error:
        item.session.shouldstop = str(error)
        pytest.skip(str(error))
    except Exception as error:  # noqa: BLE001 - a bug of ours: its traceback without arguments and locals, which hold keys
        pytest.fail(printable("".join(traceback.format_exception(error))), pytrace=False)


def gate_of(report: pytest.TestReport) -> GateResult | None:
    """The gate result that a report carries, also from another process."""
    for name, value in report.user_properties:
        if name == GATE_PROPERTY and report.when == "call":
            return GateResult.from_json(json.loads(str(value)))
    return None


def base_name(category: str) -> str:
    """A category as the part of a name before the bracket, which `::` and `[` would end."""
    return re.sub(r"[\[\]]|::", "_", item_id(category))


def place(item: pytest.Item) -> tuple[Path, int, str]:
    """Where pytest says that an item stands."""
    parent = item.parent
    path = parent.path if isinstance(parent, pytest.File) else item.config.rootpath / VIRTUAL
    return path, 0, item.name


def _too_low(question: Question, turn: int, result: TurnResult, floor: float) -> str:
    asked = question.turns[turn - 1]
    return (
        f"score {result.score:g} is below the floor {floor:g} of {one_line(question.category)}\n"
        f"question, turn {turn}:\n{shorten_block(asked, 400)}\n"
        f"answer:\n{shorten_block(result.answer, 600)}\n"
        f"judgment:\n{shorten_block(result.judgment, 600)}"
    )
