"""Sheets as CSV: harmless in a spreadsheet, whole, and never written over what a person said."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.sheet import SheetItem
from pytest_mtbench.files.people import read_people
from pytest_mtbench.files.rating_sheet import check_unfilled, sheet_as_csv
from pytest_mtbench.files.table_rows import guarded, unguarded
from pytest_mtbench.questions.loading import load_folder

from ...sets import write_set

ONE = Question(1, "math", ("What is half of one?", "And of that?"))


def item(left: str, right: str = "", turn: int = 1) -> SheetItem:
    return SheetItem(ONE, turn, (left,) * turn, (right,) * turn if right else ())


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def shown(answer: str) -> str:
    """An answer's cell."""
    return cells_of(sheet_as_csv([item(answer, "other")]))[1][2]


# --- what is written ---


def test_a_sheet_of_two_answers() -> None:
    items = [item("a half", "1, or so"), item("left\nlines", 'a "right" one', turn=2)]
    text = sheet_as_csv(items)
    assert text.startswith("\ufeffid,question,left,right,choice,rater,note\n")
    assert cells_of(text)[1:] == [
        [guarded(items[0].id), "What is half of one?", "a half", "1, or so", "", "", ""],
        [
            guarded(items[1].id),
            "[turn 1]\nWhat is half of one?\n\n[turn 2]\nAnd of that?",
            "[turn 1]\nleft\nlines\n\n[turn 2]\nleft\nlines",
            '[turn 1]\na "right" one\n\n[turn 2]\na "right" one',
            "", "", "",
        ],
    ]  # fmt: skip


def test_a_sheet_of_single_answers() -> None:
    assert cells_of(sheet_as_csv([item("a half")])) == [
        ["id", "question", "answer", "rating", "rater", "note"],
        [guarded(item("a half").id), "What is half of one?", "a half", "", "", ""],
    ]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "- an item", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1",
     "－1", "＠x", "'quoted'", "'", "42", "004512345678", "12e456789012", "1.50", "1,000", "1/2", "3-4", "12:30", "50%",
     "$5", "€ 7,50", "(5)", ".5", "1E5", " 7 ", "1e5\n"],
)  # fmt: skip
def test_what_a_spreadsheet_would_work_out_is_guarded(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["", "a", "a1b2c3d4e5f6", "1. First", "5 apples", "e5", "x=1", "$", "...", "ab\n=1"])
def test_text_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == unguarded(cell) == cell


@pytest.mark.parametrize("cell", ["'tis", "'Hara", "'90s", "''"])
def test_an_apostrophe_that_guards_nothing_is_a_letter(cell: str) -> None:
    assert unguarded(cell) == ("'" if cell == "''" else cell)


def test_a_long_number_is_no_work() -> None:
    assert guarded("1 " * 100_000 + "x")[0] == "1"  # in no time: a slow pattern would take hours


def test_ids_of_digits_alone_come_back(tmp_path: Path) -> None:
    digits = next(one for one in (item(str(n), "x") for n in range(10_000)) if re.fullmatch(r"[0-9e]+", one.id))
    [_, row] = cells_of(sheet_as_csv([digits]))
    assert row[0] == f"'{digits.id}"
    path = tmp_path / "anna.csv"
    path.write_text(f"id,choice\n{row[0]},left\n", encoding="utf-8")
    [choice] = read_people(path, "--x", load_folder(write_set(tmp_path / "set"))).choices
    assert choice.id == digits.id


@pytest.mark.parametrize(
    "answer, cell",
    [
        ("a\x00b\x1b[31m\x07", r"a\x00b\x1b[31m\x07"),
        ("\u202eabc\u2066\u200b\ufeff", r"\u202eabc\u2066\u200b\ufeff"),
        ("\U0001f468\u200d\U0001f467 می\u200cخواهم ##[x]", "\U0001f468\u200d\U0001f467 می\u200cخواهم ##[x]"),
        ("a\r\nb\u2028c\rd", "a\nb\\u2028c\\rd"),
        ("\ud800 and \ud83d\ude00", "\ufffd and 😀"),
        ("\r=1", r"\r=1"),
        ("\x00=1", r"\x00=1"),
        ("<script>alert(1)</script> & ä€😀", "<script>alert(1)</script> & ä€😀"),
    ],
)
def test_what_cannot_be_seen_is_shown(answer: str, cell: str) -> None:
    assert shown(answer) == cell
    sheet_as_csv([item(answer, "x", turn=2)]).encode()


@pytest.mark.parametrize("letter, most", [("x", 30_000), ("😀", 15_000)])
def test_a_long_answer_is_cut_where_a_spreadsheet_would_break_the_row(letter: str, most: int) -> None:
    assert shown(letter * most) == letter * most
    for longer in (most + 1, 100_000):
        assert shown(letter * longer) == letter * most + "\n[... cut]"


def test_the_last_turn_is_shown_also_after_a_long_first_one() -> None:
    long = SheetItem(ONE, 2, ("x" * 100_000, "the end"), ("y", "z" * 100_000))
    row = cells_of(sheet_as_csv([long]))[1]
    assert row[2] == "[turn 1]\n" + "x" * 15_000 + "\n[... cut]\n\n[turn 2]\nthe end"
    assert row[3] == "[turn 1]\ny\n\n[turn 2]\n" + "z" * 15_000 + "\n[... cut]"
    assert all(len(cell) < 32_767 for cell in row)


# --- what is there already ---


@pytest.mark.parametrize(
    "content",
    [
        sheet_as_csv([item("a", "b"), item("c", "d")]).replace("d,,,", "d,tie,,"),
        sheet_as_csv([item("a")]).replace("a,,,", 'a,,anna,"I do not know"'),
        "id;rating\r\nx;7\r\n",
        "question_id,model_a,model_b,winner,judge,turn\n1,x,y,tie,anna,1\n",
    ],
)
def test_what_a_person_filled_in_is_not_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        check_unfilled(path, "--mtbench-rate-sheet=sheet.csv")
    assert str(raised.value) == (
        "--mtbench-rate-sheet=sheet.csv: a person has filled in 1 row of this file already; name another file"
    )


def test_another_table_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("item,price\napple,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"prices\.csv:1: columns: none of id, .*; there is item, price"):
        check_unfilled(path, "--mtbench-rate-sheet=prices.csv")


@pytest.mark.parametrize("content", ["", sheet_as_csv([item("a", "b")]), sheet_as_csv([item("a")])])
def test_an_empty_sheet_is_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(content, encoding="utf-8")
    check_unfilled(path, "--mtbench-rate-sheet=sheet.csv")


def test_what_is_not_there_or_is_no_csv_is_not_looked_into(tmp_path: Path) -> None:
    check_unfilled(tmp_path / "none.csv", "--x")
    page = tmp_path / "sheet.html"
    page.write_bytes(b"\xff")
    check_unfilled(page, "--x")
