"""What the documentation quotes of real recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..docs import Block, blocks_of, pages
from ..docs_runner import recorded
from ..quoting import quotation_fault

QUOTED = [block for page in pages() for block in blocks_of(page) if "recorded" in block.options]


@pytest.mark.slow
@pytest.mark.parametrize("block", QUOTED, ids=lambda block: f"{block.page}:{block.line}")
def test_a_quotation_of_a_real_run_is_what_it_prints(block: Block, tmp_path: Path) -> None:
    output = recorded(block, tmp_path)
    fault = quotation_fault(block.text, output)
    assert fault is None, f"{block.page}:{block.line}: {fault}; `python -m tests.requote` writes new figures\n{output}"
