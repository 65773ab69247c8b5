"""What people say, in files as they come: taken, or refused with file, line and column, and never guessed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import QuestionSet
from pytest_mtbench.files.people import ChoiceRow, PeopleRows, RatingRow, VoteRow, read_people
from pytest_mtbench.questions.loading import load_folder

from ...sets import QUESTIONS, write_set

ID = "a1b2c3d4e5f6"
RAIN, AGAIN = QUESTIONS[0]["turns"]
VOTE: dict[str, Any] = {
    "question_id": 1, "model_a": "x", "model_b": "y", "winner": "model_a", "judge": "anna", "turn": 1,
}  # fmt: skip
SHEET_HEADER = ["id", "question", "left", "right", "choice", "rater", "note"]
Message = dict[str, Any]


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> QuestionSet:
    return load_folder(write_set(tmp_path_factory.mktemp("questions") / "set"))


class Reader:
    """Reads what is written into one file of a folder."""

    def __init__(self, folder: Path, questions: QuestionSet) -> None:
        self._folder = folder
        self._questions = questions

    def read(self, content: str, name: str = "f.csv") -> PeopleRows:
        (self._folder / name).write_bytes(content.encode("utf-8", "surrogatepass"))
        return read_people(self._folder / name, f"--mtbench-people={name}", self._questions)

    def problems(self, content: str, name: str = "f.csv") -> list[str]:
        with pytest.raises(ConfigError) as raised:
            self.read(content, name)
        assert all("\n" not in line and len(line) < 400 for line in raised.value.problems)
        return [problem.replace(f"{self._folder}/", "") for problem in raised.value.problems]

    def votes(self, *rows: dict[str, Any]) -> list[VoteRow]:
        return list(self.read(lines(*rows), "f.jsonl").votes)

    def vote_problem(self, **said: Any) -> str:
        [problem] = self.problems(lines(VOTE | said), "f.jsonl")
        return problem


@pytest.fixture
def reader(tmp_path: Path, questions: QuestionSet) -> Reader:
    return Reader(tmp_path, questions)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(header: Iterable[str], *rows: Iterable[str], delimiter: str = ",") -> str:
    """What Python's csv writes."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def said_in(rows: PeopleRows) -> list[object]:
    return [row.choice for row in rows.choices] + [row.rating for row in rows.ratings]


# --- filled sheets ---


@pytest.mark.parametrize(
    "cells, choice",
    [
        (["left", "Left ", " LEFT", "l", "L", "1", "\u00a0left"], "left"),
        (["right", "R", "r\t", "2", "'2"], "right"),
        (["tie", "TIE", "Tie ", "T", "=", "'="], None),
    ],
)
def test_a_choice_in_any_case(cells: list[str], choice: str | None, reader: Reader) -> None:
    rows = reader.read(table(["id", "choice"], *([ID, cell] for cell in cells)))
    assert [row.choice for row in rows.choices] == [choice] * len(cells)


@pytest.mark.parametrize(
    "cell",
    ["A", "B", "0", "1.0", "left!", "=left", "both", "neither", "links", "model_a", "x", "?", "-", "7", "TRUE", "leftt",
     "left right", "ｌｅｆｔ", "\u200bleft", "#NAME?", "tie (both bad)", "'left", "12"],
)  # fmt: skip
def test_a_choice_that_is_none_is_no_vote(cell: str, reader: Reader) -> None:
    [problem] = reader.problems(table(["id", "choice"], [ID, "left"], [ID, cell]))
    assert problem.startswith("f.csv:3: choice: must be left, right or tie (l r t, 1 2 =), not ")


@pytest.mark.parametrize(
    "cells, rating",
    [(["7", "7 ", "07", "7.0", "7,0", "7.00", "'7"], 7.0), (["7.5", "7,5", "7,50"], 7.5), (["1"], 1.0), (["10"], 10.0)],
)
def test_a_rating_as_people_write_it(cells: list[str], rating: float, reader: Reader) -> None:
    rows = reader.read(table(["id", "rating"], *([ID, cell] for cell in cells)))
    assert [row.rating for row in rows.ratings] == [rating] * len(cells)


