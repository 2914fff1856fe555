"""The journeys' own tools: what they are there to catch is caught."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from .conftest import SCREENSHOTS, Watch


def test_the_first_page_is_shown(
    page: Page, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page.goto("/")
    assert "揭榜" in page.title()
    axe(page)
    screenshot(page, "first-page")
    assert (SCREENSHOTS / "first-page-390.png").stat().st_size > 10_000


def test_problems_are_noticed(page: Page, watch: Watch, axe: Callable[[Page], None]) -> None:
    page.goto("/nothing-here")
    assert any("404" in each for each in watch.remaining())
    watch.forgive("status of 404")
    assert watch.remaining() == []
    page.evaluate("setTimeout(() => { throw new Error('坏了') })")
    page.wait_for_timeout(100)
    assert any("坏了" in each for each in watch.remaining())
    watch.forgive("坏了")
    page.evaluate("document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        axe(page)
