"""`--mtbench-people` and `--mtbench-rate-sheet`: people's votes and ratings beside a judge, by real pytest over HTTP.

Each answer names how good it is; judge and people read that, people each with a noise of their own.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..pages import Parsed
from ..server import JUDGE, SECOND, Asked
from ..sets import write_set
from .conftest import Bench, flowing, item_ids

QUESTIONS: list[dict[str, Any]] = [
    {"question_id": n, "category": ("writing", "roleplay")[n % 2], "turns": [f"First {n}.", f"Second {n}."]}
    for n in range(24)
]
AGAINST = "--mtbench-against=other"
SHEET = "--mtbench-rate-sheet=sheet.csv"
Rows = list[dict[str, str]]
Fill = Callable[[dict[str, str], random.Random], str]


def qualities(text: str) -> list[int]:
    """How good each answer in a text is."""
    return [int(number) for number in re.findall(r"quality (\d+)", text)]


def quality(text: str) -> int:
    """How good the last one is."""
    return qualities(text)[-1]


def answer(asked: Asked) -> str:
    chance = random.Random(f"{asked.model} {asked.prompt}")
    return f"quality {chance.randrange(1, 11)} by {asked.model[::-1]} on {asked.prompt}"


def verdict(asked: Asked) -> str:
    found = qualities(asked.prompt)
    if "TO BE GRADED" in asked.prompt:
        return f"So be it. Rating: [[{found[-1]}]]"
    first, second = found[len(found) // 2 - 1], found[-1]
    return f"[[{'A' if first > second else 'B' if second > first else 'C'}]]"


@pytest.fixture
def people(bench: Bench) -> Bench:
    """Two models that answer 24 questions, and a judge that reads how good an answer is."""
    bench.questions = write_set(bench.path / "data" / "small", QUESTIONS)
    bench.endpoint.answer = answer
    bench.endpoint.judge = verdict
    return bench


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(bench: Bench, name: str, said: Fill, source: str = "sheet.csv", column: str = "choice") -> str:
    """A sheet as a person filled it in; the option that takes it."""
    rows, chance = rows_of(bench.path / source), random.Random(name)
    for row in rows:
        row[column] = said(row, chance)
    with (bench.path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return f"--mtbench-people={name}.csv"


def by_quality(row: dict[str, str], chance: random.Random) -> str:
    lead = quality(row["left"]) - quality(row["right"]) + chance.gauss(0, 1.5)
    return "tie" if abs(lead) < 0.5 else "left" if lead > 0 else "right"


def three(bench: Bench, said: Fill = by_quality) -> list[str]:
    return [fill(bench, name, said) for name in ("anna", "ben", "cy")]


def test_a_filled_sheet_tells_how_far_the_judge_is_at_one_with_people(people: Bench) -> None:
    first = people.run(AGAINST, SHEET)
    first.assert_outcomes(passed=48)
    assert "sheet.csv: 48 comparisons for people; --mtbench-people takes what they fill in" in flowing(first)
    rows = rows_of(people.path / "sheet.csv")
    assert len(rows) == 48  # each question with one turn, then with the other
    assert [*rows[0]] == ["id", "question", "left", "right", "choice", "rater", "note"]
    assert not any("other" in cell for row in rows for cell in row.values())
    made = len(people.endpoint.asked)
    options = [AGAINST, *three(people), "--mtbench-report=report.json"]
    result = people.run(*options)
    result.assert_outcomes(passed=49)
    assert len(people.endpoint.asked) == made  # the same run, from the cache
    report = people.report()
    found, [gate] = report["agreement"], report["gates"]
    assert (found["votes"], found["voters"], found["comparisons"], found["stale"]) == (144, 3, 48, 0)
    assert gate["status"] == "passed"
    assert gate["value"] == found["skill"]["ratio"]
    assert found["shift"][0]["one"] == "m"
    # The judge ranks as the answers say; people are noisy, so the judge is better at it than one of them.
    assert found["skill"]["ratio"] > 1
    assert "people: 144 votes of 3 on 48 comparisons" in flowing(result)
    parallel = people.apart("-n2", *people.model_options, *options)
    parallel.assert_outcomes(passed=49)
    assert people.report()["agreement"] == found


def test_votes_that_know_nothing_of_the_answers_fail_the_judge(people: Bench) -> None:
    people.run(AGAINST, SHEET)
    result = people.run(
        AGAINST, *three(people, lambda row, chance: chance.choice(["left", "right"])), "--mtbench-min=0"
    )
    result.assert_outcomes(passed=49, skipped=1)  # people themselves have no skill, so nothing can be told
    assert "skill, with no bounds since people's own cannot be told from 0" in flowing(result)
    against = three(people, lambda row, chance: {"left": "r", "right": "L", "tie": "="}[by_quality(row, chance)])
    failed = people.run(AGAINST, *against, "--mtbench-min=0")
    failed.assert_outcomes(passed=49, failed=1)
    assert "warning: gate[overall] rest on a judge with -" in flowing(failed)


def test_what_people_say_themselves_is_a_gate(people: Bench) -> None:
    people.run(AGAINST, SHEET)
    votes = three(people)
    people.suite("against: other\npeople: {files: [anna.csv, ben.csv, cy.csv], min_win_rate: 0.99}\n")
    result = people.plain("mtbench.yaml", "-k", "gate", "--mtbench-report=report.json")
    result.assert_outcomes(passed=1, failed=1)
    [shift] = people.report()["agreement"]["shift"]
    gate = next(gate for gate in people.report()["gates"] if gate["name"] == "people")
    assert gate["value"] == pytest.approx(shift["people"])
    assert "win rate against other" in gate["message"]
    people.suite("against: other\npeople: {min_win_rate: 0.01}\n")
    people.plain("mtbench.yaml::gate[people]", *votes).assert_outcomes(passed=1)
    people.suite("against: other\nthresholds: {rule: confident}\npeople: {min_win_rate: 0.5}\n")
    people.plain("mtbench.yaml::gate[people]", *votes).assert_outcomes(skipped=1)


def test_a_vote_on_an_answer_that_has_changed_is_stale(people: Bench) -> None:
    people.run(AGAINST, SHEET)
    votes = three(people)
    people.endpoint.answer = lambda asked: answer(asked) + (" anew" if "First 1." in asked.prompt else "")
    result = people.run(AGAINST, *votes, "--mtbench-cache=refresh", "--mtbench-report=report.json")
    found = people.report()["agreement"]
    assert (found["votes"], found["stale"]) == (138, 6)
    assert "138 votes of 3 on 46 comparisons; 6 stale, on answers that this run does not have" in flowing(result)
    people.endpoint.answer = lambda asked: answer(asked) + " anew"
    ended = people.run(AGAINST, *votes, "--mtbench-cache=refresh")
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    assert "anna.csv, ben.csv, cy.csv: all 144 rows are stale" in flowing(ended)


def test_where_files_hold_the_answers_stale_votes_are_refused_before_any_call(people: Bench) -> None:
    people.run(AGAINST, SHEET, "--mtbench-export=out")
    options = ["--mtbench-against=out/model_answer/other.jsonl", "--mtbench-answers=out/model_answer/m.jsonl"]
    votes = three(people)
    people.endpoint.asked.clear()
    people.run(*options, *votes, "--mtbench-cache=only").assert_outcomes(passed=49)
    file = people.path / "out" / "model_answer" / "m.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("quality", "Quality"), encoding="utf-8")
    refused = people.run(*options, *votes)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert "anna.csv:2: id: stale, as are all 144 rows" in " ".join(refused.errlines)
    assert not people.endpoint.asked


def test_answers_rated_one_by_one(people: Bench) -> None:
    people.run(SHEET)
    assert [*rows_of(people.path / "sheet.csv")[0]] == ["id", "question", "answer", "rating", "rater", "note"]

    def rated(row: dict[str, str], chance: random.Random) -> str:
        return str(min(10, max(1, round(2 * (quality(row["answer"]) - 1 + chance.gauss(0, 1))) / 2))).replace(".", ",")

    ratings = [fill(people, name, rated, column="rating") for name in ("anna", "ben", "cy")]
    people.suite("people: {min_score: 2}\n")
    result = people.plain("mtbench.yaml", *ratings, "--mtbench-report=report.json")
    result.assert_outcomes(passed=50)
    found = people.report()["agreement"]
    assert (found["ratings"], found["voters"], found["answers"]) == (144, 3, 48)
    assert found["order"]["judge"] > 0.9
    assert 0.6 < found["spread"] < 1
    [shift] = found["shift"]
    assert 0.5 < shift["difference"]["value"] < 1.5  # the judge gives a point more
    assert "the judge orders answers as people do in " in flowing(result)
    refused = people.run(AGAINST, *ratings)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR


def test_votes_beside_a_baseline_that_holds_texts(people: Bench) -> None:
    people.run("--mtbench-report=base.json")
    people.endpoint.answer = lambda asked: answer(Asked(**{**vars(asked), "model": "newer"}))
    beside = ["--mtbench-baseline=base.json", "--mtbench-cache=refresh"]
    people.run(*beside, SHEET)
    result = people.run(*beside[:1], *three(people), "--mtbench-report=report.json")
    found = people.report()["agreement"]
    assert (found["votes"], found["unjudged"]) == (144, 0)
    assert found["S2"]["judge"]["value"] > 0.8
    assert [found["shift"][0][side] for side in ("one", "two")] == ["m", "m (baseline)"]
    assert "gate[agreement] passed" in flowing(result)


def conversations(bench: Bench, report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Votes that hold the texts, made of a pairwise report."""
    texts = {(row["question_id"], row["turn"]): (row["answer"], row["games"][0]["answer"]) for row in report["turns"]}
    asked = {question["question_id"]: question["turns"] for question in QUESTIONS}
    for (question, turn), pair in texts.items():
        talks = [
            [
                {"role": role, "content": content}
                for n in (1, 2)
                for role, content in (("user", asked[question][n - 1]), ("assistant", texts[question, n][side]))
            ]
            for side in (0, 1)
        ]
        for rater in ("anna", "ben"):
            said = by_quality(
                dict(zip(("left", "right"), pair, strict=True)), random.Random(f"{rater}{question}{turn}")
            )
            yield {
                "question_id": question, "turn": turn, "model_a": "m", "model_b": "other", "judge": rater,
                "winner": {"left": "model_a", "right": "model_b", "tie": "tie"}[said],
                "conversation_a": talks[0], "conversation_b": talks[1],
            }  # fmt: skip


