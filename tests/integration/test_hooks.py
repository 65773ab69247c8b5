"""`pytest_mtbench_generate`: a user's own chatbot instead of the model."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

import pytest

from .conftest import Bench

PLAIN = """
def pytest_mtbench_generate(messages, question, turn, run):
    assert messages[-1]["content"] == question.turns[turn - 1]
    return f"own {question.id} {turn} {run}"
"""
ASYNC = PLAIN.replace("def ", "import asyncio\nasync def ", 1).replace(
    "    return", "    await asyncio.sleep(0)\n    return"
)


@pytest.mark.parametrize("source, mode", [(PLAIN, ()), (PLAIN, ("-n2",)), (ASYNC, ())], ids=["plain", "n2", "async"])
def test_it_replaces_the_model(bench: Bench, source: str, mode: Sequence[str]) -> None:
    bench.pytester.makeconftest(source)
    bench.run("--mtbench-report=report.json", *mode).assert_outcomes(passed=9)
    assert bench.endpoint.answers == []
    assert len(bench.endpoint.judgments) == 9
    report = bench.report()
    assert report["turns"][5]["answer"] == "own 3 2 1"
    assert report["calls"]["answers"]["made"] == 9


def test_its_answers_are_asked_for_anew_and_their_judgments_cached(bench: Bench) -> None:
    bench.pytester.makeconftest(PLAIN)
    bench.run()
    bench.pytester.makeconftest(PLAIN.replace('f"own', 'f"changed" if turn == 1 else f"own'))
    bench.endpoint.clear()
    bench.run().assert_outcomes(passed=9)
    # The judgment of a second turn shows the first answer, so every judgment is a new one but none is asked twice.
    assert len(bench.endpoint.judgments) == 9
    bench.endpoint.clear()
    bench.run().assert_outcomes(passed=9)
    assert bench.endpoint.asked == []


def test_none_leaves_it_to_the_model(bench: Bench) -> None:
    bench.pytester.makeconftest(
        "def pytest_mtbench_generate(question):\n    return 'own' if question.category == 'math' else None"
    )
    bench.run().assert_outcomes(passed=9)
    assert {asked.prompt for asked in bench.endpoint.answers}.isdisjoint({"What is 6 times 7?", "Double it."})
    assert len(bench.endpoint.answers) == 5


def test_what_it_raises_costs_the_turn(bench: Bench) -> None:
    bench.pytester.makeconftest("def pytest_mtbench_generate(question):\n    return 1 / (question.id - 3)")
    result = bench.run("-k", "q3 or q4")
    result.assert_outcomes(errors=4, deselected=5)
    assert "pytest_mtbench_generate raised ZeroDivisionError: division by zero" in result.stdout.str()
    assert "pytest_mtbench_generate gave float, not a text" in result.stdout.str()


def test_no_key_for_the_model_is_needed(bench: Bench) -> None:
    bench.pytester.makeconftest(PLAIN)
    result = bench.run("--mtbench-base-url=https://model.invalid/v1", f"--mtbench-judge-base-url={bench.endpoint.url}")
    result.assert_outcomes(passed=9)


def test_one_that_hangs_costs_the_turns_and_is_said_at_once(bench: Bench, xdist: Sequence[str]) -> None:
    bench.pytester.makeconftest(
        "import time\n"
        "def pytest_mtbench_generate(question):\n"
        "    time.sleep(60 if question.id == 1 else 0)\n"
        "    return 'own'"
    )
    bench.own_process = True  # the threads that hang must not hold up its end
    result = bench.run("--mtbench-timeout=1", *xdist)
    result.assert_outcomes(passed=7, errors=2)
    assert result.duration < 30
    text = result.stdout.str()
    assert text.count("mtbench: pytest_mtbench_generate gives nothing within 1 s; is it hanging?") == 1
    assert text.index("is it hanging?") < text.index("= ERRORS =")
    assert "unscored: pytest_mtbench_generate gave nothing within 1 s" in text
    assert "is it hanging?" not in bench.run("--mtbench-timeout=1", "-q", "-k", "q1", *xdist).stdout.str()


HANGS = """
import pathlib, threading
{0}def pytest_mtbench_generate(question):
    pathlib.Path("called").touch()
    {1}
"""


@pytest.mark.parametrize("mode", [(), ("-n2",)], ids=["no-xdist", "n2"])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(HANGS.format("", "threading.Event().wait()"), id="thread"),
        pytest.param(HANGS.format("async ", "threading.Event().wait()"), id="blocked-loop", marks=pytest.mark.slow),
    ],
)
def test_control_c_ends_a_run_whose_hook_hangs(bench: Bench, source: str, mode: Sequence[str]) -> None:
    bench.pytester.makeconftest(source)
    process = bench.start(*mode)
    deadline = time.monotonic() + 30
    while not (bench.path / "called").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 2
    assert "MT-Bench: m, judged by the-judge" in output.decode()
