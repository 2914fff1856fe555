"""A vague need is asked back, diagnosed and improved; an outcome passes its university's office."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.boards.intake.files import word

from .conftest import OpenPage, Watch
from .people import cell, choose, go, heading, menu, pdf, press, sign_in, told

Check = Callable[[Page], None]
Save = Callable[[Page, str], None]

TITLE = "水泵密封总是漏，想找好办法"


def test_a_vague_need_through_its_diagnosis(
    open_page: OpenPage, axe: Check, screenshot: Save
) -> None:
    owner = open_page()
    sign_in(owner, "rd")
    go(owner, "我要发榜")
    owner.get_by_role("link", name=re.compile("^发布技术需求")).click()
    owner.get_by_label("标题").fill(TITLE)
    panel = owner.get_by_role("region", name="对方最想知道")
    expect(panel).to_contain_text("希望什么时候做成")
    owner.get_by_label("公开摘要").fill("泵轴密封泄漏，泄漏量要降到5mL/h以内，预算30万元。")
    # while typing; the first question to a new server loads the model
    expect(panel).to_contain_text("文中写到“泄漏量降到5mL/h以内”", timeout=30_000)
    axe(owner)
    screenshot(owner, "intake-advice")
    press(owner, "保存并继续")
    press(owner, "保存并继续")
    choose(owner, "合作方式", "技术开发")
    press(owner, "保存并继续")
    owner.get_by_label("产业领域").select_option(label="其他")
    press(owner, "保存并核对")
    press(owner, "提交审核")
    told(owner, "已提交审核")

    operator = open_page()
    sign_in(operator, "operator")
    menu(operator, "审核")
    go(operator, TITLE)
    operator.get_by_label("请谁来问").select_option(label="专家 顾研究员（专家，诊断中 0 条）")
    questions = operator.get_by_label("要问清楚的")
    expect(questions).to_have_value(re.compile("现在怎么做"))
    axe(operator)
    screenshot(operator, "diagnosis-send")
    questions.fill("1. 密封什么介质、多少度？\n2. 现在用哪种密封？")
    press(operator, "送诊断")
    told(operator, "已送诊断")

    expert = open_page()
    sign_in(expert, "expert")
    go(expert, TITLE)
    expect(expert.get_by_role("main")).to_contain_text("密封什么介质")
    axe(expert)
    screenshot(expert, "diagnosis-advisor")
    expert.get_by_label("向发布方提问").fill("泄漏量是冷态还是热态测的？")
    press(expert, "发给发布方")
    told(expert, "问题已发给发布方")

    owner.goto("/todo")
    go(owner, TITLE)
    expect(owner.get_by_role("main")).to_contain_text("冷态还是热态")
    owner.get_by_label("回答").fill("热态，八十度清水，现在用填料密封。")
    press(owner, "发送回答")
    told(owner, "已回答")
    axe(owner)
    screenshot(owner, "diagnosis-owner")
    go(owner, "补充内容")
    owner.get_by_role("link", name="指标与条件").click()
    cell(owner, "指标", "指标", 1).fill("泄漏量")
    cell(owner, "指标", "数值", 1).fill("5")
    cell(owner, "指标", "单位", 1).fill("mL/h")
    press(owner, "保存并继续")
    press(owner, "保存并核对")
    press(owner, "提交审核")
    told(owner, "已提交审核")

    operator.goto("/todo")
    go(operator, TITLE)
    go(operator, "看问与答")
    expect(operator.get_by_role("main")).to_contain_text("八十度清水")
    operator.go_back()
    press(operator, "通过并发布")
    told(operator, "已通过并发布")


def test_a_file_is_read_and_only_what_is_ticked_is_taken(
    open_page: OpenPage, axe: Check, screenshot: Save, watch: Watch
) -> None:
    watch.forgive("status of 422")
    page = open_page()
    sign_in(page, "rd")
    page.goto("/listings/new/need")
    go(page, "读取文件，勾选要用的内容")
    chooser = page.get_by_label("需求书、成果说明或登记表")
    chooser.set_input_files(pdf("扫描件.pdf"))
    press(page, "读取文件")
    expect(page.get_by_role("alert")).to_contain_text("扫描件")
    axe(page)
    screenshot(page, "document-refused")
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    chooser.set_input_files({"name": "需求.docx", "mimeType": docx, "buffer": word()})
    press(page, "读取文件")
    heading(page, "核对文件内容")
    axe(page)
    screenshot(page, "document-review")
    page.get_by_label("采用：标题").check()
    page.get_by_label("采用：目标指标").check()
    press(page, "采用勾选的")
    told(page, "已采用 2 项")
    expect(page.get_by_label("标题", exact=True)).to_have_value("精密减速器齿面磨损过快")
    expect(page.get_by_label("公开摘要")).to_have_value("")


def test_an_outcome_passes_its_universitys_office(
    open_page: OpenPage, axe: Check, screenshot: Save
) -> None:
    investigator = open_page()
    sign_in(investigator, "pi")
    go(investigator, "我要发榜")
    investigator.get_by_role("link", name=re.compile("^发布科技成果")).click()
    investigator.get_by_label("标题").fill("一种泵轴密封结构及其方法")
    investigator.get_by_label("通俗摘要").fill(
        "本发明公开一种泵轴密封，其特征在于所述密封环国际领先。"
    )
    panel = investigator.get_by_role("region", name="对方最想知道")
    expect(panel).to_contain_text("是专利文件的说法", timeout=30_000)
    expect(panel).to_contain_text("“国际领先”说服不了企业")
    axe(investigator)
    screenshot(investigator, "outcome-advice")
    investigator.get_by_label("标题").fill("泵轴热态不漏的密封环")
    investigator.get_by_label("通俗摘要").fill(
        "解决热水泵轴密封泄漏的问题，给水泵厂用。泄漏量比填料密封低90%。"
    )
    expect(panel).not_to_contain_text("是专利文件的说法")
    press(investigator, "保存并继续")
    press(investigator, "保存并继续")
    press(investigator, "保存并继续")
    investigator.get_by_label("产业领域").select_option(label="其他")
    press(investigator, "保存并核对")
    press(investigator, "提交本单位审批")
    told(investigator, "已提交本单位审批")

    office = open_page()
    sign_in(office, "professor")
    go(office, "泵轴热态不漏的密封环")
    heading(office, "核对后提交")
    axe(office)
    screenshot(office, "endorsement")
    press(office, "同意并提交审核")
    told(office, "已同意并提交平台审核")
