"""An enterprise with a problem and a university with a result find each other, all by pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server

from .conftest import OpenPage
from .people import (
    cell,
    choose,
    create_organisation,
    credit_code,
    go,
    hand_in_papers,
    heading,
    menu,
    press,
    register,
    sign_in,
    told,
)

FIRM, SCHOOL = "观沫环保科技有限公司", "观沫理工大学"
NEED = "高盐废水蒸发器换热管结垢快"
OUTCOME = "换热管壁超声波在线防垢除垢装置"
NEED_TEXT = (
    "煤化工高盐废水进入蒸发结晶，换热管内壁三到五天就结一层硫酸钙垢，传热系数下降四成，"
    "清洗周期太短，只能停机用高压水清洗。希望在不停机的条件下防垢、除垢。"
)
OUTCOME_TEXT = (
    "在蒸发器换热管外壁安装超声换能器，使管内壁的垢层在运行中不断脱落，不停机就能除垢，"
    "清洗周期由五天延长到两个月以上，适合高盐废水蒸发结晶。"
)
SUGGESTED_WITHIN = 30_000
"""Milliseconds until the worker has compared both sides."""

Station = Callable[[Page, str], None]


@pytest.fixture
def station(axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]) -> Station:
    """A page of the journey: without barriers, as wide as its screen, photographed."""

    def stop(page: Page, name: str) -> None:
        axe(page)
        screenshot(page, f"two-sides-{name}")

    return stop


def indicator(page: Page, row: int, name: str, relation: str, value: str, unit: str) -> None:
    """One row of the table of indicators."""
    cell(page, "指标", "指标", row).fill(name)
    cell(page, "指标", "关系", row).select_option(relation)
    cell(page, "指标", "数值", row).fill(value)
    cell(page, "指标", "单位", row).fill(unit)


def last_step(page: Page, industry: str) -> None:
    """范围与公开, and the page that shows everything once more."""
    heading(page, "范围与公开")
    page.get_by_label("产业领域").select_option(label=industry)
    page.get_by_label("所在地区").fill("济南市")
    press(page, "保存并核对")
    heading(page, "核对后提交")


def publish_need(page: Page, station: Station) -> None:
    """Four steps, among them a table that grows by a row."""
    go(page, "我要发榜")
    station(page, "08-choose-board")
    page.get_by_role("link", name=re.compile("^发布技术需求")).click()
    heading(page, "说清问题")
    page.get_by_label("标题").fill(NEED)
    page.get_by_label("公开摘要").fill(NEED_TEXT)
    station(page, "09-need-step-1")
    press(page, "保存并继续")
    told(page, "草稿已保存")
    heading(page, "现状与要求")
    page.get_by_label("现状").fill("现用阻垢剂加高压水清洗，每次停机二十小时。")
    page.get_by_label("需要解决的问题").fill("在线防止换热管结垢，延长蒸发器清洗周期。")
    press(page, "保存并继续")
    heading(page, "指标与条件")
    indicator(page, 1, "清洗周期", "≥", "45", "天")
    press(page, "添加一行")
    indicator(page, 2, "换热管外径", "=", "38", "mm")
    page.get_by_label("预算").fill("80-120万元")
    page.get_by_label("最低技术成熟度").fill("6")
    choose(page, "合作方式", "技术开发")
    expect(page.get_by_text("已自动保存")).to_be_visible()
    station(page, "10-need-step-3")
    press(page, "保存并继续")
    last_step(page, "能源与环境保护")
    expect(page.get_by_text("换热管外径").first).to_be_visible()
    station(page, "11-need-check")
    press(page, "提交审核")
    told(page, "已提交审核")
    station(page, "12-need-submitted")


def publish_outcome(page: Page, station: Station) -> None:
    """The same for the other side."""
    go(page, "我要发榜")
    page.get_by_role("link", name=re.compile("^发布科技成果")).click()
    heading(page, "通俗介绍")
    page.get_by_label("标题").fill(OUTCOME)
    page.get_by_label("通俗摘要").fill(OUTCOME_TEXT)
    press(page, "保存并继续")
    heading(page, "原理与团队")
    page.get_by_label("技术原理").fill("换能器阵列的相位控制方法，专利申请前保密。")
    press(page, "保存并继续")
    heading(page, "指标与条件")
    indicator(page, 1, "清洗周期", "≥", "60", "天")
    page.get_by_label("技术成熟度").fill("5")
    page.get_by_label("报价").fill("95万元")
    choose(page, "合作方式", "技术开发")
    station(page, "13-outcome-step-3")
    press(page, "保存并继续")
    last_step(page, "能源与环境保护")
    press(page, "提交审核")
    told(page, "已提交审核")


def verify(page: Page, station: Station | None, organisation: str) -> None:
    """The operator looks at the papers and approves."""
    menu(page, "单位核验")
    page.get_by_role("link", name=organisation).click()
    heading(page, organisation)
    if station:
        station(page, "07-verify")
    press(page, "通过核验")
    told(page, "已通过核验")


def approve(page: Page, station: Station | None, title: str) -> None:
    """The operator reads the listing and lets it onto the board."""
    menu(page, "审核")
    if station:
        station(page, "14-review-queue")
    page.get_by_role("link", name=title).click()
    heading(page, title)
    if station:
        station(page, "15-review")
    press(page, "通过并发布")
    told(page, "已通过并发布")


def find(page: Page, station: Station, own: str, other: str, name: str) -> None:
    """新匹配 on 我的待办, why it fits, and one's own page with its life and its partners."""
    fresh = page.get_by_role("region", name=re.compile("^新匹配"))

    def look() -> bool:
        page.goto("/todo")
        return fresh.get_by_role("link", name=other).count() > 0

    waited = 0
    while not look():
        assert waited < SUGGESTED_WITHIN, "the worker suggested nothing"
        page.wait_for_timeout(500)
        waited += 500
    station(page, f"{name}-todo")
    fresh.get_by_role("link", name=re.compile(f"^看为什么匹配.*{own}$")).click()
    heading(page, own)
    card = page.get_by_role("article").filter(has=page.get_by_role("link", name=other))
    expect(card).to_have_count(1)
    expect(card.get_by_text(re.compile("^(强|较强)相关$"))).to_be_visible()
    marked = [text for text in card.locator("mark").all_inner_texts() if text]
    assert any(text in NEED_TEXT and text in OUTCOME_TEXT for text in marked), marked
    expect(card.get_by_role("list", name="条件核对")).to_contain_text("要求 TRL≥6，成果为 TRL 5")
    station(page, f"{name}-matches")
    card.get_by_role("link", name=other).click()
    heading(page, other)
    expect(page.get_by_text("换能器阵列")).to_have_count(0)
    page.goto("/listings/")
    page.get_by_role("link", name=own).click()
    heading(page, own)
    expect(page.get_by_role("article").filter(has_text=other)).to_have_count(1)
    station(page, f"{name}-listing")


def test_both_sides_find_each_other(open_page: OpenPage, server: Server, station: Station) -> None:
    firm, school, operator = open_page(), open_page(), open_page()

    firm.goto("/")
    station(firm, "01-start")
    register(firm, "陈研发", "chen@guanmo.example")
    station(firm, "02-choose-organisation")
    create_organisation(firm, FIRM, "企业", 职工人数="60", 单位简介="做工业废水零排放。")
    station(firm, "03-organisation")
    hand_in_papers(firm, credit_code(1))
    station(firm, "04-handed-in")

    register(school, "刘教授", "liu@guanmo.example")
    create_organisation(school, SCHOOL, "高等院校")
    hand_in_papers(school, credit_code(2))

    sign_in(operator, "operator")
    station(operator, "05-operator-todo")
    menu(operator, "单位核验")
    station(operator, "06-verification-queue")
    verify(operator, station, FIRM)
    verify(operator, None, SCHOOL)

    firm.goto("/todo")
    publish_need(firm, station)
    school.goto("/todo")
    publish_outcome(school, station)
    approve(operator, station, NEED)
    approve(operator, None, OUTCOME)

    find(firm, station, NEED, OUTCOME, "16-firm")
    find(school, station, OUTCOME, NEED, "17-school")
