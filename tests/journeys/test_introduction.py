"""A specialist's introduction: from the request on a match to both sides talking."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OpenPage, Watch
from .people import go, heading, menu, press, sign_in, told

NEED = "跨部门数据“可用不可见”联合统计与建模平台"
OUTCOME = "面向大规模集合的轻量化隐私求交协议"


def test_from_a_request_to_both_agreed(
    open_page: OpenPage,
    watch: Watch,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    watch.forgive("status of 422")
    firm, specialist, other = open_page(), open_page(), open_page()
    sign_in(firm, "rd")
    sign_in(specialist, "specialist")
    sign_in(other, "professor")

    # two clicks from a match to a named person
    menu(firm, "我的发布")
    go(firm, NEED)
    go(firm, "看全部匹配")
    card = firm.get_by_role("article").filter(has_text=OUTCOME)
    card.get_by_role("link", name="请专员对接").click()
    heading(firm, "请专员对接")
    expect(firm.get_by_role("main")).to_contain_text("周敏")
    firm.get_by_label("想请专员帮什么").fill("谈了两轮定不下测试环境，请专员帮着约到一起。")
    axe(firm)
    screenshot(firm, "introduction-1-ask")
    press(firm, "请专员对接")
    told(firm, "已送达服务专员")
    axe(firm)
    screenshot(firm, "introduction-2-asked")

    # the specialist finds it on the desk and introduces both, with the reasons of the match
    menu(specialist, "专员工作台")
    axe(specialist)
    screenshot(specialist, "introduction-3-desk")
    specialist.get_by_role("link", name=OUTCOME, exact=True).first.click()
    expect(specialist.get_by_role("main")).to_contain_text("为什么匹配")
    specialist.get_by_label("给双方的话").fill("短")
    press(specialist, "接办并引荐双方")
    expect(specialist.get_by_role("main")).to_contain_text("至少写 10 个字")
    expect(specialist.get_by_label("给双方的话")).to_have_value("短")
    axe(specialist)
    screenshot(specialist, "introduction-4-accept")
    specialist.get_by_label("给双方的话").fill("双方指标接近，建议先定测试环境，一起看一次机房。")
    press(specialist, "接办并引荐双方")
    told(specialist, "已引荐")

    # the other side reads why, and agrees
    menu(other, "我的待办")
    other.get_by_role("link", name=OUTCOME, exact=True).first.click()
    heading(other, "引荐")
    expect(other.get_by_role("main")).to_contain_text("建议先定测试环境")
    expect(other.get_by_role("main")).to_contain_text("为什么匹配")
    expect(other.get_by_role("main")).not_to_contain_text("谈了两轮定不下")
    axe(other)
    screenshot(other, "introduction-5-answer")
    press(other, "同意对接")
    told(other, "双方都已同意")
    screenshot(other, "introduction-6-agreed")
    go(other, "到对接里继续")
    expect(other.get_by_role("main")).to_contain_text("服务专员引荐，双方同意对接。")

    # the specialist follows it up
    specialist.reload()
    expect(specialist.get_by_role("main")).to_contain_text("双方同意")
    specialist.get_by_label("会面情况，一句话").fill("在机房看了环境，下周试跑。")
    press(specialist, "记已会面")
    told(specialist, "会面已记入台账")
    axe(specialist)


def test_a_specialist_introduces_from_the_desk(
    open_page: OpenPage, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page = open_page()
    sign_in(page, "specialist")
    menu(page, "专员工作台")
    page.get_by_role("link", name=re.compile(r"^引荐\s*：")).first.click()
    heading(page, "引荐双方")
    axe(page)
    screenshot(page, "introduction-7-two-clicks")
    press(page, "引荐双方")
    told(page, "已引荐，双方都会收到通知")


def test_the_operator_assigns(
    open_page: OpenPage, axe: Callable[[Page], None], screenshot: Callable[[Page, str], None]
) -> None:
    page = open_page()
    sign_in(page, "operator")
    menu(page, "专员分派")
    axe(page)
    screenshot(page, "introduction-8-assignments")
    page.get_by_role("link", name=re.compile(r"^分派\s*：")).first.click()
    press(page, "分派")
    told(page, "已保存")
    page.goto("/brokering/assignments")
    page.get_by_role("link", name="去指派").first.click()
    press(page, "指派")
    told(page, "已指派")
    axe(page)
    screenshot(page, "introduction-9-given")
    page.goto("/brokering/assignments")
    page.get_by_label("只看没有专员的").uncheck()
    page.get_by_label("单位名称").fill("瀚振")
    press(page, "查找")
    page.get_by_role("link", name=re.compile(r"^交接\s*：")).first.click()
    axe(page)
    screenshot(page, "introduction-10-firm")