@pytest.fixture
def audition(people: Bench) -> tuple[Bench, list[str]]:
    """Votes that hold the texts, and the options that put the judge alone to the test."""
    people.run(AGAINST, "--mtbench-report=pair.json")
    rows = list(conversations(people, people.report("pair.json")))
    (people.path / "votes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = [
        f"--mtbench-base-url={people.endpoint.url}", f"--mtbench-judge={JUDGE}", "--mtbench-questions=data/small",
        "--mtbench-people=votes.jsonl",
    ]  # fmt: skip
    return people, options


def test_an_audition_judges_what_people_compared(audition: tuple[Bench, list[str]]) -> None:
    bench, options = audition
    bench.endpoint.asked.clear()
    collected = bench.plain(*options, "--collect-only", "-q")
    assert "mtbench::writing[q0-turn1-m-other]" in item_ids(collected)
    assert not bench.endpoint.asked
    planned = bench.plain(*options, "--mtbench-cache=off", "--mtbench-dry-run")
    assert f"judgments: 96 to ask of {JUDGE}" in flowing(planned)
    assert not bench.endpoint.asked
    files = ("--mtbench-report=report.json", "--mtbench-report=report.html")
    result = bench.plain(*options, "--mtbench-cache=refresh", *files)
    result.assert_outcomes(passed=49)
    assert {asked.model for asked in bench.endpoint.asked} == {JUDGE}
    assert len(bench.endpoint.asked) == 96  # both orders
    report = bench.report()
    assert (report["model"], report["mode"], len(report["turns"])) == (None, "audition", 48)
    assert report["turns"][0]["models"] == ["m", "other"]
    assert report["agreement"]["skill"]["ratio"] > 1
    page = Parsed((bench.path / "report.html").read_text(encoding="utf-8"))
    assert page.data["turns"][0]["models"] == "m against other"
    differ = [
        (row, texts["people"]) for row, texts in zip(page.data["turns"], page.texts, strict=True) if row.get("differs")
    ]
    links = {attributes["href"] for _, attributes in page.elements if "href" in attributes}
    assert differ
    assert all(f"#{row['id']}" in links and "the judge says" in said for row, said in differ)
    bench.endpoint.asked.clear()
    some = bench.plain(*options, "-k", "writing", "--mtbench-limit=3")
    some.assert_outcomes(passed=6, deselected=6)
    refused = bench.run("--mtbench-baseline=report.json")
    assert "is of a run that put a judge to the test" in " ".join(refused.errlines)
    bench.endpoint.asked.clear()
    pasted = bench.plain(*options, "mtbench::writing[q0-turn1-m-other]")
    pasted.assert_outcomes(passed=1)
    parallel = bench.apart(*options, "-n2", "--mtbench-cache=only")
    parallel.assert_outcomes(passed=49)
    assert not bench.endpoint.asked
    (bench.path / "audition.mtbench.yaml").write_text(
        f"judge: {{name: {JUDGE}, base_url: '{bench.endpoint.url}'}}\nquestions: data/small\npeople: votes.jsonl\n"
        "prices: {model: {input: 1, output: 1}, judge: {input: 1, output: 1}}\nbudget: 0.0001\n",
        encoding="utf-8",
    )
    stopped = bench.plain("audition.mtbench.yaml", "--mtbench-cache=refresh")
    assert stopped.ret != 0
    assert "budget" in flowing(stopped)


