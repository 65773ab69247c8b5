"""What the browser of the tests does not let a page do; else the tests of pages would prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..chromium import Tabs


@pytest.mark.parametrize(
    "body, complaint",
    [
        ("<script>console.log('hello')</script>", "console: hello"),
        ("<script>throw new Error('broken')</script>", "error: broken"),
        ("<img src='http://127.0.0.1:9/x.png'>", "request: http://127.0.0.1:9/x.png"),
    ],
)
def test_a_page_that_is_not_quiet_is_found_out(body: str, complaint: str, tabs: Tabs, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><title>x</title>{body}", encoding="utf-8")
    tabs.open(path)
    tabs.close()
    assert complaint in tabs.complaints
    tabs.complaints.clear()
