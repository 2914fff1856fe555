"""Every page of every role: as wide as its screen, without barriers, quiet on the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from jiebang.boards.fields import FieldType
from jiebang.boards.fields.steps import step_fields, steps_of
from jiebang.core.boards import Board

from .conftest import WIDTHS, OpenPage, Watch
from .people import cell, choose, go, heading, menu, need_to_its_terms, press, sign_in, told

Check = Callable[[Page], None]

ROLES = ("", "rd", "operator", "specialist", "auditor", "security")
"""A visitor and demonstration accounts: a member, and the four kinds of staff."""

FIRST = (
    "/",
    "/todo",
    "/register",
    "/password/forgotten",
    "/account/password",
    "/organisations/claim",
    "/organisations/mine/verification",
)
"""Where the way begins: what a menu offers, and what not every page links to."""
OF_EACH_ROLE = frozenset(
    {
        "boards.todo",
        "boards.mine",
        "boards.listing",
        "orgs.page",
        "orgs.mine",
        "brokering.desk",
        "brokering.organisation",
    }
)
"""Pages that differ by who reads them; all others are looked at once."""
NARROWEST = 360
"""Nothing has to be smaller than this."""
FILES = frozenset(
    {
        "static",
        "boards.download",
        "threads.download",
        "threads.protected_file",
        "boards.template",
        "orgs.paper",
        "contracts.paper",
        "publicity.evidence",
        "registration.sheet",
        "projects.archive",
        "projects.file",
        "projects.check_file",
        "grants.export",
    }
)
ELSEWHERE = {
    "accounts.confirm_email": "test_what_is_not_there_is_said_in_words",
    "accounts.reset": "test_what_is_not_there_is_said_in_words",
    "orgs.invitation": "test_what_is_not_there_is_said_in_words",
    "boards.diagnosis": "test_diagnosis",
    "orgs.review": "test_two_sides",
    "threads.interest": "test_outcome_market",
    "responses.start": "test_outcome_market",
    "responses.edit": "test_outcome_market",
    "responses.ask": "test_whole_line",
    "responses.split": "test_together",
    "boards.team": "test_together",
    "batches.batch": "test_together",
    "operations.batch": "test_together",
    "filling.filling": "test_together",
    "registration.registration": "test_agreement",
    "filling.edit": "test_together",
    "threads.looks": "test_together",
    "threads.openings": "test_openings",
    "threads.protected": "test_together",
    "standing.search": "leads on to a board: tests/boards/test_standing.py",
    "reviews.index": "nobody is asked yet: tests/boards/test_reviews.py",
    "reviews.of": "nobody is asked yet: tests/boards/test_reviews.py",
    "reviews.part": "nobody is asked yet: tests/boards/test_reviews.py",
    "contracts.ask": "test_agreement",
    "publicity.write": "test_agreement",
    "publicity.objection": "test_agreement",
    "projects.acceptance": "test_project",
    "projects.check": "test_line",
    "results.edit": "test_project",
    "results.case": "test_project",
    "publicity.ask": "the selection is public already: tests/technology/test_publicity.py",
    "orgs.claim": "the demonstration has no organisation without people",
    "orgs.review_claim": "the demonstration has no organisation without people",
}
"""Pages that no link of the demonstration leads to, and where they are looked at."""


def too_wide(page: Page) -> list[str]:
    """The screens on which somebody would have to scroll sideways."""
    found = []
    for width in (*WIDTHS, NARROWEST):
        page.set_viewport_size({"width": width, "height": 900})
        actual = page.evaluate("document.documentElement.scrollWidth")
        if actual > width:
            found.append(f"{page.url} is {actual} px wide at {width} px")
    return found


def links(page: Page) -> list[str]:
    """The addresses on this site that a page leads to, in their order."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
    here = urlsplit(page.url)
    parts = [urlsplit(each) for each in found]
    return [
        each.path + (f"?{each.query}" if each.query else "")
        for each in parts
        if each.netloc == here.netloc
    ]


def endpoint(routes: MapAdapter, address: str) -> str | None:
    """The page behind an address, steps and boards told apart."""
    parts = urlsplit(address)
    try:
        name, arguments = routes.match(parts.path, "GET", query_args=parts.query)
    except HTTPException:
        return None
    return ":".join([name, *(arguments[key] for key in ("step_key",) if key in arguments)])


def crawl(page: Page, routes: MapAdapter, done: set[str]) -> Iterator[str]:
    """Opens one page of each kind that links lead to; yields its name."""
    waiting = list(FIRST)
    while waiting:
        address = waiting.pop(0)
        name = endpoint(routes, address)
        if name is None or name in done or name in FILES:
            continue
        response = page.goto(address)
        assert response is not None
        landed = endpoint(routes, page.url.partition(urlsplit(page.url).netloc)[2])
        done.add(name)
        if landed != name:  # sent to sign in, or to an organisation first
            waiting.insert(0, urlsplit(page.url).path)
            continue
        assert response.ok, f"{address}: {response.status}"
        yield name
        waiting += links(page)


