"""The published votes and verdicts of Zheng et al. 2023, half of them, against figures found before there was any code.

The figures are those of a computation of their own, in which every couple of votes is written out.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from . import votes
from .conftest import SHARED, Run, run_pytest

VOTES = SHARED / "human_votes"
JUDGE = "gpt4_pair"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return beside_people(tmp_path_factory.mktemp("published"), VOTES / f"{JUDGE}.jsonl")


def beside_people(folder: Path, verdicts: Path, *options: str) -> Run:
    """A judge whose verdicts are in a file, beside the published votes."""
    return run_pytest(
        folder,
        f"--mtbench-judge={JUDGE}",
        f"--mtbench-people={VOTES / 'human.jsonl'}",
        f"--mtbench-people={verdicts}",
        *options,
    )


def figures(sides: dict[str, Any]) -> dict[str, float]:
    return {
        f"{name} {who}": round(sides[name][who]["value"], 3)
        for name in ("S1", "S2", "half")
        for who in ("judge", "people")
    }


def test_agreement_is_the_published_votes_own(published: Run) -> None:
    found = published.report["agreement"]
    assert (found["votes"], found["voters"], found["comparisons"], found["stale"]) == (1687, 65, 922, 0)
    assert round(found["flipped"], 3) == 0.152
    assert (found["shared"]["comparisons"], found["shared"]["votes"]) == (491, 1256)
    assert figures(found) == {
        "S1 judge": 0.689, "S2 judge": 0.880, "half judge": 0.806,
        "S1 people": 0.676, "S2 people": 0.844, "half people": 0.786,
    }  # fmt: skip
    assert [found["S2"][who]["n"] for who in ("judge", "people")] == [1084, 758]
    assert found["S1"]["people"]["n"] == 1131


def test_skill_and_the_verdict_on_it_are_as_found_by_hand(published: Run) -> None:
    skill = published.report["agreement"]["skill"]
    assert {name: round(value, 3) for name, value in skill.items()} == {
        "judge": 0.305, "people": 0.353, "ratio": 0.864, "low": 0.696, "high": 1.054, "votes": 1256, "questions": 40,
    }  # fmt: skip
    [gate] = published.report["gates"]
    assert (gate["id"], gate["status"], gate["minimum"]) == ("mtbench::gate[agreement]", "passed", 0.5)
    assert gate["message"] == (
        "agreement: passed: agrees with people in 88 % of votes without ties, people with each other in 84 %; 0.86 of "
        "a person's skill, at least 0.70, needed 0.5 (1,687 votes of 65 people, 40 questions)"
    )
    blind = published.report["agreement"]["names_only"]
    assert {name: round(value, 3) for name, value in blind.items()} == {"S2": 0.826, "ratio": 0.001}


def test_a_computation_of_its_own_comes_to_the_same(published: Run) -> None:
    own, found = votes.Votes(VOTES / "human.jsonl", VOTES / f"{JUDGE}.jsonl"), published.report["agreement"]
    for who, couples in (("judge", own.with_judge()), ("people", own.with_each_other())):
        assert votes.measures(couples) == pytest.approx(
            {name: found[name][who]["value"] for name in ("S1", "S2", "half")}
        )
    assert votes.skill(own.with_judge(shared=True)) == pytest.approx(found["skill"]["judge"])
    assert votes.skill(own.with_each_other(both_ways=True)) == pytest.approx(found["skill"]["people"])
    # K_j - K_p / 2 and its interval, which the gate is decided on.
    assert [round(value, 3) for value in votes.lead(own)] == [0.128, 0.065, 0.192]


def test_where_judge_and_people_differ_on_the_same_games(published: Run) -> None:
    found = {(row["one"], row["two"]): row for row in published.report["agreement"]["shift"]}
    rows = {}
    for pair in (("claude-v1", "gpt-3.5-turbo"), ("gpt-3.5-turbo", "gpt-4"), ("alpaca-13b", "llama-13b")):
        row, difference = found[pair], found[pair]["difference"]
        bounds = [difference[name] for name in ("value", "low", "high")]
        rows[pair[0]] = [
            *(round(number, 3) for number in (row["people"], row["judge"], *bounds)),
            row["votes"], row["questions"],
        ]  # fmt: skip
    assert rows == {
        "claude-v1": [0.462, 0.602, 0.140, 0.037, 0.243, 132, 32],
        "gpt-3.5-turbo": [0.363, 0.187, -0.176, -0.261, -0.092, 139, 33],
        "alpaca-13b": [0.690, 0.722, 0.032, -0.102, 0.166, 63, 21],
    }


def test_nothing_is_asked_and_the_summary_says_what_was_found(published: Run) -> None:
    assert published.status == 0
    assert published.report["calls"]["judgments"] == {"made": 0, "cached": 0, "retried": 0}
    assert published.report["model"] is None
    for said in (
        "by its rows in the files: nothing is asked",
        "people: 1,687 votes of 65 on 922 comparisons",
        "judge with people: 69 % [65, 72] with ties, 88 % [84, 91] without",
        "people with each other: 68 % [62, 73] with ties, 84 % [79, 89] without",
        "one who never reads and names the better model agrees in 83 % of votes without ties",
        "requests: 0 made",
    ):
        assert said in published.text


def test_experts_alone_agree_with_the_judge_as_found_by_hand(tmp_path: Path) -> None:
    rows = (VOTES / "human.jsonl").read_text(encoding="utf-8").splitlines()
    experts = tmp_path / "experts.json"
    kept = ",\n".join(row for row in rows if json.loads(row)["judge"].startswith("expert"))
    experts.write_text(f"[{kept}]", encoding="utf-8")
    run = run_pytest(
        tmp_path, f"--mtbench-judge={JUDGE}", f"--mtbench-people={experts}",
        f"--mtbench-people={VOTES / f'{JUDGE}.jsonl'}",
    )  # fmt: skip
    turns = run.report["agreement"]["turns"]
    assert [
        (round(turns[turn][name]["judge"]["value"], 3), turns[turn][name]["judge"]["n"])
        for turn in "12"
        for name in ("S1", "S2")
    ] == [(0.684, 670), (0.865, 437), (0.677, 663), (0.864, 434)]


@pytest.mark.parametrize("kind", ["a coin", "the better model", "always a tie"])
def test_a_judge_that_does_not_read_is_no_judge(kind: str, tmp_path: Path) -> None:
    """The share of votes that a model wins over all questions tells the better one here, without leaving one out."""
    chance = random.Random(2)
    people = [json.loads(row) for row in (VOTES / "human.jsonl").read_text(encoding="utf-8").splitlines()]
    won: dict[str, list[float]] = {}
    for row in people:
        for side in ("model_a", "model_b"):
            won.setdefault(row[side], []).append(0.5 if row["winner"] == "tie" else float(row["winner"] == side))
    strength = {model: sum(points) / len(points) for model, points in won.items()}
    verdicts = tmp_path / "verdicts.jsonl"
    with verdicts.open("w", encoding="utf-8") as file:
        for row in map(json.loads, (VOTES / f"{JUDGE}.jsonl").read_text(encoding="utf-8").splitlines()):
            better = "model_a" if strength[row["model_a"]] > strength[row["model_b"]] else "model_b"
            said = {"a coin": chance.choice(["model_a", "model_b"]), "the better model": better, "always a tie": "tie"}
            file.write(json.dumps(row | {"winner": said[kind]}) + "\n")
    run = beside_people(tmp_path, verdicts)
    [gate] = run.report["gates"]
    assert (run.status, gate["status"]) == (1, "failed"), gate["message"]
    assert abs(gate["value"]) < 0.1
