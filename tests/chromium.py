"""Real Chromium for the tests of pages: no network, and a test fails for every message on the console."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

NAMES = ("chromium", "chromium-browser", "google-chrome")


class Tabs:
    """Opens files in one browser, each in a profile of its own, and notes what no page may do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.complaints: list[str] = []

    def open(self, path: Path, *, before: str = "", **options: Any) -> Page:
        """A tab with this file.

        Args:
            before: JavaScript that runs before the page's own, in this profile.
            options: those of Playwright's `new_context`: `viewport`, `color_scheme`, `has_touch` ...  Further tabs
                of the profile come from `page.context.new_page()`, and are watched as well.
        """
        context = self._browser.new_context(offline=True, **options)
        context.set_default_timeout(10_000)
        context.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.route("**/*", self._let_files_alone_through)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    def close(self) -> None:
        """Closes all profiles."""
        for context in self._browser.contexts:
            context.close()

    def _let_files_alone_through(self, route: Route) -> None:
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            self.complaints.append(f"request: {route.request.url}")
            route.abort()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module.

    Not for the session: while Playwright runs, its event loop is this thread's, and another test's `asyncio.run` fails.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"needs a browser, one of {', '.join(NAMES)}")
    from playwright.sync_api import sync_playwright  # slow to import

    with sync_playwright() as playwright:
        # Chromium's sandbox refuses root, which a container's user often is.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tabs(chromium: Browser) -> Iterator[Tabs]:
    """Tabs of that browser; the test fails where a page wrote to the console, threw, or asked for more than files."""
    tabs = Tabs(chromium)
    yield tabs
    tabs.close()
    assert tabs.complaints == []
