"""What the README says stands in the code."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from pytest_mtbench.suite.file import SuiteFile

from .conftest import Bench, Quickstart

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_option_is_in_the_table_and_every_row_is_an_option(bench: Bench) -> None:
    table = README.split("### Options")[1].split("### The suite file")[0]
    documented = set(re.findall(r"--mtbench-[a-z-]+", table.split("Keys:")[0]))
    shown = set(re.findall(r"--mtbench-[a-z-]+", bench.apart("--help").stdout.str()))
    assert documented == shown


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
def test_every_suite_file_in_it_is_valid(block: str) -> None:
    SuiteFile.from_text(block.replace("base_url: ...", "base_url: http://localhost/v1"), "README.md")


def test_every_file_that_it_links_exists() -> None:
    for link in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / link).exists(), link


def test_its_example_of_a_users_test_runs(bench: Bench) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "mtbench_turn" in block]
    bench.pytester.makepyfile(test_own=code.replace('"coding"', '"math"').replace('"return"', '"answer"'))
    result = bench.run("test_own.py", "-k", "test_code")
    result.assert_outcomes(passed=4)


def test_the_picture_is_of_the_table_that_the_quickstart_prints(quickstart: Quickstart) -> None:
    picture = html.unescape((ROOT / "examples" / "quickstart" / "table.svg").read_text(encoding="utf-8"))
    shown = re.findall(r"<text [^>]*>(.*?)</text>", picture)
    printed = quickstart.output.splitlines()
    start = next(number for number, line in enumerate(printed) if "MT-Bench: demo" in line)
    assert [without_times(line) for line in printed[start:]] == [without_times(line) for line in shown]


def without_times(line: str) -> str:
    return re.sub(r"\d+\.\d+ ?s\b", "T s", line).strip("= ")