@pytest.mark.parametrize(
    "cell",
    ["7.25", "7,25", "0", "0.5", "10.5", "11", "-3", "+7", "10/10", "8-9", "7 5", "7½", "⑦", "７", "٧", "1e1", "1E+00",
     "NaN", "inf", "TRUE", "70%", "08. Mai", "05.07.2024", "left", "7.", ".5", "#VALUE!", "9" * 99, "7." + "0" * 99],
)  # fmt: skip
def test_a_rating_that_is_none_is_no_rating(cell: str, reader: Reader) -> None:
    [problem] = reader.problems(table(["id", "rating"], [ID, cell]))
    assert problem.startswith("f.csv:2: rating: must be a number from 1 to 10, halves allowed, not ")


@pytest.mark.parametrize(
    "cell, found",
    [
        ("004512345678", "004512345678"),
        ("'004512345678", "004512345678"),
        ("12e456789012", "12e456789012"),
        ("'12e456789012", "12e456789012"),
        (" A1B2C3D4E5F6 ", ID),
    ],
)
def test_an_id_is_read_as_the_sheet_has_it(cell: str, found: str, reader: Reader) -> None:
    [row] = reader.read(table(["id", "choice"], [cell, "left"])).choices
    assert row.id == found


@pytest.mark.parametrize(
    "cell", ["4512345678", "4.51E+09", "4,51E+09", "Inf", "#NUM!", "", ID[:-1], ID + "0", "g" * 12]
)
def test_an_id_that_a_spreadsheet_has_spoilt_is_named(cell: str, reader: Reader) -> None:
    [problem] = reader.problems(table(["id", "choice"], [cell, "left"]))
    assert problem == f"f.csv:2: id: must be the 12 letters and digits that the sheet has, not {cell!r}"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_filled_through_pythons_csv(delimiter: str, reader: Reader) -> None:
    hostile = '=HYPERLINK("a";"b")\n"quoted", <script>\ttab; \u202eflip'
    rows = [[ID, "q", hostile, hostile, "left", "Anna\u00a0 M", hostile], [ID, "q", "x", "y", "", "", "unsure"]]
    found = reader.read("\ufeff" + table(SHEET_HEADER, *rows, delimiter=delimiter))
    assert (said_in(found), found.choices[0].rater, found.unrated) == (["left"], "Anna M", 1)


def test_a_sheet_of_german_excel(reader: Reader) -> None:
    content = f'\ufeffid;question;answer;rating;rater;note\r\n{ID};"a;\r\nb";x;7,5;Jürgen;\r\n{ID};a\r\n'
    found = reader.read(content)
    assert [(row.rating, row.rater, row.where[-5:]) for row in found.ratings] == [(7.5, "Jürgen", "csv:2")]
    assert found.unrated == 1


def test_who_rated_is_the_file_where_it_does_not_say(reader: Reader) -> None:
    names = [" ", "Anna  Maria", "a\u202eb", "x" * 200]
    content = table(["id", "rater", "choice"], *([ID, name, "left"] for name in names))
    raters = [row.rater for row in reader.read(content, "ben\u200b.csv").choices]
    assert raters == [r"ben\u200b", "Anna Maria", r"a\u202eb", "x" * 200]
    assert [row.rater for row in reader.read(lines({"id": ID, "choice": 1}), "cy.json").choices] == ["cy"]


@pytest.mark.parametrize(
    "row, said",
    [
        ({"choice": True}, "choice: must be a text or a number, not true"),
        ({"choice": ["left"]}, 'choice: must be a text or a number, not ["left"]'),
        ({"choice": 1.0}, "choice: must be left, right or tie (l r t, 1 2 =), not '1.0'"),
        ({"rating": float("nan")}, "rating: must be a number from 1 to 10, halves allowed, not 'nan'"),
        ({"rating": 0}, "rating: must be a number from 1 to 10, halves allowed, not '0'"),
        ({"rating": 10**30}, "rating: must be a number from 1 to 10, halves allowed, not '1000000"),
        ({"rating": False}, "rating: must be a text or a number, not false"),
        ({"choice": "left", "rating": 7}, "rating: stands beside a choice; a sheet has votes or ratings"),
        ({"choice": "left", "winner": "tie"}, "winner: stands beside `choice` or `rating`; a file holds votes or"),
        ({"choice": "left", "rater": "a" * 201}, "rater: must be a person's name, not 'aaa"),
        ({"choice": "left", "id": None}, "id: must be the 12 letters and digits that the sheet has, not nothing"),
        ({"note": "left"}, "columns: none that is known: votes have question_id, "),
    ],
)
def test_a_row_of_a_sheet_that_cannot_be_read(row: dict[str, Any], said: str, reader: Reader) -> None:
    [problem] = reader.problems(lines({"id": ID} | row), "f.jsonl")
    assert problem.startswith(f"f.jsonl:1: {said}")


