"""How a run ends: what is said, written and returned where it did not come to its end, or could not tell."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ..server import Asked, Reply, error
from .conftest import Bench, flowing

REPORT = "--mtbench-report=report.json"
JUNIT = "--junitxml=junit.xml"


def junit_errors(bench: Bench) -> list[str]:
    """What JUnit's XML has of errors."""
    root = ET.parse(bench.path / "junit.xml").getroot()
    return [str(each.text) for each in root.iter("error")]


def top(bench: Bench) -> tuple[Any, Any, Any]:
    report = bench.report()
    return report["status"], report["exit_status"], report["reason"]


@pytest.mark.parametrize("score, status, code", [(9, "passed", 0), (3, "failed", 1)])
def test_a_report_says_what_the_run_came_to(
    bench: Bench, xdist: Sequence[str], score: int, status: str, code: int
) -> None:
    bench.endpoint.judge = lambda asked: f"[[{score}]]"
    assert bench.run("--mtbench-min=5", REPORT, *xdist).ret == code
    assert top(bench) == (status, code, None)
    assert bench.report()["answered_by"] == f"m at {bench.endpoint.url}"


@pytest.mark.parametrize("terminal", [(), ("-p", "no:terminal")], ids=["terminal", "no-terminal"])
def test_a_run_that_cannot_go_on_is_an_error_everywhere(
    bench: Bench, xdist: Sequence[str], terminal: Sequence[str]
) -> None:
    bench.endpoint.before = lambda asked, number: error(401, "wrong key")
    result = bench.run("--mtbench-min=5", REPORT, JUNIT, *xdist, *terminal)
    assert result.ret == 4
    assert (result.stdout.str() + result.stderr.str()).count("refuses the key") == 1
    status, code, reason = top(bench)
    assert (status, code) == ("aborted", 4)
    assert "refuses the key" in reason
    assert junit_errors(bench) == [reason]
    if not terminal:
        assert "gate[overall] was selected and not decided" in flowing(result)


@pytest.mark.parametrize(
    "options, kept",
    [
        ([], "what was answered is kept in .mtbench_cache; the next run goes on"),
        (["--mtbench-cache-dir=there", "--mtbench-cache=refresh"], "is kept in there; a run with --mtbench-cache=all"),
        (["-p", "no:terminal"], "what was answered is kept in .mtbench_cache; the next run goes on"),
        (["--mtbench-cache=off"], None),
    ],
)
def test_what_a_run_got_before_it_was_ended_is_kept_where_there_is_a_cache(
    bench: Bench, options: Sequence[str], kept: str | None
) -> None:
    bench.endpoint.before = lambda asked, number: error(401, "wrong key") if asked.is_judge else None
    result = bench.run("--mtbench-concurrency=1", *options)
    assert result.ret == 4
    text = " ".join((result.stdout.str() + result.stderr.str()).split())
    assert ("kept in" in text) == (kept is not None)
    assert kept is None or kept in text


def test_a_run_that_came_to_its_end_says_nothing_of_the_next(bench: Bench) -> None:
    assert "kept in" not in bench.run("--mtbench-min=9").stdout.str()


def test_a_budget_that_is_used_up_is_an_error_of_an_item(bench: Bench) -> None:
    prices = "prices: {model: {input: 0, output: 1000}, judge: {input: 0, output: 1000}}\n"
    bench.suite(prices + "budget: 2.1\nthresholds: {overall: 5}\n")
    assert bench.plain("mtbench.yaml", REPORT, JUNIT).ret == 4
    assert top(bench)[:2] == ("aborted", 4)
    assert junit_errors(bench) == [top(bench)[2]]


