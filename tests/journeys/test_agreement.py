"""From a selected response through publicity with an objection to the PDF and registration."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import update

from jiebang import config
from jiebang.core import clock
from jiebang.db import Database
from jiebang.technology.publicity import services as publicity
from jiebang.technology.publicity.models import Publicity
from tests.server import Server

from .conftest import OpenPage, Watch
from .people import cell, go, heading, menu, pdf, press, sign_in, told

TEXT = "拟合作方公布的试用业绩与我单位了解的情况不一致，请核实后再签订。"


def days_pass(server: Server) -> None:
    """The publicity's days are over, and the worker has looked."""
    database = Database(config.load({"JIEBANG_HOME": str(server.home)}).database_url)
    with database.transaction() as session:
        session.execute(update(Publicity).values(ends=clock.today() - timedelta(days=1)))
    with database.transaction() as session:
        publicity.run_clock(session)
    database.dispose()


def test_from_selection_to_registration(
    server: Server,
    open_page: OpenPage,
    watch: Watch,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    watch.forgive("status of 422")
    buyer, seller, objector, operator = (open_page() for _ in range(4))

    # the selection is public; a visitor who objects signs in first
    objector.goto("/publicity/")
    heading(objector, "公示")
    axe(objector)
    screenshot(objector, "agreement-1-publicity-list")
    objector.get_by_role("main").get_by_role("table").get_by_role("link").first.click()
    axe(objector)
    screenshot(objector, "agreement-2-publicity")
    sign_in(objector, "expert")
    objector.goto("/publicity/")
    objector.get_by_role("main").get_by_role("table").get_by_role("link").first.click()
    go(objector, "提出异议")
    objector.get_by_label("对什么有异议，依据是什么").fill("不同意")
    press(objector, "提交异议")
    expect(objector.get_by_role("main")).to_contain_text("至少 10 个字")
    objector.get_by_label("对什么有异议，依据是什么").fill(TEXT)
    objector.get_by_label(re.compile("证明材料")).set_input_files(pdf("证明.pdf"))
    axe(objector)
    screenshot(objector, "agreement-3-objecting")
    press(objector, "提交异议")
    told(objector, "异议已提交")

    # the operator decides it with a reason
    sign_in(operator, "operator")
    operator.get_by_role("link", name=re.compile("^公示异议")).first.click()
    heading(operator, "公示异议")
    axe(operator)
    screenshot(operator, "agreement-4-deciding")
    operator.get_by_label("理由").fill("已核对试用单位出具的证明，业绩属实。")
    press(operator, "异议不成立，公示继续")
    told(operator, "决定已送达")
    objector.reload()
    expect(objector.get_by_role("main")).to_contain_text("业绩属实")

    # meanwhile both sides write; the buyer fills in what is missing
    sign_in(buyer, "rd")
    buyer.get_by_role("main").get_by_role("listitem").filter(has_text="协议").get_by_role(
        "link", name=re.compile("^去商定")
    ).click()
    heading(buyer, "的协议")
    expect(buyer.get_by_role("main")).to_contain_text("公示期间可以商定")
    expect(buyer.get_by_role("main")).to_contain_text("还缺付款条件")
    axe(buyer)
    screenshot(buyer, "agreement-5-draft")
    go(buyer, "修改")
    cell(buyer, "分期付款", "付款条件", 3).fill("验收通过并收到发票后 15 日内")
    cell(buyer, "分期付款", "金额", 3).fill("很多")
    press(buyer, "保存")
    expect(buyer.get_by_role("alert")).to_contain_text("看不懂金额")
    cell(buyer, "分期付款", "金额", 3).fill("18万元")
    axe(buyer)
    screenshot(buyer, "agreement-6-editing")
    press(buyer, "保存")
    told(buyer, "已保存为第 3 版")
    go(buyer, "对照最近两版")
    heading(buyer, "对照")
    axe(buyer)
    screenshot(buyer, "agreement-7-compare")
    go(buyer, "协议")
    buyer.get_by_role("main").get_by_role("table").get_by_role("link").first.click()
    press(buyer, "提请各方确认")
    told(buyer, "已提请各方确认")
    expect(buyer.get_by_role("link", name="阅读并确认")).to_have_count(0)

    # the days are over: both confirm the same version
    days_pass(server)
    buyer.reload()
    go(buyer, "阅读并确认")
    axe(buyer)
    screenshot(buyer, "agreement-8-confirming")
    press(buyer, "确认这一版")
    told(buyer, "已确认，等对方")
    sign_in(seller, "professor")
    seller.get_by_role("link", name=re.compile("^去确认")).first.click()
    go(seller, "阅读并确认")
    press(seller, "确认这一版")
    told(seller, "协议成立")
    axe(seller)
    screenshot(seller, "agreement-9-agreed")
    with seller.expect_download() as download:
        go(seller, "PDF")
    reader = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    assert "确认成立" in text and "刘老师" in text and "验收通过并收到发票后15日内" in text

    # the seller registers the contract
    go(seller, "办理登记")
    heading(seller, "技术合同认定登记")
    seller.get_by_label("登记机构").fill("济南技术合同登记站")
    axe(seller)
    screenshot(seller, "agreement-10-registration")
    press(seller, "已提交登记机构")
    told(seller, "已记录")
    press(seller, "已受理")
    seller.get_by_role("group").filter(has=seller.get_by_text("已认定登记", exact=True))
    seller.locator("summary").filter(has_text="已认定登记").click()
    seller.get_by_label("登记编号").fill("2026370100000001")
    seller.get_by_label("其中技术交易额").fill("50万元")
    seller.get_by_role("button", name="已认定登记").click()
    expect(seller.get_by_role("main")).to_contain_text("登记编号 2026370100000001")
    axe(seller)
    screenshot(seller, "agreement-11-registered")
    menu(buyer, "我的待办")
    menu(buyer, "协议")
    expect(buyer.get_by_role("main")).to_contain_text("已签订")
    screenshot(buyer, "agreement-12-list")
