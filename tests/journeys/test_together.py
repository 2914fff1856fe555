"""What others do for or with an organisation: filling in, reading what is hidden, bidding jointly;
and the rules and batches that operators keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from jiebang.core import clock

from .conftest import OpenPage, Watch
from .people import go, heading, menu, press, sign_in, told

Check = Callable[[Page], None]
Shot = Callable[[Page, str], None]
NEED = "跨部门数据“可用不可见”联合统计与建模平台"
REASON = "核实编号 20261128-3 的投诉所称的内容"


def test_a_specialist_fills_in_and_the_firm_has_the_last_word(
    open_page: OpenPage, watch: Watch, axe: Check, screenshot: Shot
) -> None:
    watch.forgive("status of 422")
    specialist, firm = open_page(), open_page()
    sign_in(specialist, "specialist")
    sign_in(firm, "rd")
    menu(specialist, "专员工作台")
    firm.goto("/organisations/mine")
    name = firm.get_by_role("heading", level=1).inner_text()
    go(specialist, name)
    screenshot(specialist, "filling-0-organisation")
    go(specialist, "技术需求")
    heading(specialist, "代填技术需求")
    press(specialist, "请单位确认")
    expect(specialist.get_by_role("alert")).to_contain_text("标题")
    specialist.get_by_role("textbox", name="标题").fill("试验数据跨部门共享的审计留痕")
    specialist.get_by_role("textbox", name=re.compile("通俗摘要|公开摘要|摘要")).first.fill(
        "各部门共享试验数据时，谁看过、改过要留痕，出了问题能追到人。"
    )
    press(specialist, "请单位确认")
    told(specialist, "已请单位确认")
    axe(specialist)
    screenshot(specialist, "filling-1-asked")

    menu(firm, "我的待办")
    firm.get_by_role("link", name="试验数据跨部门共享的审计留痕", exact=True).first.click()
    expect(firm.get_by_role("main")).to_contain_text("谁写的")
    firm.get_by_text("不对，退回专员", exact=True).click()
    firm.get_by_label("哪里不对").fill("标题里请写明是质检数据。")
    axe(firm)
    screenshot(firm, "filling-2-confirm")
    press(firm, "退回专员")
    told(firm, "已退回专员")
    menu(specialist, "我的待办")
    specialist.get_by_role("link", name="试验数据跨部门共享的审计留痕", exact=True).first.click()
    expect(specialist.get_by_role("main")).to_contain_text("标题里请写明是质检数据。")
    specialist.get_by_role("textbox", name="标题").fill("质检数据跨部门共享的审计留痕")
    axe(specialist)
    screenshot(specialist, "filling-3-again")
    press(specialist, "请单位确认")
    menu(firm, "我的待办")
    firm.get_by_role("link", name="质检数据跨部门共享的审计留痕", exact=True).first.click()
    press(firm, "确认，存为本单位草稿")
    heading(firm, "核对后提交")
    told(firm, "已确认")


def test_hidden_text_is_opened_by_the_agreement_or_with_a_reason(
    open_page: OpenPage, watch: Watch, axe: Check, screenshot: Shot
) -> None:
    watch.forgive("status of 422")
    firm, professor, operator = open_page(), open_page(), open_page()
    sign_in(firm, "rd")
    sign_in(professor, "professor")
    sign_in(operator, "operator")
    menu(firm, "我的发布")
    go(firm, NEED)
    code = firm.url.rsplit("/", 1)[-1]
    firm.goto(f"/listings/{code}/edit/reach")
    firm.get_by_label(re.compile("签署保密协议后可见")).check()
    press(firm, "保存并核对")

    professor.goto(f"/listings/{code}")
    go(professor, "阅读保密协议")
    press(professor, "代表本单位接受")
    professor.goto(f"/listings/{code}")
    professor.locator("#behind").get_by_role("link").click()
    expect(professor.get_by_role("main")).to_contain_text("按保密协议使用")
    axe(professor)
    screenshot(professor, "looks-1-behind")

    operator.goto(f"/operations/review/{code}")
    go(operator, "写明理由后查看")
    operator.get_by_label("理由").fill("看看")
    press(operator, "记录并查看")
    expect(operator.get_by_role("main")).to_contain_text("至少 6 个字")
    axe(operator)
    screenshot(operator, "looks-2-reason")
    operator.get_by_label("理由").fill(REASON)
    press(operator, "记录并查看")
    expect(operator.get_by_role("main")).to_contain_text("这次查看已记录")
    axe(operator)
    screenshot(operator, "looks-3-opened")

    firm.goto(f"/listings/{code}")
    expect(firm.locator("#looks")).to_contain_text(REASON)
    go(firm, "全部记录")
    axe(firm)
    screenshot(firm, "looks-4-log")


def test_operators_keep_rules_and_batches(
    open_page: OpenPage, watch: Watch, axe: Check, screenshot: Shot
) -> None:
    watch.forgive("status of 422")
    operator = open_page()
    sign_in(operator, "operator")
    menu(operator, "赛道规则")
    axe(operator)
    screenshot(operator, "rules-1-versions")
    operator.get_by_role("link", name=re.compile("另立新版本.*揭榜挂帅")).click()
    operator.get_by_label("选定或说明不选").fill("90")
    press(operator, "预览差别")
    expect(operator.get_by_role("alert")).to_contain_text("1 到 60")
    axe(operator)
    operator.get_by_label("选定或说明不选").fill("15")
    operator.get_by_label("依据", exact=True).fill("市科技局 2026 年的决定（演示）")
    press(operator, "预览差别")
    expect(operator.locator("#preview")).to_contain_text("15 个工作日")
    axe(operator)
    screenshot(operator, "rules-2-preview")
    press(operator, "立为新版本")
    told(operator, "版已立")

    menu(operator, "批次管理")
    press(operator, "开出批次")
    expect(operator.get_by_role("main")).to_contain_text("请填写批次名称")
    operator.get_by_label("名称").fill("2027 年第一批")
    operator.get_by_label("榜单类型").select_option(label="企业技术需求")
    today = clock.today()
    operator.get_by_label("窗口开始（北京时间）").fill(f"{today.isoformat()}T00:00")
    operator.get_by_label("窗口截止（北京时间）").fill(f"{today + timedelta(days=20)}T17:00")
    operator.get_by_label("说明").fill("全市企业和高校均可揭榜，联合体由一家牵头。")
    axe(operator)
    screenshot(operator, "batch-1-form")
    press(operator, "开出批次")
    told(operator, "批次已开出")
    visitor = open_page()
    visitor.goto("/batches")
    axe(visitor)
    screenshot(visitor, "batch-2-list")
    go(visitor, "2027 年第一批")
    expect(visitor.get_by_role("main")).to_contain_text("窗口开放中")
    axe(visitor)
    screenshot(visitor, "batch-3-page")
    operator.get_by_role("link", name=re.compile("延期.*第一批")).click()
    axe(operator)


def test_a_team_is_found_and_bids_jointly(
    open_page: OpenPage, watch: Watch, axe: Check, screenshot: Shot
) -> None:
    watch.forgive("status of 422")
    leader, member = open_page(), open_page()
    sign_in(leader, "professor")
    sign_in(member, "supplier")
    leader.goto("/boards/need?q=液压油缸活塞杆")
    found = leader.locator('a[href^="/listings/XQ"]').filter(has_text="液压油缸活塞杆").first
    code = (found.get_attribute("href") or "").rsplit("/", 1)[-1]
    leader.goto(f"/listings/{code}/matches")
    go(leader, "组队攻关")
    expect(leader.get_by_role("main")).to_contain_text("个分项")
    axe(leader)
    screenshot(leader, "team-1-found")

    leader.goto(f"/listings/{code}/respond")
    press(leader, "开始填写")
    leader.get_by_label("报价").fill("80万元")
    press(leader, "保存草稿")
    go(leader, "与其他单位联合揭榜")
    heading(leader, "联合体分工")
    member.goto("/organisations/mine")
    name = member.get_by_role("heading", level=1).inner_text()
    first = leader.get_by_role("region", name=re.compile("牵头单位"))
    second = leader.get_by_role("region", name="成员 1")
    for part, money, gain, work in (
        (first, "50万元", "60", "出涂层体系和工艺。"),
        (second, "30万元", "30", "做样件和盐雾试验。"),
    ):  # fmt: skip
        part.get_by_label("分工").fill(work)
        part.get_by_label("经费").fill(money)
        part.get_by_label("收益（%）").fill(gain)
        part.get_by_label("知识产权").fill("专利归牵头单位，成员在本单位内无偿使用。")
    second.get_by_label("单位全称").fill(name)
    press(leader, "保存并请各家确认")
    expect(leader.get_by_role("alert")).to_contain_text("100%")
    axe(leader)
    screenshot(leader, "joint-1-mistake")
    leader.get_by_role("region", name="成员 1").get_by_label("收益（%）").fill("40")
    press(leader, "保存并请各家确认")
    told(leader, "分工已保存")
    menu(member, "我的待办")
    member.get_by_role("link", name=re.compile("液压油缸活塞杆")).first.click()
    expect(member.get_by_role("main")).to_contain_text("贵单位是否参加")
    axe(member)
    screenshot(member, "joint-2-sign")
    press(member, "代表本单位确认")
    told(member, "已确认分工")
    leader.reload()
    expect(leader.get_by_role("main")).to_contain_text("已确认")
    axe(leader)
    screenshot(leader, "joint-3-signed")
