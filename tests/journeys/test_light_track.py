"""An outcome that an enterprise answers on the light track: from the outcome's page to the
confirmed agreement and its paper, in as few steps as a market deserves. The steps are counted."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from jiebang.core import clock

from .conftest import OpenPage
from .people import cell, each, heading, menu, sign_in, told

OUTCOME = "面向大规模集合的轻量化隐私求交协议"


@dataclass
class Person:
    """Somebody at a screen, whose clicks and pages count."""

    page: Page
    clicks: int = 0
    pages: int = 0

    def __post_init__(self) -> None:
        self.page.on("framenavigated", self._turned)

    def _turned(self, frame: object) -> None:
        self.pages += frame == self.page.main_frame

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.clicks += 1

    def go(self, name: str | re.Pattern[str]) -> None:
        exact = isinstance(name, str)
        self.page.get_by_role("main").get_by_role("link", name=name, exact=exact).first.click()
        self.clicks += 1

    def todo(self) -> None:
        """What everybody sees after signing in: the way in, not a step."""
        menu(self.page, "我的待办")
        self.pages -= 1


def test_from_an_outcomes_page_to_the_paper(
    open_page: OpenPage,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    buyer, owner = Person(open_page()), Person(open_page())
    sign_in(buyer.page, "rd")
    sign_in(owner.page, "professor")
    buyer.page.goto("/boards/outcome?q=隐私求交")
    buyer.clicks = buyer.pages = owner.clicks = owner.pages = 0

    def stop(who: Person, name: str) -> None:
        axe(who.page)
        screenshot(who.page, f"light-{name}")

    # interest: one sentence, one click
    buyer.go(OUTCOME)
    buyer.page.get_by_label("一句话说明来意").fill("三个部门想联合统计又不能出数据，想了解许可费。")
    stop(buyer, "1-outcome")
    buyer.press("意向对接")
    told(buyer.page, "意向已送达")
    assert (buyer.clicks, buyer.pages) == (2, 2)

    # the owner answers where everything waits
    owner.todo()
    owner.go(OUTCOME)
    owner.page.get_by_label("答复", exact=True).fill("可以许可，六个节点以内 60 万元。")
    owner.press("答复并开始对接")
    stop(owner, "2-answered")
    assert (owner.clicks, owner.pages) == (2, 2)

    # from the talk straight to the plan
    buyer.todo()
    buyer.go(OUTCOME)
    expect(buyer.page.locator("#respond")).to_contain_text("谈得差不多了")
    stop(buyer, "3-talk")
    buyer.press("提交合作方案")
    heading(buyer.page, "提交合作方案")
    for group in each(buyer.page.get_by_role("radiogroup")):
        group.get_by_label("满足", exact=True).check()
    buyer.page.get_by_label("方案", exact=True).fill("三个部门各放一个节点，先跑两张表。")
    buyer.page.get_by_label("进度安排").fill("一个月部署，两个月试用。")
    buyer.page.get_by_label("拟投入金额").fill("60万元")
    buyer.page.get_by_label("项目负责人").fill("陈工")
    stop(buyer, "4-plan")
    buyer.press("提交")
    told(buyer.page, "已提交")
    stop(buyer, "5-filed")
    assert (buyer.clicks, buyer.pages) == (5, 5)

    # nobody else waits and the track has no list of candidates: one click selects
    owner.todo()
    owner.go(re.compile("^去选定"))
    heading(owner.page, "的揭榜")
    stop(owner, "6-select")
    owner.press("选定")
    told(owner.page, "已选定，已通知对方")
    stop(owner, "7-selected")
    owner.go(re.compile("版协议$"))
    heading(owner.page, "的协议")
    stop(owner, "8-draft")
    owner.go("修改")
    _write(owner.page)
    stop(owner, "9-writing")
    owner.press("保存")
    told(owner.page, "已保存")
    stop(owner, "10-complete")

    # without a publicity before it, who proposes the text confirms it in the same act
    owner.go("阅读、确认并提请对方")
    stop(owner, "11-proposing")
    owner.press("确认并提请对方")
    told(owner.page, "已确认，等对方")
    assert (owner.clicks, owner.pages) == (9, 9)

    # the task leads to the text and its button
    buyer.todo()
    buyer.go(re.compile("^去确认"))
    heading(buyer.page, "确认第")
    stop(buyer, "12-confirming")
    buyer.press("确认这一版")
    told(buyer.page, "协议成立")
    stop(buyer, "13-agreed")
    with buyer.page.expect_download() as download:
        buyer.go("PDF")
    assert (buyer.clicks, buyer.pages) == (8, 7)
    text = _text(download.value.path().read_bytes())
    assert "确认成立" in text and "刘老师" in text and "六个节点以内" in text


def _write(page: Page) -> None:
    page.get_by_label("完成期限").fill((clock.today() + timedelta(days=120)).isoformat())
    page.get_by_label("合作内容", exact=True).fill("许可六个节点以内使用隐私求交协议，部署并培训。")
    rows = (("签订后 10 日内", "30万元"), ("试用满两个月", "20万元"), ("验收通过后", "10万元"))
    for row, (condition, amount) in enumerate(rows, 1):
        cell(page, "分期付款", "付款条件", row).fill(condition)
        cell(page, "分期付款", "金额", row).fill(amount)
        due = clock.today() + timedelta(days=30 * row)
        cell(page, "分期付款", "计划日期", row).fill(due.isoformat())
    methods = page.get_by_role("group", name="验收指标").get_by_label(re.compile("^怎样检验"))
    for method in each(methods):
        method.fill("在三个部门的机房实测")
    for column in ("甲方份额（%）", "乙方份额（%）"):
        shares = page.get_by_role("group", name="知识产权归属").get_by_label(
            re.compile(f"^{re.escape(column)}")
        )
        for share in each(shares):
            share.fill("50")


def _text(paper: bytes) -> str:
    reader = PdfReader(io.BytesIO(paper))
    return "".join("".join(page.extract_text().split()) for page in reader.pages)