def test_every_page_at_both_widths(app: Flask, open_page: OpenPage, axe: Check) -> None:
    routes = app.url_map.bind("")
    seen: set[str] = set()
    problems: list[str] = []
    for role in ROLES:
        page = open_page()
        if role:
            sign_in(page, role)
        done = seen - OF_EACH_ROLE
        for name in crawl(page, routes, done):
            seen.add(name)
            problems += too_wide(page)  # ends at the narrowest
            try:
                axe(page)
            except AssertionError as error:
                problems.append(f"{role or 'visitor'}: {error}")
        page.context.close()
    assert problems == []
    every = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert every - {name.partition(":")[0] for name in seen} == FILES | set(ELSEWHERE)


def test_every_step_of_every_board_fits_a_telephone(page: Page, axe: Check) -> None:
    sign_in(page, "rd")
    problems: list[str] = []
    for board in Board:
        page.goto(f"/listings/new/{board.value}")
        page.get_by_label("标题").fill("看看每一步是否放得下")
        major = page.get_by_label("专业名称")
        if major.count():
            major.fill("机械设计制造及其自动化")
        press(page, "保存并继续")
        told(page, "草稿已保存")
        code = page.url.split("/")[-3]
        for step in steps_of(board):
            page.goto(f"/listings/{code}/edit/{step.key}")
            problems += too_wide(page)
            if any(field.type is FieldType.ROWS for field in step_fields(board, step)):
                axe(page)
        page.goto(f"/listings/{code}/check")
        problems += too_wide(page)
    assert problems == []


@pytest.mark.parametrize(
    ("role", "address", "status", "says"),
    [
        ("", "/nothing-here", 404, "没有找到"),
        ("", "/listings/XQ26999999", 404, "没有找到"),
        ("", "/confirm/a-used-token", 410, "链接"),
        ("", "/password/reset/a-used-token", 410, "链接"),
        ("rd", "/invitations/a-used-token", 404, "没有找到"),
        ("rd", "/operations/", 403, "角色"),
        ("", "/boards/need?page=999", 200, ""),
        ("", "/boards/need?q=qqqqzzzz&money=abc&until=9999-99-99", 200, "没有起作用"),
    ],
)
def test_what_is_not_there_is_said_in_words(
    open_page: OpenPage, watch: Watch, axe: Check, role: str, address: str, status: int, says: str
) -> None:
    page = open_page()
    if status != 200:
        watch.forgive(f"status of {status}")
    watch.forgive("does not conform to the required format")
    if role:
        sign_in(page, role)
    response = page.goto(address)
    assert response is not None and response.status == status
    expect(page.get_by_role("main")).to_contain_text(says)
    assert too_wide(page) == []
    axe(page)


def test_everything_works_without_scripts(open_page: OpenPage, watch: Watch) -> None:
    """Scripts only improve: a question, a form with two rows, its submission, its review."""
    watch.forgive("status of 422")
    visitor = open_page(scripts=False)
    visitor.goto("/")
    visitor.get_by_label("一句话说出您要找什么").fill("铝合金薄壁壳体焊接后变形大")
    press(visitor, "找匹配")
    expect(visitor.get_by_role("article").first).to_contain_text("相关")

    owner = open_page(scripts=False)
    sign_in(owner, "rd")
    need_to_its_terms(
        owner, "不用脚本也能发布的需求", "浏览器关掉脚本，逐步填写表格、添加一行、提交审核。"
    )
    cell(owner, "指标", "指标", 1).fill("抗拉强度")
    cell(owner, "指标", "数值", 1).fill("980")
    press(owner, "添加一行")
    expect(cell(owner, "指标", "指标", 1)).to_have_value("抗拉强度")
    cell(owner, "指标", "指标", 2).fill("焊后平面度")
    press(owner, "保存并继续")
    expect(owner.get_by_role("alert")).to_contain_text("第 2 行")
    cell(owner, "指标", "数值", 2).fill("0.3")
    choose(owner, "合作方式", "技术开发")
    press(owner, "保存并继续")
    heading(owner, "范围与公开")
    owner.get_by_label("产业领域").select_option(label="其他")
    press(owner, "保存并核对")
    expect(owner.get_by_text("焊后平面度").first).to_be_visible()
    press(owner, "提交审核")
    told(owner, "已提交审核")

    operator = open_page(scripts=False)
    sign_in(operator, "operator")
    menu(operator, "审核")
    go(operator, "不用脚本也能发布的需求")
    operator.get_by_label("说明").fill("请补充现状与预算。")
    press(operator, "退回修改")
    told(operator, "已退回")

    owner.goto("/todo")
    expect(owner.get_by_role("main")).to_contain_text("请补充现状与预算。")