def test_json_holds_sheets_too(reader: Reader) -> None:
    assert said_in(reader.read(lines({"id": ID, "rating": 7.5}, {"id": ID, "rating": 1e1}), "f.jsonl")) == [7.5, 10]
    found = reader.read(json.dumps([{"ID": 451234567890, "Choice": 2, "rating": None}]), "f.json")
    assert [(row.id, row.choice) for row in found.choices] == [("451234567890", "right")]


# --- votes that name the models ---


def test_published_votes_are_read(reader: Reader) -> None:
    found = reader.votes(
        VOTE,
        VOTE | {"question_id": "1", "turn": "2", "winner": "MODEL_B ", "judge": ["gpt-4", "pair-v2"]},
        VOTE | {"question_id": "five", "winner": "tie", "judge": " author_1 "},
        VOTE | {"question_id": 3, "turn": 1.0, "winner": "Tie (inconsistent)"},
        VOTE | {"winner": "tie (bothbad)", "model_a": " y", "model_b": "m" * 200, "judge": "j" * 200},
    )
    assert [(row.question_id, row.turn, row.models, row.winner, row.flipped, row.rater) for row in found] == [
        (1, 1, ("x", "y"), "x", False, "anna"),
        (1, 2, ("x", "y"), "y", False, "gpt-4"),
        ("five", 1, ("x", "y"), None, False, "author_1"),
        (3, 1, ("x", "y"), None, True, "anna"),
        (1, 1, ("y", "m" * 200), None, False, "j" * 200),
    ]
    assert {type(row.turn) for row in found} == {int}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_votes_are_the_json_votes(delimiter: str, reader: Reader) -> None:
    talk = json.dumps(conversation("A1", "A2"))
    row = VOTE | {"conversation_a": talk, "conversation_b": talk.replace("A", "B"), "more": "ignored"}
    header = [name.upper() for name in row]
    [vote] = reader.read(table(header, map(str, row.values()), delimiter=delimiter)).votes
    [same] = reader.votes(row)
    assert vote.answers == (("A1",), ("B1",))
    assert (vote.question_id, vote.turn, vote.models, vote.winner, vote.rater, vote.answers) == (
        same.question_id, same.turn, same.models, same.winner, same.rater, same.answers,
    )  # fmt: skip


@pytest.mark.parametrize(
    "column, value, said",
    [
        ("question_id", 99, "set has no question 99"),
        ("question_id", "01", "set has no question '01'"),
        ("question_id", "", "set has no question ''"),
        ("question_id", 10**60, "set has no question 10000"),
        ("question_id", 1.0, "must be a question of set, not 1.0"),
        ("question_id", True, "must be a question of set, not true"),
        ("question_id", None, "must be a question of set, not nothing"),
        ("turn", 0, "question 1 has turns 1 to 2, not 0"),
        ("turn", 3, "question 1 has turns 1 to 2, not 3"),
        ("turn", 1.5, "question 1 has turns 1 to 2, not 1.5"),
        ("turn", True, "question 1 has turns 1 to 2, not true"),
        ("turn", float("nan"), "question 1 has turns 1 to 2, not NaN"),
        ("turn", 1e300, "question 1 has turns 1 to 2, not 1e+300"),
        ("turn", "", "question 1 has turns 1 to 2, not ''"),
        ("turn", None, "question 1 has turns 1 to 2, not nothing"),
        ("model_b", " x", "is 'x' as model_a is; a vote is on two models"),
        ("model_a", " ", "must be a model's name, not ' '"),
        ("model_a", 7, "must be a model's name, not 7"),
        ("model_a", None, "must be a model's name, not nothing"),
        ("model_a", "a\nb", "must be a model's name, not 'a\\nb'"),
        ("model_a", "\u202ex", "must be a model's name, not '\\u202ex'"),
        ("model_a", "\ud800", "must be a model's name, not '\\ud800'"),
        ("model_a", "m" * 100_000, "must be a model's name, not 'mmm"),
        ("winner", "A", "must be model_a, model_b or tie, not 'A'"),
        ("winner", "x", "must be model_a, model_b or tie, not 'x'"),
        ("winner", "left", "must be model_a, model_b or tie, not 'left'"),
        ("winner", "error", "must be model_a, model_b or tie, not 'error'"),
        ("winner", "tie (", "must be model_a, model_b or tie, not 'tie ('"),
        ("winner", "", "must be model_a, model_b or tie, not ''"),
        ("winner", None, "must be model_a, model_b or tie, not nothing"),
        ("winner", 1, "must be model_a, model_b or tie, not 1"),
        ("judge", "", "must say who voted, not ''"),
        ("judge", [], "must say who voted, not []"),
        ("judge", 7, "must say who voted, not 7"),
        ("judge", "['gpt4', 'pair-v2']", "must say who voted, not \"['gpt4', 'pair-v2']\""),
        ("judge", "j" * 201, "must say who voted, not 'jjj"),
    ],
)  # fmt: skip
def test_a_vote_that_cannot_be_read(column: str, value: object, said: str, reader: Reader) -> None:
    assert reader.vote_problem(**{column: value}).startswith(f"f.jsonl:1: {column}: {said}")