def test_a_jury_is_put_to_the_test_and_rows_of_its_judges_are_nobodys_votes(
    audition: tuple[Bench, list[str]],
) -> None:
    bench, options = audition
    votes = bench.path / "votes.jsonl"
    row = json.loads(votes.read_text(encoding="utf-8").splitlines()[0])
    rows = [row | {"judge": judge} for judge in (JUDGE, SECOND)]
    with votes.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    result = bench.plain(*options, f"--mtbench-judge={JUDGE},{SECOND}", "--mtbench-report=report.json")
    result.assert_outcomes(passed=49)
    report = bench.report()
    assert (report["agreement"]["votes"], report["agreement"]["voters"]) == (96, 2)
    assert report["judges"] == [JUDGE, SECOND]
    assert [part["judge"] for part in report["turns"][0]["games"][0]["by_judge"]] == [JUDGE, SECOND]


def test_a_suite_file_that_only_lies_there_is_no_part_of_an_audition(audition: tuple[Bench, list[str]]) -> None:
    bench, options = audition
    bench.suite()
    bench.endpoint.asked.clear()
    result = bench.plain(*options)
    result.assert_outcomes(passed=49)
    assert "mtbench.yaml is not run" in flowing(result)
    assert not bench.endpoint.asked


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mtbench-min=7"], "--mtbench-min: is about a model under test"),
        (["--mtbench-against=x"], "--mtbench-against: is about a model under test"),
        (["--mtbench-rate-sheet=s.csv"], "--mtbench-rate-sheet: is about a model under test"),
    ],
)
def test_an_audition_takes_nothing_that_is_about_a_model(people: Bench, options: list[str], said: str) -> None:
    (people.path / "votes.csv").write_text("question_id,turn,model_a,model_b,winner,judge\n1,1,a,b,tie,anna\n")
    result = people.plain("--mtbench-people=votes.csv", "--mtbench-questions=data/small", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in flowing(result) + " ".join(result.errlines)


VOTE = "question_id,turn,model_a,model_b,winner,judge\n"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (VOTE + "1,1,m,other,model_c,anna\n", [AGAINST], "votes.csv:2: winner: must be model_a, model_b or tie"),
        (VOTE + "99,1,m,other,tie,anna\n", [AGAINST], "votes.csv:2: question_id: small has no question '99'"),
        (VOTE + "1,3,m,other,tie,anna\n", [AGAINST], "votes.csv:2: turn: question 1 has turns 1 to 2, not '3'"),
        (VOTE + "1,1,m,else,tie,anna\n", [AGAINST], "votes.csv:2: model_b: else is not in this run (other, m)"),
        (VOTE + f"1,1,m,other,tie,{JUDGE}\n", [AGAINST], "no vote of a person"),
        (VOTE + "1,1,m,other,tie,anna\n", [], "is a vote on two answers, and this run has one of each turn"),
        ("id,rater,choice\n123456789abc,anna,\n", [AGAINST], "nobody filled in the sheet"),
        ("id,rater,choice\n123456789abc,anna,up\n", [AGAINST], "votes.csv:2: choice: must be left, right or tie"),
        ("name,value\na,b\n", [AGAINST], "votes.csv:1: columns: none of question_id,"),
        ("id,rating\n123456789abc,11\n", [], "votes.csv:2: rating: must be a number from 1 to 10"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_before_anything_is_asked(
    people: Bench, text: str, options: list[str], said: str
) -> None:
    (people.path / "votes.csv").write_text(text, encoding="utf-8")
    result = people.run("--mtbench-people=votes.csv", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in " ".join(result.errlines)
    assert not people.endpoint.asked


def test_a_sheet_that_a_person_filled_in_is_never_replaced(people: Bench) -> None:
    people.run(AGAINST, SHEET)
    fill(people, "sheet", by_quality)
    before = (people.path / "sheet.csv").read_bytes()
    people.endpoint.asked.clear()
    result = people.run(AGAINST, SHEET)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "a person has filled in 48 rows" in " ".join(result.errlines)
    assert (people.path / "sheet.csv").read_bytes() == before
    assert not people.endpoint.asked


def test_a_jury_is_held_against_people_and_so_is_each_of_its_judges(people: Bench) -> None:
    """One judge reads, the other draws lots; the jury's word is a win where both say so."""
    people.endpoint.judge = lambda asked: (
        verdict(asked) if asked.model == JUDGE else f"[[{random.Random(asked.prompt).choice('AB')}]]"
    )
    judges = f"--mtbench-judge={JUDGE},{SECOND}"
    people.run(AGAINST, judges, SHEET)
    options = [AGAINST, judges, *three(people), "--mtbench-report=report.json"]
    result = people.run(*options)
    gate = next(gate for gate in people.report()["gates"] if gate["name"] == "agreement")
    assert {judge["name"]: judge["status"] for judge in gate["judges"]} == {JUDGE: "passed", SECOND: "failed"}
    reader, lots = (judge["value"] for judge in gate["judges"])
    assert lots < gate["value"] < reader
    assert f"; each judge alone: {JUDGE} passed (" in flowing(result)
