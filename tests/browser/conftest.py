"""A real Chromium, watched: what it complains about and whom it calls is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.system import RunningSystem

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}

_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while Playwright is there, no other event loop can run in this thread."""
    with sync_playwright() as playwright:
        held = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield held
        held.close()


class Watched:
    """A page of its own context, and what went wrong in it."""

    def __init__(self, page: Page, screenshots: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._screenshots = screenshots
        self._tools_at_work = False
        page.add_init_script(_REPORT_VIOLATIONS)
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("request", lambda request: self._check_host(request.url))
        page.on("websocket", lambda socket: self._check_host(socket.url))
        page.on("requestfailed", lambda request: self._complain("error", f"{request.url}: {request.failure}"))

    def _complain(self, kind: str, text: str) -> None:
        # A page that is left, and a search that a newer one replaces, cut their own running requests short.
        cut_short = "net::ERR_ABORTED" in text or text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if kind in ("error", "warning") and not cut_short and not self._tools_at_work:
            self.complaints.append(f"{kind}: {text}")

    @contextmanager
    def _tools(self) -> Iterator[None]:
        """While screenshots and axe put inline styles of their own into the page, which its policy rightly refuses."""
        self._tools_at_work = True
        yield
        self.page.evaluate("() => new Promise((done) => setTimeout(done, 50))")  # their last complaint has come
        self._tools_at_work = False

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.complaints.append(f"a request left the machine: {url}")

    def shot(self, name: str, *, whole: bool = False, size: dict[str, int] | None = None) -> None:
        """A screenshot, at another size of the window if one is given."""
        before = self.page.viewport_size
        if size:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.wait_for_timeout(150)
        with self._tools():
            self.page.screenshot(path=self._screenshots / f"{name}.png", full_page=whole)
        if size and before:
            self.page.set_viewport_size(before)

    def assert_accessible(self) -> None:
        """axe finds nothing on the page as it is now, open shadow trees included."""
        with self._tools():
            found = Axe().run(self.page)
        told = [
            f"{item['id']} ({item['impact']}): {node['target']} {node.get('failureSummary', '')}"
            for item in found.response["violations"]
            for node in item["nodes"]
        ]
        assert not told, "\n".join(told)


@pytest.fixture
def open_page(browser: Browser, system: RunningSystem, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a watched page at a size; at the end none may have complained."""
    screenshots = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    screenshots.mkdir(parents=True, exist_ok=True)
    opened: list[Watched] = []

    @contextmanager
    def open_(path: str, size: dict[str, int], **context: Any) -> Iterator[Watched]:
        held = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="ko-KR",
            timezone_id="Asia/Seoul",
            base_url=system.url,
            **context,
        )
        held.set_default_timeout(15_000)
        watched = Watched(held.new_page(), screenshots)
        opened.append(watched)
        watched.page.goto(path)
        try:
            yield watched
        finally:
            held.close()

    yield open_
    assert [complaint for watched in opened for complaint in watched.complaints] == []
