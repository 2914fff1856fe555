"""The steps of the longest journey: a vague need on the competition's track, up to a selection."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import update

from jiebang import config, wiring
from jiebang.accounts import services as accounts
from jiebang.accounts.demo import DEMO_PASSWORD
from jiebang.boards.models import Listing
from jiebang.boards.services import run_clock
from jiebang.core import clock
from jiebang.core.permissions import SYSTEM, Role
from jiebang.db import Database
from tests.server import Server

from .people import cell, choose, each, go, menu, press, sign_in, told

TITLE = "几个部门的数据不能出门，还想合在一起算"
OUTCOME = "面向大规模集合的轻量化隐私求交协议"
EXPERTS = ("expert", "expert2", "expert3")
SUGGESTED_WITHIN = 60_000
"""Milliseconds until the worker has compared both sides."""


@dataclass
class Cast:
    """Who takes part, each with a browser of their own."""

    server: Server
    owner: Page
    operator: Page
    experts: list[Page]
    professor: Page
    related: Page
    specialist: Page
    stop: Callable[[Page, str], None]
    """Checks a page for barriers and photographs it."""

    def enter(self) -> None:
        """Everybody signs in; two experts more than the demonstration has are there."""
        with self.database.transaction() as session:
            for name in EXPERTS[1:]:
                accounts.create_user(
                    session, SYSTEM, email=f"{name}@demo.jiebang", name=f"评审专家 {name[-1]} 号",
                    password=DEMO_PASSWORD, roles=(Role.EXPERT,), demo=True,
                )  # fmt: skip
        for page, name in (
            (self.owner, "rd"), (self.operator, "operator"), (self.professor, "professor"),
            (self.related, "supplier"), (self.specialist, "specialist"),
            *zip(self.experts, EXPERTS, strict=True),
        ):  # fmt: skip
            sign_in(page, name)

    @property
    def database(self) -> Database:
        """The server's database, for what only time can do."""
        return Database(config.load({"JIEBANG_HOME": str(self.server.home)}).database_url)


def write_a_vague_need(cast: Cast) -> None:
    """One line, on the competition's track."""
    owner = cast.owner
    go(owner, "我要发榜")
    owner.get_by_role("link", name=re.compile("^发布技术需求")).click()
    owner.get_by_label("标题").fill(TITLE)
    choose(owner, "对接方式", "揭榜挂帅")
    owner.get_by_label("公开摘要").fill("几家的数据都不能出机房，想一起统计。")
    press(owner, "保存并继续")
    press(owner, "保存并继续")
    choose(owner, "合作方式", "技术开发")
    press(owner, "保存并继续")
    owner.get_by_label("产业领域").select_option(label="大数据与新一代信息技术")
    press(owner, "保存并核对")
    press(owner, "提交审核")
    told(owner, "已提交审核")


def diagnose(cast: Cast) -> None:
    """The reviewer asks an expert to ask back; the owner answers."""
    operator, expert, owner = cast.operator, cast.experts[0], cast.owner
    menu(operator, "审核")
    go(operator, TITLE)
    asked = operator.get_by_label("请谁来问")
    option = asked.get_by_role("option", name=re.compile("顾研究员")).get_attribute("value")
    asked.select_option(option)
    press(operator, "送诊断")
    told(operator, "已送诊断")
    menu(expert, "我的待办")
    go(expert, TITLE)
    expert.get_by_label("向发布方提问").fill("每家多少条数据？要求多快算完？")
    press(expert, "发给发布方")
    menu(owner, "我的待办")
    go(owner, TITLE)
    owner.get_by_label("回答").fill("每家约两千万条，要求一小时内算完。")
    press(owner, "发送回答")
    go(owner, "补充内容")


def complete(cast: Cast) -> None:
    """What was asked is written into the need, which goes back to the reviewer."""
    owner = cast.owner
    owner.get_by_label("公开摘要").fill(
        "三个部门各有两千万条记录，原始数据不能出机房，要在密文下完成大规模集合的隐私求交和联合统计，"
        "一小时内出结果，不增加专用硬件。"
    )
    press(owner, "保存并继续")
    press(owner, "保存并继续")
    cell(owner, "指标", "指标", 1).fill("两千万条求交耗时")
    cell(owner, "指标", "关系", 1).select_option("≤")
    cell(owner, "指标", "数值", 1).fill("60")
    cell(owner, "指标", "单位", 1).fill("分钟")
    owner.get_by_label("预算").fill("60-100万元")
    owner.get_by_label("期望完成日期").fill((clock.today() + timedelta(days=60)).isoformat())
    press(owner, "保存并继续")
    press(owner, "保存并核对")
    press(owner, "提交审核")
    told(owner, "已提交审核")


def experts_score(cast: Cast, stage: str) -> None:
    """The operator asks three experts; each declares, scores with a word, and submits."""
    operator = cast.operator
    experts = operator.get_by_role("group", name=re.compile("^专家"))
    for box in each(experts.get_by_role("checkbox")):
        box.check()
    press(operator, "请这些专家评审")
    for number, expert in enumerate(cast.experts):
        menu(expert, "评审")
        expert.get_by_role("link", name=re.compile(stage)).first.click()
        press(expert, "声明无利益冲突，开始评审")
        for points in each(expert.get_by_label(re.compile("得分，0 到 100$"))):
            points.fill(str(80 + number))
        for words in each(expert.get_by_label(re.compile("的理由$"))):
            words.fill("材料写得清楚，有数据支撑。")
        for advice in each(expert.get_by_role("group", name="总体意见")):
            advice.get_by_role("radio").first.check()
        if not number:
            cast.stop(expert, f"whole-review-{stage}")
        press(expert, "提交评审")
        told(expert, "已提交")
    operator.reload()
    press(operator, "结束评审")
    told(operator, "评审已结束")