def test_an_interrupt_prints_the_table_leaves_an_error_and_names_the_gates(bench: Bench, xdist: Sequence[str]) -> None:
    measured = threading.Event()

    def judge(asked: Asked) -> Reply | str:
        if "rain" in asked.prompt:
            return "Rating: [[7]]"
        measured.set()
        return Reply("Rating: [[7]]", hang=60)

    bench.endpoint.judge = judge
    process = bench.start("--mtbench-min=5", "--mtbench-min=math=5", REPORT, JUNIT, "-v", *xdist)
    assert measured.wait(30)
    assert process.stdout is not None
    seen = b""
    while b"PASSED" not in seen:
        seen += os.read(process.stdout.fileno(), 1000)
    process.send_signal(signal.SIGINT)
    output = (seen + process.communicate(timeout=30)[0]).decode()
    assert process.returncode == 2
    assert "MT-Bench: m, judged by the-judge" in output
    assert "KeyboardInterrupt" in output
    text = " ".join(output.split())
    assert "gate[math], gate[overall] were selected and not decided" in text
    assert "what was answered and judged is kept in .mtbench_cache; the next run goes on from there" in text
    assert top(bench) == ("aborted", 2, "interrupted (KeyboardInterrupt)")
    assert junit_errors(bench) == ["not run to its end: interrupted (KeyboardInterrupt)"]


@pytest.mark.parametrize("more", [(), ("-k", "gate")])
def test_workers_that_die_while_they_collect_leave_no_gate_green(bench: Bench, more: Sequence[str]) -> None:
    bench.pytester.makeconftest(
        "import os\ndef pytest_collection_modifyitems(config):\n    if hasattr(config, 'workerinput'): os._exit(0)\n"
    )
    result = bench.run("-n2", "--max-worker-restart=0", "--mtbench-min=5", "--mtbench-min=math=5", REPORT, JUNIT, *more)
    assert result.ret not in (0, 5)
    assert "gate[math], gate[overall] were selected and not decided" in flowing(result)


def test_one_worker_that_dies_while_it_collects(bench: Bench) -> None:
    bench.pytester.makeconftest(
        "import os, time\n"
        "def pytest_collection_modifyitems(config):\n"
        "    worker = getattr(config, 'workerinput', {}).get('workerid')\n"
        "    if worker == 'gw1':\n        time.sleep(1)\n        os._exit(1)\n"
    )
    result = bench.run("-n2", "--max-worker-restart=0", "--mtbench-min=math=5", REPORT, JUNIT)
    assert result.ret == 1
    assert "gate[math] was selected and not decided" in flowing(result)
    assert top(bench) == ("failed", 1, "mtbench: gate[math] was selected and not decided")
    assert junit_errors(bench) == ["mtbench: gate[math] was selected and not decided"]


def test_a_gate_that_another_plugin_skips_is_not_decided(bench: Bench, xdist: Sequence[str]) -> None:
    bench.pytester.makeconftest(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        if 'gate' in item.name: item.add_marker(pytest.mark.skip)\n"
    )
    result = bench.run("--mtbench-min=math=5", *xdist)
    assert result.ret == 1
    assert "gate[math] was selected and not decided" in flowing(result)
    assert bench.run("--mtbench-min=math=5", "-m", "not mtbench_gate", *xdist).ret == 0


