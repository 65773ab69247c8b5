"""Writes the figures that pages quote of a run anew:  python -m tests.requote [PAGE ...]"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .docs import Block, blocks_of, name_of, pages
from .docs_runner import RECORDINGS, Ran, Reader, recorded
from .quoting import requoted
from .server import Server


def main(names: list[str]) -> None:
    """Runs pages, all of them where none is named, and writes those whose quotations have changed."""
    for page in pages():
        if names and name_of(page) not in names:
            continue
        text = page.read_text(encoding="utf-8")
        if "```text" in text:
            page.write_text(_with_new_figures(page, text), encoding="utf-8")


def _with_new_figures(page: Path, text: str) -> str:
    changed: list[tuple[Block, str]] = []

    def note(block: Block, ran: Ran) -> None:
        new = requoted(block.text, ran.output)
        if new is None:
            sys.stderr.write(f"{block.page}:{block.line}: other words are printed now; by hand\n")
        elif new != block.text:
            changed.append((block, new))

    endpoint = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            Reader(Path(folder), endpoint).read(blocks_of(page), note)
        for block in blocks_of(page) if RECORDINGS.exists() else ():
            if "recorded" in block.options:
                with tempfile.TemporaryDirectory() as folder:
                    note(block, Ran(recorded(block, Path(folder)), 0))
    finally:
        endpoint.close()
    for block, new in changed:
        sys.stderr.write(f"{block.page}:{block.line}: new figures\n")
        text = text.replace(f"```text\n{block.text}```", f"```text\n{new}```")
    return text


if __name__ == "__main__":
    main(sys.argv[1:])
