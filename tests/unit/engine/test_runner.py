from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import diskcache
import pytest

from pytest_mtbench.domain.errors import ConfigError, FatalError, StoppedError
from pytest_mtbench.domain.result import TurnKey, TurnResult
from pytest_mtbench.engine.bot_target import Made
from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.engine.channel import ChannelServer, RemoteRunner
from pytest_mtbench.engine.measuring import Engine
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.engine.runner import LocalRunner
from pytest_mtbench.engine.store import open_store

from ...engine_harness import CALLS, SUITE, Clients, plan_of
from ...server import Asked, Server, error
from ...sets import QUESTIONS, write_set

T = TypeVar("T")

SPIDER = TurnKey(SUITE, "five", 1)


@pytest.fixture
def plan(endpoint: Server, tmp_path: Path) -> Plan:
    return plan_of(write_set(tmp_path / "two", [QUESTIONS[0], QUESTIONS[4]]), endpoint.url, "the-model")


class Machine:
    """A `LocalRunner` over the real engine, and what it was seen to do."""

    def __init__(self, plan: Plan, cache_folder: Path | None = None, **options: Any) -> None:
        self.seen: list[str] = []
        self.clients = Clients(plan, 8)
        self._plan = plan
        self._options = options
        self._cache = ReplyCache(cache_folder, self.seen.append) if cache_folder else None
        self.runner = LocalRunner(self._make_engine, self._close)

    def _make_engine(self) -> Engine:
        self.seen.append("engine")
        return self.clients.engine({self._plan.key: self._plan}, self._cache, **self._options)

    async def _close(self) -> None:
        self.seen.append("closed")
        await self.clients.close()


@pytest.fixture
def machine(plan: Plan) -> Iterator[Machine]:
    machine = Machine(plan)
    yield machine
    machine.runner.stop()


