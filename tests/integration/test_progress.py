"""Progress while items wait: on a terminal, drawn by an emulator of one, and where there is none."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from ..conftest import environment
from ..server import Asked, Reply, error
from ..terminal import Terminal
from .conftest import Bench

pytestmark = pytest.mark.slow  # a terminal is waited for

PROGRESS = re.compile(r"answers \d+/\d+, judgments \d+/\d+")
OWN_TEST = """
import pytest

@pytest.mark.mtbench(category="trivia", judge=True)
def test_of_my_own(mtbench_turn):
    print("printed by a test", end="")
"""

Start = Callable[..., Terminal]


@pytest.fixture
def start(bench: Bench) -> Iterator[Start]:
    """Starts a run at a terminal."""
    started: list[Terminal] = []

    def at_terminal(*arguments: str, columns: int = 80, **environ: str) -> Terminal:
        command = [sys.executable, "-m", "pytest", *bench.model_options, "-p", "no:cacheprovider", *arguments]
        own = {**environment(bench.path), "TERM": "xterm", **environ}
        started.append(Terminal(command, bench.path, own, columns=columns))
        return started[-1]

    yield at_terminal
    for each in started:
        each.close()


class Held:
    """Keeps the judge from judging all but the first question, until it is let go."""

    def __init__(self, bench: Bench) -> None:
        self._go = threading.Event()
        bench.endpoint.judge = self._judge

    def _judge(self, asked: Asked) -> str:
        if "rain" not in asked.prompt:
            self._go.wait(60)
        return "Rating: [[8]]"

    def let_go(self) -> None:
        self._go.set()


def progress_of(lines: Sequence[str]) -> list[str]:
    """The lines that tell how far the run is."""
    return [line for line in lines if PROGRESS.search(line)]


def shows(text: str) -> Callable[[list[str]], bool]:
    return lambda lines: any(text in line for line in lines)


def without_times(lines: Sequence[str]) -> list[str]:
    return [re.sub(r"[\d.]+ ?s\b|=+", "", line).strip() for line in lines]


@pytest.mark.parametrize(
    "options, columns, before, environ",
    [
        ((), 80, "mtbench ..", {}),
        (("-v",), 40, "mtbench::writing[q2-turn1]", {}),
        (("-vv", "-s"), 100, "mtbench::writing[q2-turn1]", {}),
        # No UTF-8 at all, and colours, which take no room.
        (
            ("--capture=sys", "--color=yes"),
            80,
            "mtbench ..",
            {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        ),
    ],
)
def test_it_stands_below_pytests_line_and_leaves_it_as_it_was(
    bench: Bench, start: Start, options: Sequence[str], columns: int, before: str, environ: dict[str, str]
) -> None:
    held = Held(bench)
    terminal = start(*options, "--mtbench-cache=off", columns=columns, **environ)
    lines = terminal.until(lambda lines: "answers 9/9, judgments 2/9" in lines[-1] and lines[-2] == before)
    assert len(lines[-1]) < columns
    assert "7 in flight" in lines[-1]
    assert len(progress_of(lines)) == 1
    assert terminal.screen.cursor == (len(lines) - 1, len(lines[-1]))
    held.let_go()
    shown = terminal.end()
    assert terminal.process.returncode == 0
    plain = start(*options, "--mtbench-cache=off", columns=columns, **environ, TERM="dumb")
    assert without_times(shown) == without_times(plain.end())
    assert b"\x1b[K" not in plain.screen.sent


@pytest.mark.parametrize("options, before", [((), ".."), (("-v",), "mtbench::writing[q2-turn1]")])
def test_with_workers_the_controller_shows_it(bench: Bench, start: Start, options: Sequence[str], before: str) -> None:
    held = Held(bench)
    terminal = start("-n1", *options)
    terminal.until(lambda lines: "answers 9/9, judgments 2/9" in lines[-1] and lines[-2] == before)
    held.let_go()
    shown = terminal.end()
    assert progress_of(shown) == []
    if options:
        passed = [line for line in shown if "PASSED" in line]
        assert len(passed) == 9
        assert all(re.fullmatch(r"\[gw0\] \[ *\d+%\] PASSED \(score 8\) mtbench::\S+", line) for line in passed)
    else:
        assert any(re.fullmatch(r"\.{9} +\[100%\]", line) for line in shown)


def test_it_tells_of_a_rate_limit_and_what_was_paid(bench: Bench, start: Start) -> None:
    bench.suite("prices: {model: {input: 1000, output: 1000}, judge: {input: 1000, output: 1000}}\n")
    bench.endpoint.before = lambda asked, number: error(429, "slow down", retry_after="60") if number > 6 else None
    terminal = start("mtbench.yaml", columns=120)
    (line,) = progress_of(terminal.until(shows("for a rate limit")))
    assert re.search(r"waiting \d\d s for a rate limit, \d in flight, .*\d\.\d\d USD$", line)


def test_ctrl_c_takes_it_away_and_says_what_is_kept(bench: Bench, start: Start) -> None:
    held = Held(bench)
    terminal = start("-v")
    terminal.until(lambda lines: "judgments 2/9" in lines[-1])
    terminal.process.send_signal(signal.SIGINT)
    shown = terminal.end()
    held.let_go()
    assert terminal.process.returncode == 2
    assert progress_of(shown) == []
    assert "what was answered and judged is kept in .mtbench_cache; the next run goes on" in " ".join(shown)


@pytest.mark.parametrize("options", [("-s",), ("--log-cli-level=INFO",)])
def test_where_others_write_to_the_terminal_nothing_is_rewritten(
    bench: Bench, start: Start, options: Sequence[str]
) -> None:
    bench.pytester.makepyfile(test_own=OWN_TEST)
    bench.endpoint.latency = 0.3
    terminal = start(*options, "test_own.py")
    shown = terminal.end()
    assert shows("1 passed")(shown)
    assert b"in flight" not in terminal.screen.sent
    assert b"\x1b[A" not in terminal.screen.sent


@pytest.mark.parametrize("judge", [True, None], ids=["from the start", "when it is read"])
def test_beside_tests_of_others_it_goes_before_they_run(bench: Bench, start: Start, judge: bool | None) -> None:
    free = "(mtbench_turn, capsys):\n    mtbench_turn.score\n    with capsys.disabled():\n        print"
    own = OWN_TEST.replace("(mtbench_turn):\n    print", free)
    bench.pytester.makepyfile(test_own=own if judge else own.replace(", judge=True", ""))
    held = Held(bench)
    terminal = start("test_own.py")
    lines = terminal.until(lambda lines: "answers 1/1, judgments 0/1" in lines[-1])
    assert lines[-2] == "test_own.py"
    held.let_go()
    assert shows("test_own.py printed by a test.")(terminal.end())


# -- where there is no terminal


@pytest.fixture
def told_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line whenever somebody has waited for a moment, and not only after 30 s."""
    monkeypatch.setattr("pytest_mtbench.plugin.progress.LINE_SECONDS", 0.0)
    monkeypatch.setattr("pytest_mtbench.plugin.progress.REWRITE_SECONDS", 0.0)
    monkeypatch.setattr("pytest_mtbench.engine.channel._BEAT_SECONDS", 0.1)