def test_the_first_failure_names_what_it_left_out(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {floor: 9, categories: {trivia: 5}}\n")
    result = bench.plain("mtbench.yaml", "-x", REPORT, *xdist)
    assert result.ret in (1, 2)
    assert "gate[trivia] was selected and not decided" in flowing(result)
    status, _, reason = top(bench)
    assert status == "failed"
    assert "stopping after 1 failures" in reason
    assert "gate[trivia]" in reason


@pytest.mark.parametrize(
    "code, said",
    [
        ("sys.exit(0)", "SystemExit: 0"),
        ("pytest.exit('done', 0)", "Exit: done"),
        ("pytest.skip('no')", "Skipped: no"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt:"),
        ("raise RuntimeError('sk-secret-key-9')", "RuntimeError: ***"),
    ],
)
@pytest.mark.parametrize("score", [3, 9])
def test_what_a_report_hook_does_hides_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, code: str, said: str, score: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key-9")
    bench.endpoint.judge = lambda asked: f"[[{score}]]"
    bench.pytester.makeconftest(f"import pytest, sys\ndef pytest_mtbench_report(report):\n    {code}\n")
    result = bench.run("--mtbench-min=5", REPORT, JUNIT)
    assert result.ret == 1
    text = flowing(result)
    assert f"pytest_mtbench_report ended in {said}" in text
    assert "secret" not in text
    assert "overall" in text
    assert ("FAILED mtbench::gate[overall]" in text) == (score == 3)
    assert top(bench)[:2] == ("failed", 1)
    assert said in top(bench)[2]
    silent = bench.run("--mtbench-min=5", "-p", "no:terminal")
    assert silent.ret == 1
    assert f"pytest_mtbench_report ended in {said}" in silent.stderr.str()


def breaking(call: str) -> str:
    return (
        "import pathlib\nimport pytest_mtbench.files.whole as whole\n"
        "def full(*_):\n    raise OSError(28, 'No space left on device')\n"
        f"def pytest_runtest_logfinish():\n    whole.{call} = full\n"
    )


def test_a_full_disk_leaves_the_old_report_and_is_said_after_the_table(bench: Bench) -> None:
    bench.run(REPORT, "--mtbench-export=out")
    before = {path: path.read_bytes() for path in (bench.path / "report.json", *(bench.path / "out").rglob("*.jsonl"))}
    bench.pytester.makeconftest(breaking("os.fsync"))
    bench.own_process = True
    result = bench.run(REPORT, "--mtbench-export=out", "--mtbench-min=5", "--mtbench-cache=off")
    assert result.ret == 1
    text = flowing(result)
    for option in ("report", "export"):
        said = text.index(f"--mtbench-{option}=", text.index("requests: "))
        assert "could not be written (No space left on device); what was there before is there still" in text[said:]
    assert {path: path.read_bytes() for path in before} == before
    assert not list(bench.path.rglob("*.tmp"))
    silent = bench.run(REPORT, "-p", "no:terminal")
    assert (silent.ret, "could not be written" in silent.stderr.str()) == (1, True)


@pytest.mark.parametrize("reply", [error(401, "wrong key"), error(400, "no")], ids=["aborted", "unscored"])
def test_a_run_that_measured_nothing_replaces_nothing(bench: Bench, reply: Reply) -> None:
    bench.run(REPORT, "--mtbench-export=out")
    files = [bench.path / "report.json", *(bench.path / "out").rglob("*.jsonl")]
    before = [path.read_bytes() for path in files]
    bench.endpoint.before = lambda asked, number: reply
    result = bench.run(REPORT, "--mtbench-export=out", "--mtbench-cache=off")
    assert result.ret in (1, 4)
    assert [path.read_bytes() for path in files] == before
    assert "report.json: not replaced, since this run scored no turn" in flowing(result)
    (bench.path / "report.json").unlink()
    bench.run(REPORT, "--mtbench-cache=off")
    assert top(bench)[0] in ("aborted", "failed"), "where there is none, it says what came of the run"


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
@pytest.mark.parametrize("option", ["report", "export"])
def test_what_is_no_file_is_refused_before_any_call(bench: Bench, kind: str, option: str) -> None:
    path = bench.path / ("report.json" if option == "report" else "out/model_answer/m.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null")
    result = bench.run(REPORT if option == "report" else "--mtbench-export=out")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"ERROR: --mtbench-{option}=*: cannot be written (there is something that is no file)"]
    )
    assert bench.endpoint.asked == []


def test_a_killed_run_leaves_the_old_report(bench: Bench) -> None:
    bench.run(REPORT)
    before = (bench.path / "report.json").read_bytes()
    bench.pytester.makeconftest(
        "import os\nimport pytest_mtbench.files.whole as whole\n"
        "def pytest_runtest_logfinish():\n    whole.os.fsync = lambda _: os._exit(9)\n"
    )
    bench.own_process = True
    assert bench.run(REPORT).ret == 9
    assert (bench.path / "report.json").read_bytes() == before
    json.loads(Path(bench.path / "report.json").read_text(encoding="utf-8"))
