"""Real answers of three models against one another, replayed over HTTP.

The verdicts are a fixed function of the prompt.  What is expected comes from `pairs`, which works it out from the
recordings and the server's log.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import pairs
from .conftest import DATA, Replay, Run, run_pytest

BASELINE, CAI, VICUNA = "ultrachat_baseline", "ultrachat_cai", "vicuna-7b"
COUNTS = ("wins", "losses", "ties", "consistent", "n", "unscored", "flips", "flips_to_first")
Report = dict[str, Any]
Start = Callable[..., "Bench"]


@dataclass(frozen=True)
class Played(Run):
    """A finished run and what the server was asked meanwhile."""

    log: list[dict[str, Any]]

    @property
    def asked(self) -> list[pairs.Body]:
        """The requests that were answered."""
        return [row["request"] for row in self.log if row["outcome"] == "ok"]

    @property
    def keys(self) -> Counter[str]:
        """Those, as texts to compare."""
        return Counter(pairs.key(body) for body in self.asked)


class Bench:
    """A folder to run in, with a replay server of its own that knows every model and echoes verdicts."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._log = folder / "requests.jsonl"
        self._log.touch()
        everything = ("--data", str(DATA), "--judge", "echo", "--log", str(self._log))
        self.server = Replay(folder / "replay", VICUNA, *everything, *options)

    def run(self, model: str, *options: str) -> Played:
        """Runs pytest on this server, in a process of its own."""
        before = len(self._log.read_text().splitlines())
        endpoints = (f"--mtbench-model={model}", f"--mtbench-base-url={self.server.url}", "--mtbench-judge=gpt-4")
        run = run_pytest(self.folder, *endpoints, *options)
        log = [json.loads(line) for line in self._log.read_text().splitlines()[before:]]
        return Played(run.status, run.output, run.report, log)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts benches: `bench(*options of the server)`."""
    started: list[Bench] = []

    def start(*options: str) -> Bench:
        started.append(Bench(tmp_path_factory.mktemp("pairwise"), *options))
        return started[-1]

    yield start
    for each in started:
        each.server.close()


@pytest.fixture(scope="module")
def vicuna(bench: Start) -> tuple[Bench, Played]:
    """The comparison that several tests look at, where it was played."""
    own = bench()
    return own, own.run(VICUNA, f"--mtbench-against={BASELINE}", "-n2")


def by_name(scores: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The scores of a report by the names that gates have."""
    turns = {f"turn{turn}": scores["turns"][turn] for turn in ("1", "2")}
    return {"overall": scores["overall"], **turns, **scores["categories"]}


def check_scores(scores: dict[str, Any], games: list[pairs.Played]) -> None:
    """Compares all numbers of a report with the independent count."""
    found, expected = by_name(scores), pairs.scores(games)
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        assert {key: found[name][key] for key in numbers} == pytest.approx(numbers, abs=1e-9), name
        assert {type(found[name][key]) for key in COUNTS} == {int}, name
    for category in scores["categories"]:
        for turn in (1, 2):
            own = [game.points for game in games if (game.category, game.turn) == (category, turn)]
            assert scores["categories"][category]["turns"][str(turn)] == pytest.approx(sum(own) / len(own))


def game_rows(report: Report) -> list[tuple[Any, ...]]:
    """The games that a report lists."""
    return [
        (row["question_id"], row["category"], row["turn"], game["against"], game["outcome"], game["verdicts"],
         game["answer"], game["judgments"], game["unscored"])
        for row in report["turns"] for game in row["games"]
    ]  # fmt: skip


def expected_rows(games: list[pairs.Played]) -> list[tuple[Any, ...]]:
    """What they should be."""
    return [
        (game.question_id, game.category, game.turn, game.against, game.outcome, list(game.letters), game.answer,
         [pairs.said(letter) for letter in game.letters], None)
        for game in games
    ]  # fmt: skip


def made(report: Report) -> tuple[int, int]:
    """How many answers and judgments were asked for."""
    return report["calls"]["answers"]["made"], report["calls"]["judgments"]["made"]


@pytest.mark.slow
def test_requests_scores_and_turns_are_those_of_the_independent_count(vicuna: tuple[Bench, Played]) -> None:
    own, run = vicuna
    report = run.report
    expected = pairs.answer_requests(VICUNA, BASELINE) + pairs.judge_requests(VICUNA, [BASELINE])
    assert len(run.log) == sum(expected.values()) == 638  # two first answers are the same on both sides
    assert run.keys == expected
    assert made(report) == (320, 318)
    assert (run.status, report["mode"], report["model"], report["judge"]) == (0, "pairwise", VICUNA, "gpt-4")
    assert "160 passed" in run.output
    games = pairs.games(VICUNA, [BASELINE], run.asked)
    check_scores(report["scores"], games)
    assert list(by_name(report["scores"])) == list(pairs.scores(games))  # the order of the set
    assert game_rows(report) == expected_rows(games)
    assert {game["run"] for row in report["turns"] for game in row["games"]} == {1}
    found = [(row["score"], row["outcome"], row["unscored"]) for row in report["turns"]]
    assert found == [(game.points, game.outcome, None) for game in games]
    again = own.run(VICUNA, f"--mtbench-against={BASELINE}", "-p", "no:xdist")
    assert (again.status, again.log, made(again.report)) == (0, [], (0, 0))
    assert (again.report["scores"], again.report["turns"]) == (report["scores"], report["turns"])


