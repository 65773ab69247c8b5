"""What users read: every block of it is run, every link leads somewhere, every quotation is what is printed."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import pytest_mtbench

from ..docs import Block, PageError, blocks_of, link_fault, links, name_of, pages
from ..docs_files import check_file
from ..docs_runner import Ran, Reader
from ..quoting import quotation_fault, shown
from ..reference import with_tables
from ..server import Server
from .conftest import Bench, Quickstart

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = Path(pytest_mtbench.__file__).parent
PAGES = [pytest.param(page, id=name_of(page)) for page in pages()]
RUN = [pytest.param(page, id=name_of(page)) for page in pages() if "```console" in page.read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[Server]:
    """One endpoint for all pages."""
    server = Server()
    yield server
    server.close()


@contextmanager
def plainly() -> Iterator[None]:
    """Page, line and what is wrong there, without a traceback."""
    try:
        yield
    except PageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_one_that_the_harness_knows(page: Path) -> None:
    with plainly():
        for block in blocks_of(page):
            if block.language not in ("console", "text"):
                check_file(block)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", RUN)
def test_what_a_page_says_happens(page: Path, tmp_path: Path, stand_ins: Server) -> None:
    def compare(block: Block, ran: Ran) -> None:
        fault = quotation_fault(block.text, ran.output)
        if fault:
            block.fail(f"{fault}; `python -m tests.requote` writes new figures\n{ran.output[-2500:]}")

    with plainly():
        Reader(tmp_path, stand_ins).read(blocks_of(page), compare)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: Path) -> None:
    faults = (link_fault(page, target) for target in links(page.read_text(encoding="utf-8")))
    assert [fault for fault in faults if fault] == []


def test_the_picture_is_of_the_table_that_the_quickstart_prints(quickstart: Quickstart) -> None:
    picture = html.unescape((ROOT / "examples" / "quickstart" / "table.svg").read_text(encoding="utf-8"))
    drawn = re.findall(r"<text [^>]*>(.*?)</text>", picture)
    printed = quickstart.output.splitlines()
    start = next(number for number, line in enumerate(printed) if "MT-Bench: demo" in line)
    assert shown("\n".join(printed[start:])) == shown("\n".join(drawn))


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_a_page_are_those_of_the_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == with_tables(text), "python -m tests.reference writes them"


def test_every_option_is_in_the_reference(bench: Bench) -> None:
    documented = set(re.findall(r"^\| `(--mtbench-[a-z-]+)", (DOCS / "reference.md").read_text("utf-8"), re.MULTILINE))
    assert documented == set(re.findall(r"--mtbench-[a-z-]+(?=[ \n=])", bench.apart("--help").stdout.str()))


def printed() -> str:
    """Every text in the package's code, an end of line between two."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_message_that_troubleshooting_quotes_is_one_that_the_package_has() -> None:
    quoted = re.findall(r"\*\*`(.*?)`\*\*", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"))
    texts = printed()
    parts = [(message, part) for message in quoted for part in message.split("...") if len(part.strip()) > 1]
    assert [message for message, part in parts if part not in texts] == []
    assert len(quoted) > 50


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130
