"""What few projects see, in a browser: joint agreements, an expert's word, mediation, rules typed.

The people and objects are made by services on a small database of their own, so that each page is
met in the state it is for; what is done on the page is done by clicking.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from jiebang.boards.responses import services as responses
from jiebang.core.permissions import Actor, Role
from jiebang.technology.projects.models import Milestone
from tests.boards.test_joint import parts, sign, split
from tests.factories import World, world_on
from tests.technology.agreements_scene import complete
from tests.technology.projects_scene import running_in
from tests.technology.test_joint_agreements import signing_jointly

from .people import heading, press, told

Check = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@dataclass
class Desk:
    """A world that a browser reaches, and pages of its people."""

    world: World
    url: str
    browser: Browser
    contexts: list[BrowserContext]
    problems: list[str]

    def page(self, who: Actor, *, scripts: bool = True) -> Page:
        client = self.world.browser(who)
        cookies = [
            {"name": each.key, "value": each.value, "url": self.url}
            for each in client._cookies.values()  # type: ignore[attr-defined]
        ]
        context = self.browser.new_context(
            base_url=self.url, locale="zh-CN", timezone_id="Asia/Shanghai",
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce",
            java_script_enabled=scripts,
        )  # fmt: skip
        context.set_default_timeout(30_000)
        context.add_cookies(cookies)  # type: ignore[arg-type]
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.problems.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        return page


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    with world_on("sqlite", tmp_path) as world:
        server = make_server("127.0.0.1", 0, world.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        found = Desk(world, f"http://127.0.0.1:{server.server_port}", browser, [], [])
        try:
            yield found
        finally:
            for each in found.contexts:
                each.close()
            server.shutdown()
            thread.join()
    assert found.problems == []


def test_a_joint_agreement_is_read_shared_out_and_confirmed(
    desk: Desk, axe: Check, screenshot: Shot
) -> None:
    signing, _, member = signing_jointly(desk.world)
    issuer = desk.page(signing.issuer)
    issuer.goto(f"/agreements/{signing.agreement_id}")
    expect(issuer.get_by_role("main")).to_contain_text("联合体分工、经费、收益与知识产权")
    axe(issuer)
    screenshot(issuer, "line-1-joint-draft")
    issuer.get_by_role("link", name="修改", exact=True).click()
    issuer.get_by_label("总金额").fill("100万元")
    press(issuer, "按签署的比例把总金额分给各方")
    expect(issuer.get_by_label(re.compile("乙方经费"))).to_have_value("50万元")
    axe(issuer)
    screenshot(issuer, "line-2-joint-edit")

    def less(content: dict[str, object]) -> dict[str, object]:
        made = complete(content)
        made["split"][0]["amount"] -= 10_000_000
        made["split"][1]["amount"] += 10_000_000
        return made

    signing.save(signing.issuer, less)
    signing.propose()
    signing.confirm(signing.responder)
    reader = desk.page(member)
    reader.goto(f"/agreements/{signing.agreement_id}/confirm")
    expect(reader.get_by_role("main")).to_contain_text("与签署的分工不同")
    axe(reader)
    screenshot(reader, "line-3-joint-confirm")
    press(reader, "确认这一版")
    told(reader, "已确认，等其余各方")
    screenshot(reader, "line-4-joint-waiting")


def test_a_refiled_split_is_a_draft(desk: Desk, axe: Check, screenshot: Shot) -> None:
    signing, *_ = signing_jointly(desk.world)
    answers = signing.answers
    other = answers.more[0]
    leader = desk.world.owner(name="泉城第二研究院")
    answers.rules(joint=True)
    signing.end(signing.issuer)
    number = answers.draft(leader)
    split(answers, number, leader, parts(answers, other))
    sign(answers, number, other)
    answers.file(number, leader)
    answers.decide(number, "decline", "请补充检测能力。", "conditions")
    with desk.world.database.transaction() as session:
        listing = desk.world._load(session, answers.scene.code)
        again = responses.begin(session, leader, listing).id
    page = desk.page(leader)
    page.goto(f"/responses/{again}/split")
    expect(page.get_by_role("main")).to_contain_text("以前的确认不算数")
    axe(page)
    screenshot(page, "line-5-carried-split")
    press(page, "保存并请各家确认")
    told(page, "已请其他单位确认")


def test_an_expert_is_asked_declares_and_confirms(desk: Desk, axe: Check, screenshot: Shot) -> None:
    running = running_in(desk.world, check=True, expert=True)
    running.evidence(0, "样件三件，第三方检测合格，变形量 0.6 mm。", file=True)
    running.judge(0, "recommend")
    expert = desk.world.actor(desk.world.user(Role.EXPERT, name="钱工"))
    insider = desk.world.user(Role.EXPERT, name="孙工")
    assert running.solver.organisation_id is not None
    desk.world.member(running.solver.organisation_id, insider)
    operator = desk.page(running.operator)
    operator.goto("/todo")
    screenshot(operator, "line-6-operator-todo")
    operator.goto(f"/projects/{running.id}")
    axe(operator)
    screenshot(operator, "line-7-ask-expert")
    press(operator, "请这位专家确认")
    expect(operator.get_by_role("alert").first).to_contain_text("请选择一位专家")
    operator.get_by_label("专家", exact=True).select_option(str(expert.user_id))
    press(operator, "请这位专家确认")
    told(operator, "已请专家确认")
    page = desk.page(expert)
    page.goto("/reviews/")
    screenshot(page, "line-8-expert-desk")
    page.get_by_role("link", name=re.compile("^确认里程碑")).first.click()
    heading(page, "确认里程碑")
    axe(page)
    screenshot(page, "line-9-declare")
    press(page, "声明无利益冲突，看材料")
    expect(page.get_by_role("main")).to_contain_text("变形量 0.6 mm")
    axe(page)
    screenshot(page, "line-10-check")
    client = desk.page(running.client)
    client.goto(f"/projects/{running.id}")
    expect(client.get_by_role("main")).to_contain_text("待专家确认")
    screenshot(client, "line-11-client")
    press(page, "确认通过")
    told(page, "结论已送达双方")
    assert running.rows(Milestone)[0].state.value == "passed"


def test_a_refused_termination_is_mediated(desk: Desk, axe: Check, screenshot: Shot) -> None:
    running = running_in(desk.world)
    running.ask(running.client, "termination", "车型取消，不再需要这套工艺。", code="market")
    solver = desk.page(running.solver)
    solver.goto(f"/projects/{running.id}")
    solver.get_by_text("不同意，交平台协调").first.click()
    solver.get_by_role("main").get_by_role("textbox", name="说明").first.fill(
        "样件已经开模，已投入三十万元。"
    )
    axe(solver)
    screenshot(solver, "line-12-object")
    press(solver, "确定不同意，交平台协调")
    told(solver, "已办理")
    screenshot(solver, "line-13-mediating")
    operator = desk.page(running.operator)
    operator.goto("/todo")
    operator.get_by_role("link", name=re.compile("焊接变形")).first.click()
    operator.get_by_text("协调结论：继续履行").first.click()
    axe(operator)
    screenshot(operator, "line-14-mediate")
    forms = operator.get_by_role("textbox", name="说明").filter(visible=True)
    forms.first.fill("已投入的费用由双方另行商定，按协议继续。")
    press(operator, "确定协调结论：继续履行")
    told(operator, "结论已送达双方")
    solver.reload()
    expect(solver.get_by_role("main")).to_contain_text("另行商定")


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "plain"])
def test_grant_rules_are_typed(desk: Desk, axe: Check, screenshot: Shot, scripts: bool) -> None:
    page = desk.page(desk.world.operator(), scripts=scripts)
    page.goto("/operations/grants")
    page.get_by_role("link", name="新建规则表").click()
    heading(page, "新建奖补规则")
    if scripts:
        screenshot(page, "line-15-grants-new")
    page.get_by_label("地方", exact=True).fill("山东省济南市")
    page.get_by_label("政策名称").fill("揭榜挂帅项目奖补")
    press(page, "分档：各段分别计算")
    page.get_by_label("名称", exact=True).fill("验收后资助")
    page.get_by_label("什么时候拨付").select_option("accepted")
    page.get_by_label("按哪一项计算").select_option("agreement")
    press(page, "加一档")
    for number, (up_to, percent) in enumerate((("500万元", "30"), ("一千万", "25"), ("", "15")), 1):
        page.get_by_label(f"第 {number} 档：到多少（含）").fill(up_to)
        page.get_by_label(f"第 {number} 档：比例（%）").fill(percent)
    press(page, "合计上限")
    page.get_by_label("合计不超过").fill("300万元")
    press(page, "试算")
    summary = page.get_by_role("alert").first
    expect(summary).to_contain_text("拨付第 1 笔第 2 档的“这一档到多少”")
    if scripts:
        axe(page)
        screenshot(page, "line-16-grants-wrong")
    page.get_by_label("第 2 档：到多少（含）").fill("1000万元")
    page.get_by_label("合同金额", exact=True).fill("1200万元")
    press(page, "试算")
    expect(page.get_by_role("main")).to_contain_text("试算结果：300万元")
    expect(page.get_by_role("main")).to_contain_text("触及上限：合计不超过 300万元")
    if scripts:
        axe(page)
        screenshot(page, "line-17-grants-preview")
    page.get_by_label("代号").fill("jinan-2026")
    page.get_by_role("textbox", name=re.compile("^来源")).fill("济南市科学技术局文件")
    press(page, "保存")
    told(page, "规则表已建立")
    heading(page, "山东省济南市")
    if scripts:
        axe(page)
        screenshot(page, "line-18-grants-table")