class Waiting:
    """A function in a thread of its own, as a test item waits in another process."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._outcome: list[object] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def outcome(self, seconds: float = 5.0) -> object:
        """What it returned or raised; fails where it still waits."""
        self._thread.join(seconds)
        assert self._outcome, f"it still waits after {seconds} s"
        return self._outcome[0]

    def _run(self) -> None:
        try:
            self._outcome.append(self._function())
        except Exception as raised:  # noqa: BLE001 - handed to the test
            self._outcome.append(raised)


def hold(endpoint: Server) -> tuple[threading.Event, threading.Event]:
    """Answers wait: the first event says that one has arrived, the second lets them all go."""
    arrived, go = threading.Event(), threading.Event()

    def answer(asked: Asked) -> str:
        arrived.set()
        go.wait(10)
        return "an answer"

    endpoint.answer = answer
    return arrived, go


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mtbench-engine"]


# -- the engine in this process


def test_without_a_wish_there_is_no_thread_and_no_engine(machine: Machine) -> None:
    assert engine_threads() == []
    assert machine.seen == []
    assert machine.runner.engine is None
    assert machine.runner.results() == {}
    assert machine.runner.tallies() == {}
    assert machine.runner.fatal is None
    machine.runner.stop()
    assert machine.seen == []


def test_wishes_are_measured_once_and_results_wait_for_them(endpoint: Server, plan: Plan, machine: Machine) -> None:
    keys = plan.turns()
    machine.runner.want(keys)
    machine.runner.want(keys)
    assert [machine.runner.result(key).key for key in keys] == keys
    assert {machine.runner.result(key).score for key in keys} == {8}
    assert len(endpoint.asked) == CALLS
    assert set(machine.runner.results()) == set(keys)
    assert machine.runner.tallies()[SUITE].judgments.made == len(keys)
    assert machine.seen == ["engine"]


def test_a_wish_returns_at_once(endpoint: Server, plan: Plan, machine: Machine) -> None:
    arrived, go = hold(endpoint)
    machine.runner.want(plan.turns())
    assert arrived.wait(5)
    assert machine.runner.results() == {}
    go.set()
    assert machine.runner.result(SPIDER).score == 8


def test_many_threads_may_wait(endpoint: Server, plan: Plan, machine: Machine) -> None:
    machine.runner.want(plan.turns()[:1])
    waiting = [Waiting(lambda: [machine.runner.result(key) for key in plan.turns()]) for _ in range(6)]
    outcomes = [each.outcome(10) for each in waiting]
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert isinstance(outcomes[0], list)
    assert len(endpoint.asked) == CALLS
    assert machine.seen == ["engine"]


def test_stopping_frees_whoever_waits_and_ends_the_thread(endpoint: Server, machine: Machine) -> None:
    arrived, go = hold(endpoint)
    waiting = Waiting(lambda: machine.runner.result(SPIDER))
    assert arrived.wait(5)
    started = time.monotonic()
    machine.runner.stop()
    assert isinstance(waiting.outcome(), StoppedError)
    assert time.monotonic() - started < 3
    assert engine_threads() == []
    assert machine.seen == ["engine", "closed"]
    go.set()


def test_what_was_measured_outlives_the_stop_and_nothing_new_begins(endpoint: Server, machine: Machine) -> None:
    result = machine.runner.result(SPIDER)
    machine.runner.stop()
    machine.runner.stop()
    assert machine.runner.results() == {SPIDER: result}
    asked = len(endpoint.asked)
    with pytest.raises(StoppedError):
        machine.runner.result(TurnKey(SUITE, 1, 1))
    with pytest.raises(StoppedError):
        machine.runner.want([TurnKey(SUITE, 1, 1)])
    assert len(endpoint.asked) == asked
    assert engine_threads() == []


def test_stopping_closes_the_engine_before_what_it_uses(plan: Plan, tmp_path: Path) -> None:
    machine = Machine(plan, tmp_path / "cache")
    machine.runner.result(SPIDER)
    machine.runner.stop()
    assert machine.seen == ["engine", "closed"]
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("mtbench")]
    with contextlib.closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM Cache")]
    assert not any(key.startswith("claim:") for key in keys)
    assert len(keys) == 6, "an answer, a judgment, and for each a slot and its seconds"


def test_a_fatal_error_reaches_everyone_who_waits(endpoint: Server, plan: Plan, machine: Machine) -> None:
    endpoint.before = lambda asked, number: error(401, "Incorrect API key provided")
    machine.runner.want(plan.turns()[:1])
    waiting = [Waiting(lambda key=key: machine.runner.result(key)) for key in plan.turns()]  # type: ignore[misc]
    for each in waiting:
        outcome = each.outcome()
        assert isinstance(outcome, FatalError), repr(outcome)
        assert "HTTP 401" in str(outcome)
    assert "HTTP 401" in str(machine.runner.fatal)
    with pytest.raises(FatalError, match="HTTP 401"):
        machine.runner.result(SPIDER)
    machine.runner.want([SPIDER])  # raises nothing: who waits for it is told


def test_an_engine_that_cannot_be_made_is_an_error_and_no_silence() -> None:
    def broken() -> Engine:
        raise ValueError("no such thing")

    async def close() -> None:
        """Has nothing to close."""

    runner = LocalRunner(broken, close)
    for _ in range(2):
        outcome = Waiting(lambda: runner.result(SPIDER)).outcome(3)
        assert isinstance(outcome, RuntimeError)
        assert isinstance(outcome.__cause__, ValueError)
    runner.stop()


def test_a_turn_that_there_is_not_is_an_error_and_no_silence(machine: Machine) -> None:
    outcome = Waiting(lambda: machine.runner.result(TurnKey(SUITE, 99, 1))).outcome(3)
    assert isinstance(outcome, Exception)
    assert machine.runner.result(SPIDER).score == 8


def test_a_users_function_that_exits_ends_no_other_turn(plan: Plan) -> None:
    def generate(messages: list[Any], question: Any, turn: int, run: int) -> str:
        if question.id == 1:
            raise SystemExit("the chatbot gave up")
        return "own"

    machine = Machine(plan, generate=generate)
    try:
        outcome = Waiting(lambda: machine.runner.result(TurnKey(SUITE, 1, 1))).outcome(3)
        if isinstance(outcome, TurnResult):
            assert "the chatbot gave up" in (outcome.unscored or "")
        else:
            assert "the chatbot gave up" in str(outcome)
        assert machine.runner.result(SPIDER).score == 8
    finally:
        machine.runner.stop()


def test_a_users_slow_function_does_not_hold_up_the_end(plan: Plan) -> None:
    called, go = threading.Event(), threading.Event()

    def generate(messages: list[Any], question: Any, turn: int, run: int) -> str:
        called.set()
        go.wait(20)
        return "too late"

    machine = Machine(plan, generate=generate)
    waiting = Waiting(lambda: machine.runner.result(SPIDER))
    try:
        assert called.wait(5)
        stopping = Waiting(machine.runner.stop)
        assert isinstance(waiting.outcome(3), StoppedError)
    finally:
        go.set()
    stopping.outcome(6)


# -- an engine that fails


def test_an_engine_that_dies_tells_whoever_waits_why(endpoint: Server, plan: Plan, machine: Machine) -> None:
    arrived, go = hold(endpoint)
    waiting = Waiting(lambda: machine.runner.result(SPIDER))
    assert arrived.wait(5)

    def die() -> None:
        raise SystemExit("the loop is gone")

    loop = machine.runner._loop
    assert loop is not None
    loop.call_soon_threadsafe(die)
    for outcome in (waiting.outcome(), Waiting(lambda: machine.runner.result(SPIDER)).outcome()):
        assert isinstance(outcome, FatalError)
        assert str(outcome) == "the engine ended: SystemExit: the loop is gone"
    go.set()
    machine.runner.stop()
    assert machine.runner.failure == "the engine failed: SystemExit: the loop is gone"


def test_an_error_when_the_engine_closes_is_kept(plan: Plan, machine: Machine) -> None:
    assert machine.runner.result(SPIDER).score == 8
    assert machine.runner.failure == ""

    async def broken() -> None:
        raise OSError("no space left")

    assert machine.runner.engine is not None
    machine.runner.engine.close = broken  # type: ignore[method-assign]
    machine.runner.stop()
    assert machine.runner.failure == "the engine failed: OSError: no space left"
    assert machine.seen == ["engine", "closed"], "what it uses is closed all the same"


def test_a_loop_that_is_held_up_is_no_silence(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_mtbench.engine.runner.HELD_UP_SECONDS", 0.5)
    monkeypatch.setattr("pytest_mtbench.engine.runner._DOUBT_SECONDS", 0.5)
    monkeypatch.setattr("pytest_mtbench.engine.runner._BEAT_SECONDS", 0.1)
    go = threading.Event()

    async def generate(messages: list[Any], question: Any, turn: int, run: int) -> str:
        go.wait(20)
        return "too late"

    machine = Machine(plan, generate=generate)
    outcome = Waiting(lambda: machine.runner.result(SPIDER)).outcome()
    go.set()
    machine.runner.stop()
    assert "by async code of model.generate or pytest_mtbench_generate that blocks" in str(outcome)
    assert isinstance(outcome, FatalError)


def test_a_chatbot_that_takes_long_to_enter_holds_up_nothing(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_mtbench.engine.runner.HELD_UP_SECONDS", 0.1)
    monkeypatch.setattr("pytest_mtbench.engine.runner._DOUBT_SECONDS", 0.1)
    monkeypatch.setattr("pytest_mtbench.engine.runner._LOOK_SECONDS", 0.05)
    looks: list[bool] = []

    def make() -> Any:
        time.sleep(0.6)  # as an index does that is read into memory
        return lambda messages: "own"

    machine = Machine(plan, generate=Made(make, "bot:Bot"))
    machine.runner._while_waiting = lambda: looks.append(True)
    assert machine.runner.result(SPIDER).answer == "own"
    machine.runner.stop()
    assert len(looks) > 3


def test_a_chatbot_is_left_before_the_loop_ends(plan: Plan) -> None:
    machine: Machine

    @contextlib.asynccontextmanager
    async def held() -> AsyncIterator[Any]:
        machine.seen.append("entered")
        yield lambda messages: "own"
        await asyncio.sleep(0.01)
        machine.seen.append("left")

    machine = Machine(plan, generate=Made(held, "bot:Bot"))
    assert machine.runner.result(SPIDER).answer == "own"
    machine.runner.stop()
    machine.runner.stop()
    assert machine.seen == ["engine", "entered", "left", "closed"]
    assert machine.runner.closing_faults == []


# -- the engine in another process, over a folder


class Channel:
    """Both ends: the controller's and as many workers as a test starts."""

    def __init__(self, folder: Path, runner: LocalRunner) -> None:
        folder.mkdir()
        self.folder = folder
        self.runner = runner
        self.server = ChannelServer(folder, runner)
        self._waiting: list[Waiting] = []

    def worker(self, *keys: TurnKey) -> Waiting:
        """A worker that wants these turns and waits for each of them."""

        def work() -> list[TurnResult]:
            remote = RemoteRunner(self.folder)
            try:
                remote.want(keys)
                return [remote.result(key) for key in keys]
            finally:
                remote.close()

        self._waiting.append(Waiting(work))
        return self._waiting[-1]

    def close(self) -> None:
        self.runner.stop()
        self.server.stop()
        with contextlib.closing(open_store(self.folder)) as store:
            store.set("stop", "")  # frees a worker that a failed test left behind
        for waiting in self._waiting:
            waiting.outcome()