def test_a_question_of_one_turn_has_no_second(reader: Reader) -> None:
    problem = reader.vote_problem(question_id="five", turn=2)
    assert problem == "f.jsonl:1: turn: question five has one turn, not 2"


@pytest.mark.parametrize("column", [name for name in VOTE if name != "winner"])
def test_a_vote_without_a_column(column: str, reader: Reader) -> None:
    row = {name: value for name, value in VOTE.items() if name != column}
    [problem] = reader.problems(lines(row), "f.jsonl")
    assert problem.startswith(f"f.jsonl:1: {column}: ")
    assert problem.endswith(", not nothing")


# --- conversations ---


def conversation(*answers: str, asked: Iterable[str] = (RAIN, AGAIN)) -> list[Message]:
    return [
        {"role": role, "content": text}
        for question, answer in zip(asked, answers, strict=False)
        for role, text in (("user", question), ("assistant", answer))
    ]


FOUR = conversation("A1", "A2")


@pytest.mark.parametrize(
    "turn, talk, answers",
    [
        (1, FOUR, ("A1",)),  # as published: the whole conversation, also in rows of turn 1
        (2, FOUR, ("A1", "A2")),
        (1, FOUR[:2], ("A1",)),
        (1, FOUR[:3], ("A1",)),
        (2, [{"role": "system", "content": "s"}, *FOUR], ("A1", "A2")),
        (1, conversation("", "x"), ("",)),
        (1, conversation("A1", asked=[f"  {RAIN}\n"]), ("A1",)),
        (1, json.dumps(FOUR), ("A1",)),
    ],
)
def test_answers_stand_beside_a_vote(turn: int, talk: object, answers: tuple[str, ...], reader: Reader) -> None:
    [row] = reader.votes(VOTE | {"turn": turn, "conversation_a": talk, "conversation_b": FOUR})
    assert row.answers == (answers, ("A1", "A2")[:turn])


def test_without_conversations_there_are_no_answers(reader: Reader) -> None:
    rows = [VOTE, VOTE | {"conversation_a": None, "conversation_b": None}, VOTE | {"conversation_a": ""}]
    assert [row.answers for row in reader.votes(*rows)] == [None] * 3


LIST = "must be a list of messages with role and content, for both models"
IN_TURN = "must have messages of user and assistant in turn"


