"""A listing shared by hand: the text is copied with one press, the code opens beside it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .people import go, press, sign_in, told

OUTCOME = "面向大规模集合的轻量化隐私求交协议"


def test_a_text_and_a_code_to_share(
    open_page: OpenPage, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    plain = open_page(scripts=False)
    plain.goto("/boards/outcome?q=隐私求交")
    go(plain, OUTCOME)
    expect(plain.get_by_label("微信文案")).to_be_visible()
    assert OUTCOME in plain.get_by_label("微信文案").input_value()
    expect(plain.get_by_role("button", name="复制微信文案")).to_have_count(0)

    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/boards/outcome?q=隐私求交")
    go(page, OUTCOME)
    press(page, "复制微信文案")
    expect(page.get_by_role("complementary")).to_contain_text("已复制")
    page.get_by_text("二维码", exact=True).click()
    expect(page.get_by_role("img", name="二维码")).to_be_visible()
    axe(page)
    screenshot(page, "share-1-listing")


def test_a_search_is_saved(
    open_page: OpenPage, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page = open_page()
    sign_in(page, "rd")
    page.goto("/boards/outcome?q=隐私计算")
    axe(page)
    screenshot(page, "standing-1-board")
    press(page, "保存这个查询")
    told(page, "已保存")
    page.goto("/searches/")
    axe(page)
    screenshot(page, "standing-2-searches")