@pytest.fixture
def channel(machine: Machine, tmp_path: Path) -> Iterator[Channel]:
    channel = Channel(tmp_path / "channel", machine.runner)
    channel.server.start()
    yield channel
    channel.close()


def test_workers_share_one_engine_and_nothing_is_asked_twice(endpoint: Server, plan: Plan, channel: Channel) -> None:
    keys = plan.turns()
    workers = [channel.worker(*keys), channel.worker(*reversed(keys)), channel.worker(SPIDER)]
    first, second, third = (worker.outcome(10) for worker in workers)
    known = channel.runner.results()
    assert first == [known[key] for key in keys]
    assert second == [known[key] for key in reversed(keys)]
    assert third == [known[SPIDER]]
    assert len(endpoint.asked) == CALLS


def test_wishes_wait_for_a_controller_that_starts_late(machine: Machine, tmp_path: Path) -> None:
    channel = Channel(tmp_path / "channel", machine.runner)
    try:
        with contextlib.closing(RemoteRunner(channel.folder)) as early:
            early.want([SPIDER])
        channel.server.start()
        worker = channel.worker(SPIDER)
        outcome = worker.outcome()
        assert isinstance(outcome, list)
        assert outcome[0].score == 8
    finally:
        channel.close()


def test_results_pass_unchanged_whatever_they_hold(endpoint: Server, channel: Channel) -> None:
    endpoint.answer = lambda asked: "nul \0 \x1b[31m \u202e \U0001f600 </script> [[10]]"
    endpoint.judge = lambda asked: "quoted [10], mine [[3.5]]"
    outcome = channel.worker(SPIDER).outcome()
    assert outcome == [channel.runner.results()[SPIDER]]
    assert isinstance(outcome, list)
    assert outcome[0].answer == "nul \0 \x1b[31m \u202e \U0001f600 </script> [[10]]"
    assert outcome[0].score == 3.5