def slow(asked: Asked) -> Reply:
    return Reply("Rating: [[8]]", hang=0.5 if "rain" in asked.prompt else 0.0)


@pytest.mark.usefixtures("told_often")
def test_without_a_terminal_there_is_a_line_now_and_then(bench: Bench, xdist: Sequence[str]) -> None:
    bench.endpoint.judge = slow
    result = bench.run(*xdist)
    result.assert_outcomes(passed=9)
    lines = progress_of(result.outlines)
    assert lines
    assert not [line for line in lines if "judgments 9/9" in line], "then nothing is waited for"
    assert all(
        re.fullmatch(r"mtbench: answers \d/9, judgments \d/9, \d+ in flight(, about \d+ s left)?", line)
        for line in lines
    )
    assert [line for line in result.outlines if re.fullmatch(r"(mtbench )?\.+( +\[100%\])?", line)]
    assert not set(result.stdout.str()) & {"\x1b", "\r"}


@pytest.mark.usefixtures("told_often")
def test_with_ids_the_one_that_waits_is_written_again(bench: Bench) -> None:
    bench.endpoint.judge = slow
    lines = bench.run("-v").outlines
    start = lines.index("mtbench::writing[q1-turn1] ")
    assert PROGRESS.search(lines[start + 1])
    assert [line for line in lines[start + 1 :] if line.startswith("mtbench::writing[q1-turn1] PASSED")]


@pytest.mark.usefixtures("told_often")
@pytest.mark.parametrize("options", [("-q",), ("-p", "no:terminal")])
def test_it_is_silent_where_pytest_is(bench: Bench, start: Start, options: Sequence[str]) -> None:
    bench.endpoint.judge = slow
    result = bench.run(*options)
    assert result.ret == 0
    assert progress_of(result.outlines) == []
    terminal = start(*options, "--mtbench-cache=off")
    terminal.end()
    assert terminal.process.returncode == 0
    assert b"in flight" not in terminal.screen.sent


@pytest.mark.usefixtures("told_often")
def test_what_the_cache_holds_needs_no_line(bench: Bench) -> None:
    bench.run()
    bench.endpoint.judge = slow
    assert progress_of(bench.run().outlines) == []