@pytest.mark.slow
def test_gates_compare_win_rates(vicuna: tuple[Bench, Played]) -> None:
    own, run = vicuna
    games = pairs.games(VICUNA, [BASELINE], run.asked)
    rates = {name: numbers["win_rate"] for name, numbers in pairs.scores(games).items()}
    # The echo of a judge agrees with itself in three of ten games, which decides nothing unless somebody says so.
    loose = own.folder / "loose.mtbench.yaml"
    loose.write_text("against: {min_consistency: 0}\n", encoding="utf-8")
    for raised in (set(), {"overall", "turn2", "math"}):
        minima = {name: rate + 0.001 if name in raised else rate for name, rate in rates.items()}
        options = [f"--mtbench-min={name}={least}".replace("overall=", "") for name, least in minima.items()]
        gated = own.run(VICUNA, f"--mtbench-against={BASELINE}", f"--mtbench-suite={loose}", *options)
        gates = {gate["id"].partition("::")[2]: gate for gate in gated.report["gates"]}
        status = {f"gate[{name}]": "failed" if name in raised else "passed" for name in rates}
        assert {name: gate["status"] for name, gate in gates.items()} == status
        assert {name: gate["value"] for name, gate in gates.items()} == pytest.approx(
            {f"gate[{name}]": rate for name, rate in rates.items()}
        )
        assert (gated.status, gated.log) == (1 if raised else 0, [])
        assert f"{171 - len(raised)} passed" in gated.output


@pytest.mark.slow
def test_stored_answers_are_not_asked_for(bench: Start) -> None:
    own = bench()
    run = own.run(CAI, f"--mtbench-against={DATA / 'model_answer' / VICUNA}.jsonl")
    assert run.status == 0
    assert run.keys == pairs.answer_requests(CAI) + pairs.judge_requests(CAI, [VICUNA])
    assert made(run.report) == (160, 319)
    games = pairs.games(CAI, [VICUNA], run.asked)
    check_scores(run.report["scores"], games)
    assert game_rows(run.report) == expected_rows(games)
    # Another cache, so that the run after it finds the answers of vicuna-7b in the report alone.
    elsewhere = ("--mtbench-cache-dir=elsewhere", "--mtbench-report=earlier.json")
    assert own.run(VICUNA, f"--mtbench-answers={DATA}", *elsewhere).status == 0
    from_report = own.run(CAI, "--mtbench-against=earlier.json")
    assert (from_report.status, from_report.log, made(from_report.report)) == (0, [], (0, 0))
    assert from_report.report["scores"] == run.report["scores"]
    assert game_rows(from_report.report) == game_rows(run.report)


@pytest.mark.slow
def test_a_bad_network_changes_no_count(bench: Start) -> None:
    run = bench("--faults", "429=0.1,500=0.05,drop=0.02").run(CAI, f"--mtbench-against={VICUNA}")
    assert run.status == 0
    assert run.keys == pairs.answer_requests(CAI, VICUNA) + pairs.judge_requests(CAI, [VICUNA])
    assert {"429", "500", "drop"} < {row["outcome"] for row in run.log}
    games = pairs.games(CAI, [VICUNA], run.asked)
    check_scores(run.report["scores"], games)
    assert game_rows(run.report) == expected_rows(games)


@pytest.mark.slow
def test_several_others_are_each_played(bench: Start) -> None:
    others = [VICUNA, CAI]
    run = bench().run(BASELINE, f"--mtbench-against={','.join(others)}")
    expected = pairs.answer_requests(BASELINE, *others) + pairs.judge_requests(BASELINE, others)
    assert (run.status, run.keys) == (0, expected)
    assert made(run.report) == (480, expected.total() - 480)
    games = pairs.games(BASELINE, others, run.asked)
    check_scores(run.report["scores"], games)
    assert sorted(game_rows(run.report)) == sorted(expected_rows(games))
    against = {each["name"]: each for each in run.report["against"]}
    for other in others:
        check_scores(against[other]["scores"], [game for game in games if game.against == other])
    # The fewer games are won against it, the stronger it is.
    weakest_first = sorted(others, key=lambda name: -against[name]["scores"]["overall"]["win_rate"])
    assert sorted(others, key=lambda name: against[name]["strength"]) == weakest_first