def test_a_worker_may_want_an_answer_alone_and_its_judgment_later(endpoint: Server, channel: Channel) -> None:
    with contextlib.closing(RemoteRunner(channel.folder)) as remote:
        alone = remote.result(SPIDER, upto="answer")
        assert (alone.judged, alone.answer) == (False, "an answer to: How many legs has a spider?")
        assert endpoint.judgments == []
        remote.want([SPIDER], upto="answer")
        assert remote.result(SPIDER).score == 8
    assert len(endpoint.asked) == 2


def test_an_unscored_turn_is_a_result_like_any_other(endpoint: Server, channel: Channel) -> None:
    endpoint.judge = lambda asked: "no rating"
    outcome = channel.worker(SPIDER).outcome()
    assert isinstance(outcome, list)
    assert (outcome[0].score, outcome[0].unscored) == (None, "the judge's reply holds no rating")


def test_the_channel_holds_nothing_but_text(plan: Plan, channel: Channel) -> None:
    channel.worker(*plan.turns()).outcome(10)
    with contextlib.closing(sqlite3.connect(channel.folder / "cache.db")) as connection:
        kinds = set(connection.execute("SELECT raw, mode, filename, typeof(key), typeof(value) FROM Cache"))
    assert kinds == {(1, 1, None, "text", "text")}


def test_a_fatal_error_reaches_every_worker(endpoint: Server, plan: Plan, channel: Channel) -> None:
    endpoint.before = lambda asked, number: error(429, "used up", "insufficient_quota")
    workers = [channel.worker(key) for key in plan.turns() if key != SPIDER]
    for worker in workers:
        outcome = worker.outcome()
        assert isinstance(outcome, FatalError), repr(outcome)
        assert "quota is used up" in str(outcome)
    asked = len(endpoint.asked)
    late = channel.worker(SPIDER).outcome()
    assert isinstance(late, FatalError), repr(late)
    assert len(endpoint.asked) == asked


@pytest.mark.parametrize("first", ["runner", "server"])
def test_a_stopped_run_frees_every_worker(endpoint: Server, plan: Plan, channel: Channel, first: str) -> None:
    arrived, go = hold(endpoint)
    workers = [channel.worker(*plan.turns()) for _ in range(2)]
    assert arrived.wait(5)
    stops = [channel.runner.stop, channel.server.stop]
    for stop in stops if first == "runner" else reversed(stops):
        stop()
    assert all(isinstance(worker.outcome(), StoppedError) for worker in workers)
    go.set()
    late = channel.worker(SPIDER).outcome()
    assert isinstance(late, StoppedError)


def test_results_from_before_the_stop_are_still_there(channel: Channel) -> None:
    outcome = channel.worker(SPIDER).outcome()
    channel.runner.stop()
    channel.server.stop()
    assert channel.worker(SPIDER).outcome() == outcome