@pytest.mark.parametrize(
    "talk, said",
    [
        (None, LIST),
        ({"role": "user"}, LIST),
        (["hello"], LIST),
        ([{"role": "user", "content": None}], LIST),
        ("7", LIST),
        (repr(FOUR), "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], "has 0 answers, and the vote is on turn 2"),
        (FOUR[:2], "has 1 answers, and the vote is on turn 2"),
        (FOUR[:3], "has 1 answers, and the vote is on turn 2"),
        (FOUR[::-1], IN_TURN),
        ([FOUR[0], FOUR[2], FOUR[1], FOUR[3]], IN_TURN),
        ([*FOUR[:2], {"role": "tool", "content": "t"}, FOUR[3]], IN_TURN),
        ([{"content": "A1"}, *FOUR], IN_TURN),
        (conversation("A1", "A2", asked=["another question", AGAIN]), "asks something else in turn 1 than the"),
        (conversation("A1", "A2", asked=[RAIN, "another question"]), "asks something else in turn 2 than the"),
    ],
)
def test_a_conversation_that_is_none_of_this_question(talk: object, said: str, reader: Reader) -> None:
    problem = reader.vote_problem(turn=2, conversation_a=FOUR, conversation_b=talk)
    assert problem.startswith(f"f.jsonl:1: conversation_b: {said}")


def test_answers_that_are_not_utf8_are_not_judged(tmp_path: Path, questions: QuestionSet) -> None:
    talk = json.dumps(conversation("schön"), ensure_ascii=False)
    content = table([*VOTE, "conversation_a", "conversation_b"], [*map(str, VOTE.values()), talk, talk])
    (tmp_path / "f.csv").write_bytes(content.encode("cp1252"))
    with pytest.raises(ConfigError, match=r"f\.csv:2: conversation_a: has letters that are not UTF-8"):
        read_people(tmp_path / "f.csv", "--x", questions)


# --- whole files ---


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("f.csv", "", "--mtbench-people=f.csv: has no row"),
        ("f.csv", "id,rater,choice\n", "--mtbench-people=f.csv: has no row"),
        ("f.json", "[]", "--mtbench-people=f.json: has no row"),
        ("f.jsonl", "\n", "--mtbench-people=f.jsonl: has no row"),
        ("f.csv", f"id,choice,note\n{ID},,maybe\n{ID}\n", "--mtbench-people=f.csv: nobody filled in the sheet: "),
        ("f.csv", f"id,choice,rating\n{ID},left,\n{ID},,7\n", "f.csv:3: rating: f.csv holds votes too; one file holds"),
        ("f.jsonl", lines(VOTE, {"id": ID, "rating": 7}), "f.jsonl:2: rating: f.jsonl holds votes too; one file holds"),
        ("f.csv", f"id,rater\n{ID},anna\n", "f.csv:2: columns: none that is known: votes have question_id, "),
        (
            "f.csv",
            "foo,bar\n1,2\n",
            "f.csv:1: columns: none of question_id, model_a, model_b, winner, judge, turn, id,",
        ),
        ("f.json", lines({"rows": [VOTE]}), "f.json:1: columns: none that is known: votes have question_id, "),
        ("f.json", json.dumps(VOTE, indent=1), "f.json:1: not a JSON object in one line ("),
    ],
)
def test_a_file_that_says_nothing_or_two_things(name: str, content: str, said: str, reader: Reader) -> None:
    [problem] = reader.problems(content, name)
    assert problem.startswith(said)


def test_all_that_is_wrong_is_said_at_once_and_each_thing_once(reader: Reader) -> None:
    wrong = ["x"] * 3 + ["left", "y", "y"] + [f"no {number}" for number in range(30)]
    problems = reader.problems(table(["id", "choice"], *([ID, cell] for cell in wrong)))
    must = "choice: must be left, right or tie (l r t, 1 2 =), not"
    assert problems[:3] == [
        f"f.csv:2: {must} 'x' (and 2 rows more)",
        f"f.csv:6: {must} 'y' (and 1 row more)",
        f"f.csv:8: {must} 'no 0'",
    ]
    assert (len(problems), problems[-1]) == (21, "f.csv: 12 rows more have something wrong")


def test_a_row_without_a_known_column_says_which_it_has(reader: Reader) -> None:
    row = {"w" * 999: 1, **{f"c{number}": 1 for number in range(9)}}
    [problem] = reader.problems(lines(row), "f.jsonl")
    assert problem.endswith(f"; there is {'w' * 37}..., c0, c1, c2, c3, c4, c5, c6")
    assert reader.problems("{}", "f.jsonl")[0].endswith("; there is none")


def test_files_are_added_up(reader: Reader) -> None:
    sheet = reader.read(table(["id", "choice"], [ID, "tie"], [ID, ""]))
    both = sheet + reader.read(lines(VOTE), "g.jsonl") + reader.read(table(["id", "rating"], [ID, "7"], [ID]), "h.csv")
    assert [place[-5:] for place in both.places] == ["csv:2", "csv:2", "onl:1"]  # ratings first
    assert isinstance(both.ratings[0], RatingRow)
    assert isinstance(both.choices[0], ChoiceRow)
    assert (len(both.votes), both.unrated) == (1, 2)
    assert PeopleRows().unrated == 0
