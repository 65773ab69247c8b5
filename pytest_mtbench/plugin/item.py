"""What every item shares: its suite, the wait for a turn, and how a gate's result is told."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, NoReturn, TypeVar

import pytest

from ..domain.chat import Kind
from ..domain.errors import FatalError, StoppedError
from ..domain.result import TurnKey, TurnResult
from ..engine.wishes import Runner
from ..scores.gates import GateResult
from ..suite.resolved import ResolvedSuite
from ..untrusted.text import one_line, printable
from .options import VIRTUAL

T = TypeVar("T")

GATE_PROPERTY = "mtbench_gate"
FATAL_PROPERTY = "mtbench_fatal"
TEXTS = "stdout of MT-Bench"
"""The section of a report that holds the texts of a turn."""

runner_key = pytest.StashKey[Runner]()
"""Where items find the engine, once the run loop has begun."""

_LATE = (
    "It was waiting for a turn to be measured; --timeout=0 leaves that to --mtbench-timeout and --mtbench-retries, "
    "which bound each request"
)
_shown_key = pytest.StashKey[set[str]]()
# A mark as pytest-rerunfailures and pytest-retry read it; pytest makes no mark of a name that is not registered.
_NEVER_AGAIN = SimpleNamespace(name="flaky", args=(), kwargs={"reruns": 0, "condition": False})


@dataclass(frozen=True)
class Parameters:
    """What an item is parametrised with, as plugins read it of a test function.

    Args:
        id: what stands in the brackets of the item's name, with escapes as pytest writes it.
        params: the same by name.
    """

    id: str
    params: Mapping[str, object]

    @classmethod
    def of(cls, name: str) -> Parameters:
        """Those of an item of this name."""
        label = name.partition("[")[2].removesuffix("]")
        return cls(label.encode("unicode_escape").decode("ascii"), {"id": label})


class SuiteItem(pytest.Item):
    """An item of a suite.

    Args:
        keys: every turn that it needs.
    """

    def __init__(self, *, suite: ResolvedSuite, keys: Sequence[TurnKey], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.suite = suite
        self.keys = keys

    def show_parameters(self) -> None:
        """Lets plugins see them: Allure takes items of one group for one test where they have none.

        Not before items are sorted: pytest takes whatever has parameters for a function then.
        """
        self.callspec = Parameters.of(self.name)

    def _initrequest(self) -> None:
        """Does nothing: there are no fixtures.  Plugins that try an item again call it, as of a function."""

    def get_closest_marker(self, name: str, default: Any = None) -> Any:
        """The nearest marker; to plugins that try failed items again, one that says to leave this alone.

        A turn is measured once a run, so that another try would wait and tell the same.  It is no marker of the item,
        since `-m "not flaky"` would deselect that then.
        """
        return _NEVER_AGAIN if name == "flaky" else super().get_closest_marker(name, default)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The whole message where pytest shows failures, its first line where a line is all that there is.

        pytest cuts a message in its short summary to the width of the terminal, but not under `CI=true`.
        """
        shown: Any = super().repr_failure(excinfo, style)
        crash = getattr(shown, "reprcrash", None)
        if crash is not None:
            crash.message = crash.message.partition("\n")[0]
        return shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that the item stands."""
        path = self.parent.path if isinstance(self.parent, pytest.File) else self.config.rootpath / VIRTUAL
        return path, 0, self.name


class GateItemBase(SuiteItem):
    """An item that decides a gate."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_marker(pytest.mark.mtbench_gate)

    def tell(self, result: GateResult) -> None:
        """Passes a result on, and fails or skips as it says."""
        told = json.dumps({"suite": self.suite.id, **result.as_json()})
        set_properties(self, [(GATE_PROPERTY, told)])
        message = one_line(result.message)
        if result.status == "failed":
            pytest.fail(message, pytrace=False)
        if result.status == "inconclusive":
            pytest.skip(f"inconclusive: {message}")


def gate_of(report: pytest.TestReport) -> tuple[str, GateResult] | None:
    """The suite and the gate result that a report carries, also from another process."""
    for name, value in report.user_properties:
        if name == GATE_PROPERTY and report.when == "call":
            row = json.loads(str(value))
            return row.pop("suite"), GateResult.from_json(row)
    return None


def set_properties(item: pytest.Item, properties: Sequence[tuple[str, object]]) -> None:
    """Gives an item properties, in the place of those that an earlier try of it had."""
    names = {name for name, _ in properties}
    item.user_properties[:] = [*(known for known in item.user_properties if known[0] not in names), *properties]


def show_texts(item: pytest.Item, when: Literal["setup", "call"], text: str) -> None:
    """Attaches what a turn consists of to its report, as if it had been printed.

    Under this name `-rP`, `-rA` and `--show-capture` find it, and JUnit's `system-out` where `junit_logging` asks for
    one.  Once, however often the item is tried.
    """
    shown = item.stash.setdefault(_shown_key, set())
    if when not in shown:
        shown.add(when)
        item.add_report_section(when, TEXTS, text)


def want(item: pytest.Item, keys: Sequence[TurnKey], runs: int | None = None) -> None:
    """Has turns measured that an item will wait for; see `measured`."""
    runner = _runner(item)
    _told(item, lambda: runner.want(keys, runs))


def measured(item: pytest.Item, key: TurnKey, runs: int | None = None, upto: Kind = "judgment") -> TurnResult:
    """Waits for a turn on behalf of an item; ends the run where nothing can work any more.

    Args:
        runs, upto: see `Runner.want`.
    """
    runner = _runner(item)
    return _told(item, lambda: runner.result(key, runs, upto))


def _told(item: pytest.Item, action: Callable[[], T]) -> T:
    """Does what may go wrong with the engine, and makes of that what pytest tells of an item."""
    try:
        return action()
    except FatalError as error:
        end_with(item, str(error))
    except StoppedError as error:
        item.session.shouldstop = str(error)
        pytest.skip(str(error))
    except pytest.fail.Exception as error:  # pytest-timeout's alarm, which knows nothing of what it interrupts
        raise pytest.fail.Exception(f"{error.msg} {_LATE}", pytrace=False) from None
    except Exception as error:  # noqa: BLE001 - a bug of ours: its traceback without arguments and locals, which hold keys
        told = "".join(traceback.format_exception(error))
        pytest.fail(f"{one_line(traceback.format_exception_only(error)[-1])}\n{printable(told)}", pytrace=False)


def end_with(item: pytest.Item, message: str) -> NoReturn:
    """Fails an item with a message that ends the run, exit 4."""
    # An error of this item, so that JUnit's XML has one; results.py ends the run with it, where the engine is.
    # Printable: execnet takes no lone surrogate, and a worker that dies of one leaves exit status 0.
    item.user_properties.append((FATAL_PROPERTY, one_line(message)))
    pytest.fail(one_line(message), pytrace=False)


def _runner(item: pytest.Item) -> Runner:
    runner = item.config.stash.get(runner_key, None)
    if runner is None:  # xdist runs what was collected, whatever was not
        pytest.fail("not measured: other tests could not be collected (--continue-on-collection-errors)", pytrace=False)
    return runner