def publish(cast: Cast) -> None:
    """Experts score the need; the operator publishes it."""
    operator = cast.operator
    menu(operator, "审核")
    go(operator, TITLE)
    go(operator, "请专家评审")
    experts_score(cast, "需求评审")
    menu(operator, "审核")
    go(operator, TITLE)
    cast.stop(operator, "whole-need-reviewed")
    press(operator, "通过并发布")
    told(operator, "已通过并发布")


def introduce(cast: Cast) -> None:
    """From a match to a specialist, who introduces both sides."""
    owner, specialist = cast.owner, cast.specialist
    card = owner.get_by_role("article").filter(has_text=OUTCOME)
    for _ in range(SUGGESTED_WITHIN // 1000):
        menu(owner, "我的发布")
        go(owner, TITLE)
        owner.get_by_role("link", name=re.compile("看全部匹配|匹配")).first.click()
        if card.count():
            break
        owner.wait_for_timeout(1000)
    cast.stop(owner, "whole-matches")
    card.get_by_role("link", name="请专员对接").click()
    press(owner, "请专员对接")
    told(owner, "已送达服务专员")
    menu(specialist, "专员工作台")
    specialist.get_by_role("link", name=OUTCOME, exact=True).first.click()
    specialist.get_by_label("给双方的话").fill(
        "需求方三家数据不出机房，课题组的协议正好针对，建议先谈环境。"
    )
    press(specialist, "接办并引荐双方")
    told(specialist, "已引荐")


def agree_to_talk(cast: Cast) -> None:
    """The other side agrees to the introduction and the thread opens."""
    professor = cast.professor
    menu(professor, "我的待办")
    professor.get_by_role("main").get_by_role("listitem").filter(has_text="引荐").get_by_role(
        "link"
    ).first.click()
    press(professor, "同意对接")
    told(professor, "双方都已同意")
    go(professor, "到对接里继续")
    professor.get_by_role("textbox").first.fill("我们可以先拿一千万条的样例跑一遍给贵单位看。")
    cast.stop(professor, "whole-thread")


def _write(page: Page, code: str, leader: str) -> None:
    page.goto(f"/listings/{code}")
    press(page, "我要揭榜")
    for group in each(page.get_by_role("radiogroup")):
        group.get_by_label("满足", exact=True).check()
    page.get_by_label("方案", exact=True).fill("各部门机房放一个节点，密文求交后只交换统计结果。")
    page.get_by_label("进度安排").fill("一个月部署，一个月试运行，一个月验收。")
    page.get_by_label("报价").fill("90万元")
    page.get_by_label("项目负责人").fill(leader)
    press(page, "提交")


def answer(cast: Cast) -> None:
    """Two answers; the one of a related party is stopped, with the path shown."""
    owner, related, professor = cast.owner, cast.related, cast.professor
    menu(owner, "我的发布")
    go(owner, TITLE)
    code = owner.url.rsplit("/", 1)[-1].split("?")[0]
    related.goto("/organisations/mine")
    name = related.get_by_role("heading", level=1).inner_text()
    owner.goto("/organisations/mine/relations")
    owner.get_by_label(re.compile("^对方在下")).check()
    owner.get_by_label("对方全称").fill(name)
    owner.get_by_label("关系").select_option(label="持股")
    owner.get_by_label(re.compile("^持股比例")).fill("60")
    press(owner, "申报")
    _write(related, code, "赵工")
    expect(related.get_by_role("main")).to_contain_text("存在关联关系")
    expect(related.get_by_role("main")).to_contain_text("持股 60%")
    cast.stop(related, "whole-related")
    _write(professor, code, "刘老师")
    told(professor, "已提交")


def select(cast: Cast) -> None:
    """The formality check, the closing day, the experts, the shortlist and the selection."""
    operator, owner = cast.operator, cast.owner
    menu(operator, "我的待办")
    waiting = operator.get_by_role("main").get_by_role("listitem").filter(has_text=TITLE)
    waiting.get_by_role("link", name=re.compile("^去审查")).click()
    press(operator, "通过，交发榜方")
    _closing_day_passes(cast)
    code = _code(owner)
    operator.goto(f"/reviews/of/{code}/responses")
    experts_score(cast, "揭榜评审")
    owner.goto(f"/listings/{code}")
    owner.locator("#responses").get_by_role("link").first.click()
    cast.stop(owner, "whole-response")
    press(owner, "列入候选")
    go(owner, "选定")
    cast.stop(owner, "whole-select")
    press(owner, "选定")
    told(owner, "已选定")


def _code(owner: Page) -> str:
    menu(owner, "我的发布")
    go(owner, TITLE)
    return owner.url.rsplit("/", 1)[-1].split("?")[0]


def _closing_day_passes(cast: Cast) -> None:
    database = cast.database
    settings = config.load({"JIEBANG_HOME": str(cast.server.home)})
    with database.transaction() as session:
        yesterday = clock.today() - timedelta(days=1)
        session.execute(update(Listing).where(Listing.title == TITLE).values(deadline=yesterday))
    with database.transaction() as session:
        run_clock(session, wiring.discovery(settings, database))
    database.dispose()