def test_a_worker_asks_the_controller_once_for_each_turn(endpoint: Server, machine: Machine, tmp_path: Path) -> None:
    channel = Channel(tmp_path / "channel", machine.runner)
    try:
        with contextlib.closing(RemoteRunner(channel.folder)) as remote:
            for _ in range(3):
                remote.want([SPIDER, TurnKey(SUITE, 1, 1)])
        with contextlib.closing(sqlite3.connect(channel.folder / "cache.db")) as connection:
            assert connection.execute("SELECT count(*) FROM Cache").fetchone() == (1,)
    finally:
        channel.close()


def test_a_turn_that_there_is_not_leaves_no_worker_waiting(channel: Channel) -> None:
    unknown = channel.worker(TurnKey(SUITE, 99, 1)).outcome(2)
    assert isinstance(unknown, Exception)
    known = channel.worker(SPIDER).outcome()
    assert isinstance(known, list)


def test_a_suite_that_does_not_load_leaves_no_worker_waiting(plan: Plan, machine: Machine, tmp_path: Path) -> None:
    class Plans(dict[str, Plan]):
        """As in a run: under xdist a suite is loaded when the first worker names it."""

        def __missing__(self, key: str) -> Plan:
            raise ConfigError(f"{key}: it was changed and does not parse")

    async def close() -> None:
        """Has nothing to close."""

    def make_engine() -> Engine:
        return machine.clients.engine(Plans(), None)

    channel = Channel(tmp_path / "channel", LocalRunner(make_engine, close))
    channel.server.start()
    try:
        outcome = channel.worker(TurnKey("other.mtbench.yaml", 1, 1)).outcome(2)
        assert isinstance(outcome, Exception)
        assert "other.mtbench.yaml" in str(outcome)
    finally:
        channel.close()


def test_an_engine_that_cannot_be_made_leaves_no_worker_waiting(tmp_path: Path) -> None:
    def broken() -> Engine:
        raise ValueError("no such thing")

    async def close() -> None:
        """Has nothing to close."""

    channel = Channel(tmp_path / "channel", LocalRunner(broken, close))
    channel.server.start()
    try:
        assert isinstance(channel.worker(SPIDER).outcome(2), Exception)
    finally:
        channel.close()


def test_a_channel_that_cannot_be_written_frees_every_worker_with_the_cause(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the temporary disk is full; neither the reason nor the mark of the end can be written then."""
    channel = Channel(tmp_path / "channel", machine.runner)
    waiting = channel.worker(SPIDER)

    class FullStore:
        def pull(self, **_: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        def set(self, *_: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        def close(self) -> None:
            """Has nothing to close."""

    with monkeypatch.context() as patch:
        patch.setattr("pytest_mtbench.engine.channel.open_store", lambda folder: FullStore())
        channel.server.start()
        outcome = waiting.outcome()
    assert isinstance(outcome, FatalError)
    assert "is not heard any more" in str(outcome)
    assert str(channel.folder) in str(outcome)
    channel.close()


def test_a_channel_that_fails_tells_the_workers_why(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("pytest_mtbench.engine.channel._pull", full)
    channel = Channel(tmp_path / "channel", machine.runner)
    channel.server.start()
    outcome = channel.worker(SPIDER).outcome()
    assert isinstance(outcome, FatalError)
    assert "(database or disk is full): is the disk full? TMPDIR names another place" in str(outcome)
    channel.close()


@pytest.mark.parametrize("sign", ["silence", "parent"])
def test_a_worker_gives_up_a_controller_that_is_gone(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    channel = Channel(tmp_path / "channel", machine.runner)
    with contextlib.closing(RemoteRunner(channel.folder)) as remote:
        if sign == "silence":
            monkeypatch.setattr("pytest_mtbench.engine.channel.SILENT_SECONDS", 0.1)
        else:
            monkeypatch.setattr("os.getppid", lambda: 1)
        with pytest.raises(FatalError, match="is not heard any more"):
            remote.result(SPIDER)


def test_a_lock_that_is_never_free_is_not_waited_for_without_end(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_mtbench.engine.channel._LOCKED_SECONDS", 0.1)
    channel = Channel(tmp_path / "channel", machine.runner)

    def locked(*arguments: object, **options: object) -> None:
        raise diskcache.Timeout

    with contextlib.closing(RemoteRunner(channel.folder)) as remote:
        monkeypatch.setattr(remote._store, "push", locked)
        with pytest.raises(FatalError, match="its lock is never free"):
            remote.want([SPIDER])
