"""Tables as people's programs save them, and what is refused."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.files import table_rows
from pytest_mtbench.files.table_rows import read_table

KNOWN = ("id", "rater", "choice")
ROW = {"id": "a1", "rater": "Jürgen", "choice": "left"}


def rows(folder: Path, content: str | bytes, name: str = "t.csv") -> list[tuple[int, dict[str, object]]]:
    """Line and cells of every row."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return [(row.line, row.values) for row in read_table(path, "--x=t", KNOWN)]


def refusal(folder: Path, content: str | bytes, name: str = "t.csv") -> str:
    """What is wrong with a file, which is one line."""
    with pytest.raises(ConfigError) as raised:
        rows(folder, content, name)
    [problem] = raised.value.problems
    assert "\n" not in problem
    return problem.replace(f"{folder}/", "")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("id,rater,choice\na1,Jürgen,left\n", id="plain"),
        pytest.param("id,rater,choice\na1,Jürgen,left", id="no line end"),
        pytest.param("\ufeffid;rater;choice\r\na1;Jürgen;left\r\n", id="german excel"),
        pytest.param("\ufeff\ufeffid,rater,choice\na1,Jürgen,left\n", id="bom twice"),
        pytest.param("\ufeff\"id\",\"rater\",\"choice\"\n\"a1\",\"Jürgen\",\"left\"\n", id="bom and quotes"),
        pytest.param("\u00ef\u00bb\u00bfid,rater,choice\na1,Jürgen,left\n", id="bom taken for letters"),
        pytest.param("id\trater\tchoice\na1\tJürgen\tleft\n", id="tabs"),
        pytest.param("id,rater,choice\ra1,Jürgen,left\r", id="old mac"),
        pytest.param("\n ID ,Rater\u00a0, CHOICE \na1,Jürgen,left\n", id="header of a tired person"),
        pytest.param("id,rater,choice\n'a1,Jürgen,left\n".replace("'a1", "a1"), id="unguarded"),
    ],
)  # fmt: skip
def test_csv_of_any_program_is_one_table(content: str, tmp_path: Path) -> None:
    [(_, row)] = rows(tmp_path, content)
    assert row == ROW


def test_rows_have_the_line_that_they_begin_at(tmp_path: Path) -> None:
    content = 'id,left,choice\r\na1,"two\r\nlines; and ""quotes"", <b>",left\r\n,,\r\n\r\na2,x,right\r\n'
    assert rows(tmp_path, content) == [
        (2, {"id": "a1", "left": 'two\nlines; and "quotes", <b>', "choice": "left"}),
        (6, {"id": "a2", "left": "x", "choice": "right"}),
    ]


def test_cells_that_excel_leaves_out_at_the_end_of_a_row_are_empty(tmp_path: Path) -> None:
    assert rows(tmp_path, "id,choice,rater,note\na1\na2,left\n") == [
        (2, {"id": "a1", "choice": "", "rater": "", "note": ""}),
        (3, {"id": "a2", "choice": "left", "rater": "", "note": ""}),
    ]


def test_a_comma_that_nobody_quoted_shifts_no_cell(tmp_path: Path) -> None:
    # The decimal comma of a rating, typed with a text editor: the rating would be 7 and the rater 5.
    said = refusal(tmp_path, "id,choice,rater,note\na1,7,5,anna,\n")
    assert said.startswith("t.csv:2: has 5 cells, and the header 4 columns; a comma within a cell needs quotes")


def test_only_the_cells_that_count_must_be_utf8(tmp_path: Path) -> None:
    content = "id;rater;choice;note\r\na1;anna;left;schön\r\n".encode("cp1252")
    [(_, row)] = rows(tmp_path, content)
    assert (row["rater"], row["choice"]) == ("anna", "left")
    said = refusal(tmp_path, "id;rater;choice;note\r\na1;anna;left;\r\na2;Jürgen;left;\r\n".encode("cp1252"))
    assert said.startswith("t.csv:3: rater: has letters that are not UTF-8")
    # In UTF-8 the sign for a letter that somebody else could not read is a letter as others are.
    assert rows(tmp_path, "id,rater,choice\na1,J\ufffdrgen,left\n")[0][1]["rater"] == "J\ufffdrgen"


@pytest.mark.parametrize(
    "content, said",
    [
        ("id,rater,choice\na1,anna,left\n".encode("utf-16"), "t.csv:1: UTF-16, or no text at all; have the"),
        ("id\trater\r\na1\tanna\r\n".encode("utf-16-le"), "t.csv:1: UTF-16, or no text at all; have the"),
        (b"PK\x03\x04 a workbook\n\x00\xff\n", "t.csv:2: UTF-16, or no text at all; have the"),
        ("id,choice\na1,left\na2,\0\n", "t.csv:3: UTF-16, or no text at all; have the"),
        ("My votes\nid,choice\na1,left\n", "t.csv:1: columns: none of id, rater, choice; there is my votes"),
        ("sep=;\r\nid;choice\r\na1;left\r\n", "t.csv:1: columns: none of id, rater, choice; there is sep=;"),
        ("id|choice\na1|left\n", "t.csv:1: columns: none of id, rater, choice; there is id|choice"),
        ("x" * 999 + "\n", "t.csv:1: columns: none of id, rater, choice; there is " + "x" * 37 + "..."),
        ("id,choice, Choice\na1,left,right\n", "t.csv:1: the column choice stands twice"),
        ('id,choice\na1,left\na2,"left\na3,right\n', "t.csv:3: not CSV (unexpected end of data)"),
        ('id,choice\na1,"left" or so\n', "t.csv:2: not CSV (',' expected after '\"')"),
    ],
)
def test_what_is_no_table_is_refused_in_a_line(content: str | bytes, said: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, content).startswith(said)


