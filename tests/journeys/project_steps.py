"""What people do in a project, from its page to its archive; journeys of several files share it.

Each step starts on the project's page, as `to_project` leaves it, and works on either track: where
the platform confirms what the client passed, the operator's page is asked.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.people import each, go, heading, menu, pdf, press, told

Stop = Callable[[Page, str], None]
"""Looks at a page, under a name: a screenshot, a check for barriers."""
TODAY = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()


def to_project(page: Page, part: str) -> None:
    """Opens one of one's own projects by a part of its title."""
    menu(page, "项目")
    page.get_by_role("link", name=re.compile(part)).first.click()
    expect(page.get_by_role("heading", name="里程碑", exact=True)).to_be_visible()


def reload(page: Page) -> None:
    """Shows what the others did meanwhile; a page that answers a form is left for its address."""
    page.goto(page.url.partition("#")[0])


def unfold(page: Page, label: str) -> None:
    """Opens the first folded form whose button says this."""
    page.locator("summary", has_text=re.compile(rf"^\s*{re.escape(label)}")).first.click()


def waits_for(page: Page, label: str) -> bool:
    """Whether this act is offered to the person on the page."""
    return page.locator("summary, button", has_text=re.compile(rf"^\s*{label}")).count() > 0


def hand_in(page: Page, text: str, *, file: str = "") -> None:
    """The solver hands in the next milestone, with words and perhaps a file."""
    reload(page)
    unfold(page, "提交成果证据")
    form = page.locator("details.action-reason[open] form").first
    form.get_by_label("交付了什么").fill(text)
    if file:
        form.get_by_label(re.compile("^附件")).set_input_files(pdf(file))
    form.get_by_role("button", name="确定提交成果证据").click()
    told(page, "已提交")


def rectify(page: Page, why: str) -> None:
    """The client sends what was handed in back, once."""
    reload(page)
    unfold(page, "要求整改")
    page.locator("details.action-reason[open] form").first.get_by_label("说明").fill(why)
    press(page, "确定要求整改")
    told(page, "已办理")


def passes(page: Page, operator: Page | None, address: str, label: str) -> None:
    """The client passes what lies there; the platform confirms where the track asks."""
    reload(page)
    page.get_by_role("button", name=re.compile(rf"^({label})")).first.click()
    told(page, "已办理")
    if operator is not None:
        operator.goto(address)
        operator.get_by_role("button", name=re.compile("^确认")).first.click()
        told(operator, "已办理")


def pay(page: Page) -> None:
    """The client reports what is to be paid as paid."""
    reload(page)
    unfold(page, "登记付款")
    form = page.locator("details.action-reason[open] form").first
    form.get_by_label("付款日期").fill(TODAY)
    form.get_by_role("button", name="确定登记付款").click()
    told(page, "付款已登记")


def received(page: Page) -> None:
    """The solver confirms that the money came."""
    reload(page)
    page.get_by_role("button", name=re.compile("^确认收到")).first.click()
    told(page, "已办理")


def settle(client: Page, solver: Page) -> None:
    """Whatever is to be paid is paid and confirmed."""
    reload(client)
    while waits_for(client, "登记付款"):
        pay(client)
        received(solver)
        reload(client)


def ask_acceptance(page: Page, stop: Stop) -> None:
    """The solver measures every indicator of the agreement and asks for the acceptance."""
    reload(page)
    go(page, "提交验收")
    heading(page, "提交验收")
    for n, _ in enumerate(each(page.locator("input[name^=measured-]"))):
        page.locator(f"#measured-{n}").fill("达到要求")
        page.locator(f"#verdict-{n}-met").check()
        page.locator(f"#how-{n}").fill("第三方检测")
    page.get_by_label("完成情况").fill("全部内容已上线使用，指标逐项实测达到。")
    stop(page, "project-4-acceptance")
    press(page, "提交验收")
    told(page, "验收已提交")


def archive_of(page: Page) -> zipfile.ZipFile:
    """The project's archive, downloaded and opened."""
    reload(page)
    with page.expect_download() as waiting:
        go(page, "下载项目档案")
    return zipfile.ZipFile(Path(waiting.value.path()))


def publish_case(client: Page, solver: Page, title: str, text: str, stop: Stop) -> None:
    """The solver writes the public case; both sides agree to it."""
    reload(solver)
    go(solver, "编辑或查看公示")
    solver.get_by_label("标题").fill(title)
    solver.get_by_label("内容").fill(text)
    press(solver, "保存文字")
    solver.get_by_label(re.compile("写出本单位名称")).check()
    press(solver, "同意以上文字公示")
    reload(client)
    go(client, "编辑或查看公示")
    stop(client, "project-8-words-to-agree")
    press(client, "同意以上文字公示")
    told(client, "已公示")


def carry_out(
    client: Page,
    solver: Page,
    operator: Page | None,
    stop: Stop,
    *,
    title: str = "",
    text: str = "",
) -> None:
    """From the first open milestone to the public case; both pages show the project.

    The first milestone that is handed in is rectified once, every instalment is paid and confirmed
    in its turn. `operator` is given where the platform confirms (the track's 里程碑确认).
    """
    address = client.url.partition("#")[0]
    reload(solver)
    stop(solver, "project-1-running")
    first = True
    while waits_for(solver, "提交成果证据"):
        if first:
            hand_in(solver, "已完成并联调，压测报告见附件。", file="压测报告.pdf")
            reload(client)
            stop(client, "project-2-to-judge")
            rectify(client, "缺国产处理器上的结果，请补测。")
            reload(solver)
            stop(solver, "project-3-rectify")
            hand_in(solver, "补测了两种国产处理器，结果达到要求。", file="补测报告.pdf")
            first = False
        else:
            hand_in(solver, "连续试用三十天，记录双方签认。")
        passes(client, operator, address, "通过|同意通过")
        settle(client, solver)
        reload(solver)
    ask_acceptance(solver, stop)
    reload(client)
    stop(client, "project-5-to-accept")
    passes(client, operator, address, "验收通过|同意验收通过|同意通过")
    reload(client)
    stop(client, "project-6-settling")
    settle(client, solver)
    reload(solver)
    expect(solver.get_by_text("已结题").first).to_be_visible()
    stop(solver, "project-7-closed")
    with archive_of(solver) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert "00-目录.html" in names
    assert "03-协议.pdf" in names
    assert sum(name.endswith("报告.pdf") for name in names) == 2
    publish_case(
        client,
        solver,
        title or "合同初审从两天缩短到两小时",
        text or "核对依据逐条可查，法务只看有疑问的条款。",
        stop,
    )
