"""A sheet through a real spreadsheet, as people have it: opened, saved as a workbook, saved as CSV again."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.sheet import SheetItem
from pytest_mtbench.files.people import read_people
from pytest_mtbench.files.rating_sheet import sheet_as_csv
from pytest_mtbench.files.table_rows import read_table
from pytest_mtbench.questions.loading import load_folder

from ..conftest import environment
from ..sets import write_set

SOFFICE = shutil.which("soffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed"),
]

HOSTILE = [
    *(
        "=1+1",
        '=HYPERLINK("http://x";"y")',
        "+1",
        "-1",
        "- an item\n- another",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
    ),
    *(
        "＝1+1",
        "＋1",
        "'quoted'",
        "''",
        "42",
        "0042",
        "12e456789012",
        "1.50",
        "1/2",
        "3-4",
        "12:30",
        "50%",
        "(5)",
        "1,000",
    ),
    *('a "quote", a comma; a semicolon\nand a line', "<script>alert(1)</script>", "a\x00b\x1b[31m", "\u202eabc\u2066"),
    *("TRUE and so on", " spaces ", "ä€😀\ud800", "a long answer\n" * 8_000, "sep=;"),
]
CHOICES: dict[str, str | None] = {"left": "left", "r": "right", "tie": None, "1": "left", "2": "right", "": None}
RATINGS = ("7.5", "10", "1", "8", "3.5", "")

Convert = Callable[..., Path]


@pytest.fixture(scope="module")
def convert(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Has LibreOffice save a file as another kind: `convert(path, "xlsx")`."""
    home = tmp_path_factory.mktemp("office")

    def saved(path: Path, kind: str, *options: str) -> Path:
        folder = path.parent / f"from {path.suffix[1:]}"
        command = [
            str(SOFFICE), f"-env:UserInstallation=file://{home}/profile", "--headless", "--convert-to", kind,
            "--outdir", str(folder), *options, str(path),
        ]  # fmt: skip
        run = subprocess.run(
            command, env=environment(home), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=100,
        )  # fmt: skip
        found = folder / f"{path.stem}.{kind.partition(':')[0]}"
        assert found.exists(), run.stdout + run.stderr
        return found

    return saved


def items(*, rated: bool) -> list[SheetItem]:
    """Answers that are a trial for a spreadsheet, and one whose id is of digits alone."""
    question = Question(1, "math", ("=1+1?", "And that/2?"))
    other = () if rated else ("another",)
    found = [SheetItem(question, 1, (text,), other) for text in HOSTILE]
    numbers = (SheetItem(question, 1, (str(number),), other) for number in range(100_000))
    digits = next(item for item in numbers if item.id.isdecimal() and item.id[0] == "0")
    power = SheetItem(question, 2, ("1e5", "x"), ("2", "=y") if not rated else ())
    return [digits, power, *found]


def filled(path: Path, sheet: Sequence[SheetItem], column: str, said: Sequence[str]) -> list[str]:
    """Writes a sheet that a person filled in; gives back what was filled in."""
    header, *rows = csv.reader(io.StringIO(sheet_as_csv(sheet), newline=""))
    words = [said[number % len(said)] for number in range(len(rows))]
    for row, word in zip(rows, words, strict=True):
        row[header.index(column)] = word
        row[header.index("rater")] = "Jürgen Müller"
        row[header.index("note")] = "naïve, und so weiter; – ok"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return words


def test_a_sheet_comes_back_from_a_spreadsheet_as_it_was(convert: Convert, tmp_path: Path) -> None:
    sheet, path = items(rated=False), tmp_path / "anna.csv"
    words = filled(path, sheet, "choice", [*CHOICES])
    back = convert(convert(path, "xlsx"), "csv")
    rows = read_people(back, "--mtbench-people=anna.csv", load_folder(write_set(tmp_path / "set")))
    assert [(row.id, row.choice) for row in rows.choices] == [
        (item.id, CHOICES[word]) for item, word in zip(sheet, words, strict=True) if word
    ]
    assert {row.rater for row in rows.choices} == {"Jürgen Müller"}
    assert rows.unrated == words.count("")
    # Nothing was worked out, cut or turned into a date.
    before, after = (
        [
            [row.values[name] for name in ("id", "question", "left", "right", "note")]
            for row in read_table(one, "--x", ["id"])
        ]
        for one in (path, back)
    )
    assert after == before


@pytest.mark.slow
def test_a_german_spreadsheet_gives_the_ratings_back(convert: Convert, tmp_path: Path) -> None:
    sheet, path = items(rated=True), tmp_path / "anna.csv"
    words = filled(path, sheet, "rating", RATINGS)
    # Semicolons and the alphabet of the country, as its Excel has them.
    workbook = convert(path, "xlsx", "--infilter=CSV:44,34,76")
    saved = convert(workbook, "csv:Text - txt - csv (StarCalc):59,34,1").read_bytes()
    assert b";7.5;" in saved
    assert "Jürgen".encode("cp1252") in saved
    questions = load_folder(write_set(tmp_path / "set"))
    back = tmp_path / "back.csv"
    back.write_bytes(saved.replace(b";7.5;", b";7,5;"))
    with pytest.raises(ConfigError, match=r"back\.csv:2: rater: has letters that are not UTF-8"):
        read_people(back, "--mtbench-people=back.csv", questions)
    # Whatever is illegible in the notes is nobody's business.
    back.write_bytes(back.read_bytes().replace("Jürgen Müller".encode("cp1252"), b"Anna"))
    assert [(row.id, row.rating, row.rater) for row in read_people(back, "--x", questions).ratings] == [
        (item.id, float(word), "Anna") for item, word in zip(sheet, words, strict=True) if word
    ]