def test_a_long_answer_is_read(tmp_path: Path) -> None:
    answer = 'a; b, "c" <d>\n' * 7_000
    quoted = answer.replace('"', '""')
    assert rows(tmp_path, f'id,left,choice\na1,"{quoted}",left\n') == [
        (2, {"id": "a1", "left": answer, "choice": "left"})
    ]  # fmt: skip


LINES = '{"id": 1, "choice": "left"}\n\n{"ID ": 2, "note": "a\u2028b"}\n'
ARRAY = ' [\n {"id": 1,\n  "choice": "left"}\n,\n {"ID ": 2, "note": "a\u2028b"}]\n'


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.JSON"])
@pytest.mark.parametrize("content, lines", [(LINES, (1, 3)), ("\ufeff" + LINES, (1, 3)), (ARRAY, (2, 5))])
def test_json_lines_and_arrays_are_one_table(name: str, content: str, lines: tuple[int, int], tmp_path: Path) -> None:
    assert rows(tmp_path, content, name) == [
        (lines[0], {"id": 1, "choice": "left"}),
        (lines[1], {"id": 2, "note": "a\u2028b"}),
    ]


@pytest.mark.parametrize(
    "content, said",
    [
        ('{"id": 1}\n{"id": 2\n', "t.json:2: not a JSON object in one line (Expecting ',' delimiter at column 9)"),
        ('{\n "id": 1\n}\n', "t.json:1: not a JSON object in one line (Expecting property name"),
        ("7\n", "t.json:1: not a JSON object, but int"),
        ("[[1]]", "t.json:1: not a JSON object, but list"),
        ('[{"id": 1},\n{"id": 2', "t.json:2: not a JSON array of objects (Expecting ',' delimiter at column 9)"),
        ('[{"id": 1},\n', "t.json:2: not a JSON array of objects (Expecting value at column 1)"),
        ('\n[{"id": 1},\n{"id": 2}]x', "t.json:3: not a JSON array of objects (Expecting value at column 10)"),
        ('\n[{"id": 1},\n7]', "t.json:3: not a JSON object, but int"),
        ('[{"id": 1}]\nand so on', "t.json:1: not a JSON array of objects (Expecting value at column 11)"),
        ('[\n{"id": 1, "id": 2}]', "t.json:2: the key 'id' stands twice"),
        ('{"choice": "left", "Choice": "right"}', "t.json:1: the column choice stands twice"),
        ('{"": 1, " ": 2}', "t.json:1: the column  stands twice"),
        ('{"id":' * 100_000, "t.json:1: not a JSON object in one line (nested too deep)"),
        ("[" * 100_000, "t.json:1: not a JSON array of objects (nested too deep)"),
        ("id,choice\na1,left\n", "t.json:1: not a JSON object in one line (Expecting value at column 1)"),
        ("id,choice\n".encode("utf-16"), "t.json: not UTF-8 text (at byte 0)"),
    ],
)
def test_what_is_no_json_table_is_refused_in_a_line(content: str | bytes, said: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, content, "t.json").startswith(said)


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff", "id,choice\n", "\ufeffid;choice\r\n"])
def test_a_file_without_a_row_has_none(content: str, tmp_path: Path) -> None:
    assert rows(tmp_path, content) == []
    assert rows(tmp_path, content.replace("id", " ").replace(",choice", " ").replace(";choice", " "), "t.json") == []


@pytest.mark.parametrize(
    "name, said",
    [
        ("t.xlsx", "--x=t: must be a .jsonl, .json or .csv file; a spreadsheet saves one as CSV UTF-8"),
        ("none.csv", "--x=t: no such file"),
        ("folder.csv", "--x=t: cannot be read (Is a directory)"),
        ("a\0b.csv", "--x=t: cannot be read (*embedded null *)"),
        ("n" * 300 + ".csv", "--x=t: cannot be read (File name too long)"),
    ],
)
def test_what_cannot_be_read_is_named_as_the_user_names_it(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError) as raised:
        list(read_table(tmp_path / name, "--x=t", KNOWN))
    assert fnmatchcase(str(raised.value), said), raised.value


def test_a_file_that_is_no_table_of_votes_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_rows, "LARGEST_TABLE", 2**20)
    assert refusal(tmp_path, "\n" * (2**20 + 1)) == "--x=t: is larger than 1 MiB, which no table of votes is"
