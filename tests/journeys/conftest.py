"""Journeys through a real browser: headless Chromium against a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

from tests.processes import ROOT
from tests.server import Server, prepare, serving

SCREENSHOTS = ROOT / "screenshots"
WIDTHS = (1280, 390)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's data as they are on the first day; never served, only copied."""
    home = tmp_path_factory.mktemp("demonstration")
    prepare(home, demo=True)
    return home


@pytest.fixture(scope="module")
def server(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demonstration data of its own for each file of journeys.

    What people do in one file's journeys must not decide what another file's people find.
    """
    home = tmp_path_factory.mktemp("homes") / "home"
    shutil.copytree(demonstration, home)
    with serving(home, demo=True, prepared=True, JIEBANG_SEARCH_PER_MINUTE="10000") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; missing it fails in CI and skips elsewhere."""
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if path is None:
        reason = "Chromium is missing: install it (Debian: apt install chromium) or set CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@dataclass
class Watch:
    """What went wrong on a page without the test asking; the test fails of it at its end."""

    home: str
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    forgiven: list[str] = field(default_factory=list)

    def forgive(self, part: str) -> None:
        """Expects a problem whose text has `part`, such as "status of 404" on an error page."""
        self.forgiven.append(part)

    def attach(self, page: Page) -> None:
        """Listens to a page."""
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.on("request", self._request)

    def remaining(self) -> list[str]:
        """What was not forgiven."""
        found = [each for each in self.problems if not any(part in each for part in self.forgiven)]
        return found + [f"request to {host}" for host in sorted(self.hosts)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def _page_error(self, error: Error) -> None:
        self.problems.append(f"script: {error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.home:
            self.hosts.add(parts.netloc)


OpenPage = Callable[..., Page]


@pytest.fixture
def watch(server: Server) -> Watch:
    """What the pages of this test are watched for; see `Watch.forgive`."""
    return Watch(urlsplit(server.url).netloc)


@pytest.fixture
def open_page(browser: Browser, server: Server, watch: Watch) -> Iterator[OpenPage]:
    """Opens a page with cookies of its own: one person more. Fails the test of any problem."""
    contexts = []

    def make(*, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=server.url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": 1280, "height": 900},
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        watch.attach(page)
        return page

    yield make
    for context in contexts:
        context.close()
    assert watch.remaining() == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """One person's page; `page.goto("/…")` is relative to the server."""
    return open_page()


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Checks a page as it is for barriers; serious ones fail."""

    def check(page: Page) -> None:
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        bad = [
            f"{each['id']} ({each['impact']}): {each['help']}\n    "
            + "\n    ".join(node["html"] for node in each["nodes"][:5])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert not bad, f"{page.url}\n" + "\n".join(bad)

    return check


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Saves a page at a desk's and a telephone's width under ./screenshots (not in git).

    Fails when the page is wider than the telephone: nobody should scroll sideways.
    """

    def save(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        before = page.viewport_size
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
            actual = page.evaluate("document.documentElement.scrollWidth")
            assert actual <= width, f"{page.url} is {actual} px wide at {width} px"
        if before is not None:
            page.set_viewport_size(before)

    return save
