"""`--mtbench-cache`, runs that are killed, runs at once, and folders that are damaged."""

from __future__ import annotations

import threading
import time

import pytest

from ..server import Asked, Reply
from .conftest import Bench, table


def test_the_second_run_asks_nothing_and_shows_the_same(bench: Bench) -> None:
    first = bench.run()
    bench.endpoint.clear()
    second = bench.run("-n2")
    assert bench.endpoint.asked == []
    assert table(first)[:-1] == table(second)[:-1]
    second.stdout.fnmatch_lines(["requests: 0 made (answers 0 made, 9 cached; judgments 0 made, 9 cached)*"])
    second.stdout.fnmatch_lines(["the oldest cached answer is * old*"])
    assert (bench.path / ".mtbench_cache" / ".gitignore").read_text() == "*\n"
    assert (bench.path / ".mtbench_cache" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172")


@pytest.mark.parametrize(
    "mode, answers, judgments", [("all", 0, 0), ("judgments", 9, 0), ("refresh", 9, 9), ("off", 9, 9)]
)
def test_what_each_mode_asks_again(bench: Bench, mode: str, answers: int, judgments: int) -> None:
    bench.run()
    bench.endpoint.clear()
    bench.run(f"--mtbench-cache={mode}").assert_outcomes(passed=9)
    assert (len(bench.endpoint.answers), len(bench.endpoint.judgments)) == (answers, judgments)


def test_off_makes_no_folder(bench: Bench) -> None:
    bench.run("--mtbench-cache=off").assert_outcomes(passed=9)
    assert not (bench.path / ".mtbench_cache").exists()


def test_new_answers_are_judged_anew(bench: Bench) -> None:
    bench.run()
    bench.endpoint.clear()
    bench.endpoint.answer = lambda asked: f"another answer to {asked.prompt}"
    bench.run("--mtbench-cache=judgments").assert_outcomes(passed=9)
    assert len(bench.endpoint.judgments) == 9


def test_only_serves_the_cache_without_a_key_or_a_network(bench: Bench) -> None:
    bench.run("--mtbench-cache-dir=kept")
    bench.endpoint.clear()
    bench.run("--mtbench-cache=only", "--mtbench-cache-dir=kept").assert_outcomes(passed=9)
    assert bench.endpoint.asked == []


@pytest.mark.parametrize("where", ["missing", "emptied"])
def test_only_with_an_empty_cache_is_an_error(bench: Bench, where: str) -> None:
    if where == "emptied":
        bench.endpoint.before = lambda asked, number: Reply(status=400, body={"error": {"message": "no"}})
        bench.run()
        bench.endpoint.clear()
    result = bench.run("--mtbench-cache=only")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --mtbench-cache=only: *run once with --mtbench-cache=all"])
    assert bench.endpoint.asked == []
    assert where == "emptied" or not (bench.path / ".mtbench_cache").exists()


@pytest.mark.parametrize(
    "change, reason",
    [
        (["--mtbench-model=other"], "model: stored for 'm', asked for 'other'"),
        (["--mtbench-revision=2"], "revision: stored for '', asked for '2'"),
        (["--mtbench-runs=2"], "nothing was stored for it"),
    ],
)
def test_only_says_what_changed(bench: Bench, change: list[str], reason: str) -> None:
    bench.run()
    bench.endpoint.clear()
    result = bench.run("--mtbench-cache=only", *change)
    assert result.ret == 1
    assert f"not in the cache, and --mtbench-cache=only asks nothing: {reason}" in result.stdout.str()
    assert bench.endpoint.asked == []


def test_errors_and_replies_without_a_rating_are_not_stored(bench: Bench) -> None:
    bench.endpoint.judge = lambda asked: "no rating here"
    assert bench.run().ret == 1
    bench.endpoint.clear()
    bench.endpoint.judge = lambda asked: "Rating: [[8]]"
    bench.run().assert_outcomes(passed=9)
    assert (len(bench.endpoint.answers), len(bench.endpoint.judgments)) == (0, 9)


@pytest.mark.slow
def test_a_killed_run_repeats_at_most_what_was_in_flight(bench: Bench) -> None:
    bench.endpoint.latency = 0.02
    enough = threading.Event()

    def judge(asked: Asked) -> Reply | str:
        if len(bench.endpoint.judgments) < 4:
            return "Rating: [[8]]"
        enough.set()
        return Reply("Rating: [[8]]", hang=60)

    bench.endpoint.judge = judge
    process = bench.start()
    assert enough.wait(30)
    time.sleep(0.3)  # what was answered meanwhile reaches the disk
    process.kill()
    process.communicate()
    in_flight = sum(bench.endpoint.in_flight.values())
    first = len(bench.endpoint.asked)
    bench.endpoint.judge = lambda asked: "Rating: [[8]]"
    bench.run().assert_outcomes(passed=9)
    assert len(bench.endpoint.asked) <= 18 + in_flight
    assert len(bench.endpoint.asked) > first


def test_two_runs_at_once_ask_once(bench: Bench) -> None:
    bench.endpoint.latency = 0.1
    processes = [bench.start() for _ in range(2)]
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output.decode()
    assert len(bench.endpoint.asked) == 18


def test_a_damaged_file_is_set_aside_and_the_run_goes_on(bench: Bench) -> None:
    bench.run()
    bench.endpoint.clear()
    database = bench.path / ".mtbench_cache" / "cache.db"
    database.write_bytes(b"not a database at all" * 500)
    result = bench.run()
    result.assert_outcomes(passed=9)
    assert len(bench.endpoint.asked) == 18
    (aside,) = bench.path.glob(".mtbench_cache/cache.db.damaged-*")
    assert f"set aside as {aside}" in " ".join(result.stdout.str().split())


def test_a_folder_that_cannot_be_made(bench: Bench) -> None:
    (bench.path / "file").write_text("")
    result = bench.run("--mtbench-cache-dir=file/cache")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: the cache folder *file/cache cannot be used*--mtbench-cache-dir*"])
    assert bench.endpoint.asked == []


def test_no_key_is_in_the_cache_or_in_any_output(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-1")
    monkeypatch.setenv("MTBENCH_JUDGE_API_KEY", "sk-very-secret-2")
    result = bench.run("-vv", "--mtbench-report=report.json", "--mtbench-export=out", "--junitxml=j.xml")
    result.assert_outcomes(passed=9)
    assert {asked.headers["Authorization"] for asked in bench.endpoint.answers} == {"Bearer sk-very-secret-1"}
    assert {asked.headers["Authorization"] for asked in bench.endpoint.judgments} == {"Bearer sk-very-secret-2"}
    assert "sk-very-secret" not in result.stdout.str() + result.stderr.str()
    for path in bench.path.rglob("*"):
        assert not path.is_file() or b"sk-very-secret" not in path.read_bytes(), path
