"""Files as people have them: what is taken and what is left is said before anything is asked."""

from __future__ import annotations

import json

import pytest

from ..sets import QUESTIONS, TURNS, write_jsonl
from .conftest import Bench, flowing


def answers(model: str) -> list[dict[str, object]]:
    return [
        {"question_id": str(q["question_id"]), "model_id": model, "choices": [{"turns": [f"{t}!" for t in q["turns"]]}]}
        for q in QUESTIONS
    ]


def test_answers_of_another_model_are_graded_and_named_everywhere(bench: Bench) -> None:
    rows = answers("other/7b")
    rows[0]["choices"] = [{"turns": ["Drip.", "$ERROR$"]}]
    write_jsonl(bench.path / "old" / "answers.jsonl", rows)
    result = bench.run("--mtbench-answers=old/answers.jsonl", "--mtbench-report=r.json")
    result.assert_outcomes(passed=TURNS - 1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "mtbench: mtbench: judge prompts: the package's own; references: 2 of reference_answer/*.jsonl, for math",
            "mtbench: mtbench: answers of other/7b in answers.jsonl: 5 questions (left: 1 $ERROR$); judgments: 0",
            "*MT-Bench: m (answers of other/7b), judged by the-judge, on small*",
        ]
    )
    assert "but $ERROR$, FastChat's mark of a request that failed" in flowing(result)
    assert (bench.report("r.json")["model"], bench.report("r.json")["answers_of"]) == ("m", "other/7b")
    again = bench.run("--mtbench-answers=r.json", "--mtbench-limit=1", "-k", "math", "--mtbench-cache=off")
    assert "no answer to 1 questions: 1" in again.stderr.str()


def test_joined_shares_name_whose_answers_they_graded(bench: Bench) -> None:
    write_jsonl(bench.path / "old.jsonl", answers("other/7b"))
    for n in (1, 2):
        bench.run(f"--mtbench-shard={n}/2", "--mtbench-answers=old.jsonl", f"--mtbench-report={n}.json")
        assert (bench.report(f"{n}.json")["shard"], bench.report(f"{n}.json")["answers_of"]) == (f"{n}/2", "other/7b")
    joined = bench.run("--mtbench-merge=1.json", "--mtbench-merge=2.json", "--mtbench-report=r.json")
    joined.assert_outcomes(passed=TURNS)
    joined.stdout.fnmatch_lines(["*MT-Bench: m (answers of other/7b), judged by*"])
    assert bench.report("r.json")["answers_of"] == "other/7b"
    assert "shard" not in bench.report("r.json")


def test_a_file_of_several_models_is_refused_before_any_call(bench: Bench) -> None:
    write_jsonl(bench.path / "two.jsonl", [*answers("m")[:3], *answers("x")[3:]])
    result = bench.run("--mtbench-answers=two.jsonl")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *two.jsonl:4: holds answers of several models: m (line 1) and x;*"])
    assert bench.endpoint.asked == []


def test_the_file_of_an_opponent_that_names_another_model_is_said(bench: Bench) -> None:
    write_jsonl(bench.path / "old.jsonl", answers("other/7b"))
    bench.endpoint.judge = lambda asked: "[[C]]"
    bench.suite("against: {name: rival, answers: old.jsonl}\n")
    result = bench.plain("mtbench.yaml")
    result.assert_outcomes(passed=TURNS)
    result.stdout.fnmatch_lines(["mtbench: mtbench.yaml: answers of rival: old.jsonl (of other/7b)"])
    assert "note: the answers of rival are those of old.jsonl (of other/7b)" in flowing(result)


