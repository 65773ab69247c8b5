"""What users read: every block of it is run, every link leads somewhere, every quotation is what is printed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..docs import Block, blocks_of, link_fault, links, name_of, pages
from ..docs_runner import Ran, Reader, check_file, quotation_fault, shown
from ..server import Server
from .conftest import Quickstart

ROOT = Path(__file__).parents[2]
PAGES = [pytest.param(page, id=name_of(page)) for page in pages()]
RUN = [pytest.param(page, id=name_of(page)) for page in pages() if "```console" in page.read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[Server]:
    """One endpoint for all pages."""
    server = Server()
    yield server
    server.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_one_that_the_harness_knows(page: Path) -> None:
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
