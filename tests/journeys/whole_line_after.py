"""The longest journey after the selection: publicity, the agreement and its registration."""

from __future__ import annotations

import io
import re
from datetime import timedelta

from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import update

from jiebang.core import clock
from jiebang.technology.publicity import services as publicity
from jiebang.technology.publicity.models import Publicity

from .people import cell, go, heading, menu, press, told
from .whole_line import TITLE, Cast

OBJECTION = "拟合作方公布的业绩与我单位了解的不一致，请核实后再签订。"


def object_in_vain(cast: Cast) -> None:
    """The firm that was barred objects to the public selection; the operator decides with a
    reason."""
    stranger = cast.related
    stranger.goto("/publicity/")
    row = stranger.get_by_role("main").get_by_role("row").filter(has_text=TITLE)
    row.get_by_role("link").first.click()
    cast.stop(stranger, "whole-publicity")
    go(stranger, "提出异议")
    stranger.get_by_label("对什么有异议，依据是什么").fill(OBJECTION)
    press(stranger, "提交异议")
    told(stranger, "异议已提交")
    operator = cast.operator
    menu(operator, "我的待办")
    waiting = operator.get_by_role("main").get_by_role("listitem").filter(has_text="异议")
    waiting.get_by_role("link").first.click()
    heading(operator, "公示异议")
    operator.get_by_label("理由").fill("已核对试用单位出具的证明，业绩属实。")
    cast.stop(operator, "whole-objection")
    press(operator, "异议不成立，公示继续")
    told(operator, "决定已送达")
    database = cast.database
    with database.transaction() as session:
        session.execute(update(Publicity).values(ends=clock.today() - timedelta(days=1)))
    with database.transaction() as session:
        publicity.run_clock(session)
    database.dispose()


def _to_agreement(page: Page) -> None:
    menu(page, "协议")
    page.get_by_role("main").get_by_role("link", name=re.compile(re.escape(TITLE))).first.click()
    heading(page, "的协议")


def agree(cast: Cast) -> None:
    """Both sides fill in the draft, confirm one version and print it."""
    owner, professor = cast.owner, cast.professor
    _to_agreement(owner)
    cast.stop(owner, "whole-draft")
    go(owner, "修改")
    for row, (condition, amount) in enumerate(
        (
            ("签订后 10 日内", "30万元"),
            ("样例跑通后 10 日内", "30万元"),
            ("验收通过后 15 日内", "30万元"),
        ),
        1,
    ):
        cell(owner, "分期付款", "付款条件", row).fill(condition)
        cell(owner, "分期付款", "金额", row).fill(amount)
        due = clock.today() + timedelta(days=30 * row)
        cell(owner, "分期付款", "计划日期", row).fill(due.isoformat())
    owner.get_by_label("完成期限").fill((clock.today() + timedelta(days=120)).isoformat())
    cell(owner, "验收指标", "怎样检验", 1).fill("在三方机房用样例数据实测")
    for row in (1, 2):
        cell(owner, "知识产权归属", "甲方份额（%）", row).fill("50")
        cell(owner, "知识产权归属", "乙方份额（%）", row).fill("50")
    press(owner, "保存")
    told(owner, "已保存")
    press(owner, "提请各方确认")
    told(owner, "已提请各方确认")
    for page, words in ((owner, "已确认，等对方"), (professor, "协议成立")):
        _to_agreement(page)
        go(page, "阅读并确认")
        press(page, "确认这一版")
        told(page, words)
    with professor.expect_download() as download:
        go(professor, "PDF")
    reader = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    assert "确认成立" in text and "".join(TITLE.split()) in text
    cast.stop(professor, "whole-agreed")


def register(cast: Cast) -> None:
    """The seller registers the contract."""
    professor = cast.professor
    go(professor, "办理登记")
    professor.get_by_label("登记机构").fill("济南技术合同登记站")
    press(professor, "已提交登记机构")
    press(professor, "已受理")
    professor.locator("summary").filter(has_text="已认定登记").click()
    professor.get_by_label("登记编号").fill("2026370100000002")
    professor.get_by_label("其中技术交易额").fill("80万元")
    professor.get_by_role("button", name="已认定登记").click()
    expect(professor.get_by_role("main")).to_contain_text("登记编号 2026370100000002")
    cast.stop(professor, "whole-registered")