def test_second_turns_alone_are_exported_as_whole_conversations(bench: Bench) -> None:
    bench.run("-m", "turn2", "--mtbench-export=out").assert_outcomes(passed=4, deselected=5)
    rows = [json.loads(line) for line in (bench.path / "out/model_answer/m.jsonl").read_text("utf-8").splitlines()]
    assert [(row["question_id"], len(row["choices"][0]["turns"])) for row in rows] == [(n, 2) for n in (1, 2, 3, 4)]
    bench.endpoint.clear()
    bench.suite("categories: [writing, math]\n")
    second = bench.plain("mtbench.yaml", "-m", "turn2", "--mtbench-answers=out", "--mtbench-cache=off")
    second.assert_outcomes(passed=4, deselected=4)
    assert bench.endpoint.asked == []
    first = bench.run("-m", "turn1", "--mtbench-export=one")
    assert "4 questions were not answered in every turn and have no row among the answers: 1, 2, 3, 4" in flowing(first)


def test_a_set_of_one_turn_with_references_of_its_own_categories(bench: Bench) -> None:
    own = bench.path / "data" / "jp"
    write_jsonl(
        own / "question.jsonl", [{"question_id": 7, "category": "会計", "turns": ["利益は?"], "reference": "百円"}]
    )
    prompts = {
        "single-v1": "{question}|{answer} Assistant",
        "single-math-v1": "{question}|{ref_answer_1}|{answer} Assistant",
    }
    write_jsonl(
        bench.path / "data" / "judge_prompts.jsonl",
        [
            {
                "name": name,
                "type": "single",
                "system_prompt": "Please act as an impartial judge",
                "prompt_template": text,
            }
            for name, text in prompts.items()
        ],
    )
    suite = bench.suite()
    head = suite.read_text("utf-8").replace(str(bench.questions), "data/jp")
    suite.write_text(head + "reference_categories: [会計]\n", encoding="utf-8")
    result = bench.plain("mtbench.yaml", "-rA")
    result.assert_outcomes(passed=1)
    line = "judge prompts: ../judge_prompts.jsonl; references: 1 inside the questions, for 会計"
    assert f"mtbench: mtbench.yaml: {line}" in result.stdout.str()
    assert "reference_categories 会計 (mtbench.yaml)" in result.stdout.str()
    assert "利益は?|百円|" in bench.endpoint.judgments[0].prompt
    suite.write_text(head + "reference_categories: [会社]\n", encoding="utf-8")
    refused = bench.plain("mtbench.yaml")
    assert refused.ret == 4
    refused.stderr.fnmatch_lines(["ERROR: mtbench.yaml:4: reference_categories.0: no category '会社' among those of *"])


PEOPLE = {
    "choice.csv": ("id,rater,choice\na1b2c3d4e5f6,anna,A\n", "choice.csv:2: choice: must be left, right or tie (l r t"),
    "rating.csv": ("id;rating\r\na1b2c3d4e5f6;7,25\r\n", "rating.csv:2: rating: must be a number from 1 to 10, halves"),
    "id.csv": ("id,choice\n4.51E+09,left\n", "id.csv:2: id: must be the 12 letters and digits that the sheet has, not"),
    "blank.csv": ("id,choice\na1b2c3d4e5f6,\n", "--mtbench-people=blank.csv: nobody filled in the sheet: `choice` or"),
    "none.csv": ("a,b\n1,2\n", "none.csv:1: columns: none of question_id, model_a, model_b, winner, judge, turn, id,"),
    "votes.json": ('[{"question_id": 9, "winner": "tie"}]', "votes.json:1: question_id: small has no question 9"),
    "votes.xlsx": ("PK", "--mtbench-people=votes.xlsx: must be a .jsonl, .json or .csv file; a spreadsheet saves one"),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_what_people_cannot_have_meant_is_refused_before_any_call(name: str, bench: Bench) -> None:
    content, said = PEOPLE[name]
    (bench.path / name).write_text(content, encoding="utf-8", newline="")
    result = bench.run("--mtbench-against=old", f"--mtbench-people={name}")
    assert result.ret == 4
    [line] = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert said in line
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert bench.endpoint.asked == []
