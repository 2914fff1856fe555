"""Saving while the page is just saving by itself is no conflict with oneself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from .conftest import OpenPage
from .people import choose, heading, need_to_its_terms, press, sign_in


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "never answered"])
def test_a_form_is_sent_after_the_autosave_on_its_way(open_page: OpenPage, answered: bool) -> None:
    page = open_page()
    sign_in(page, "rd")
    need_to_its_terms(page, "循环水在线防垢", "换热管结垢快，要在线防垢，不停机清洗。")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("x-requested-with") == "autosave":
            held.append(route)
        else:
            route.continue_()

    page.route("**/edit/terms", hold)
    with page.expect_request(lambda request: "x-requested-with" in request.headers):
        page.get_by_label("预算").fill("80-120万元")
        choose(page, "合作方式", "技术开发")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    press(page, "保存并继续")
    press(page, "保存并继续")  # pressed again, as it takes its time
    heading(page, "指标与条件")
    assert len(held) == 1 and "POST" not in sent, "the form waits"
    expect(page.get_by_role("status")).to_have_text("正在保存，请稍候…")
    if answered:
        held[0].fulfill(response=held[0].fetch())
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("范围与公开"), timeout=15_000
    )
    assert sent.count("POST") == 1
    page.go_back()
    heading(page, "指标与条件")
    expect(page.get_by_label("预算")).to_have_value(re.compile("80"))
