"""An owner opens one protected field and one file to one counterpart; an operator opens a file."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OpenPage, Watch
from .people import go, heading, menu, pdf, press, sign_in, told

OUTCOME = "面向大规模集合的轻量化隐私求交协议"
REASON = "核实编号 20261128-3 的投诉所称的内容"


def test_one_field_and_one_file_to_one_counterpart(
    open_page: OpenPage,
    watch: Watch,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    watch.forgive("status of 422")
    buyer, owner, operator = open_page(), open_page(), open_page()
    sign_in(buyer, "rd")
    sign_in(owner, "professor")
    sign_in(operator, "operator")

    def stop(page: Page, name: str) -> None:
        axe(page)
        screenshot(page, f"openings-{name}")

    menu(owner, "我的发布")
    go(owner, OUTCOME)
    code = owner.url.rsplit("/", 1)[-1]
    owner.get_by_label("添加附件").set_input_files(pdf("协议证明草稿.pdf"))
    owner.get_by_label("不公开（只有本单位能看）").check()
    press(owner, "上传")
    told(owner, "附件已添加")

    buyer.goto(f"/listings/{code}")
    buyer.get_by_label("一句话说明来意").fill("想知道协议的原理，再谈许可。")
    press(buyer, "意向对接")
    menu(owner, "我的待办")
    owner.get_by_role("link", name=OUTCOME, exact=True).first.click()
    owner.get_by_label("答复", exact=True).fill("可以，先请接受保密协议。")
    press(owner, "答复并开始对接")

    # the owner chooses what this one counterpart may see
    go(owner, "选择开放内容")
    heading(owner, "向对方开放不公开内容")
    expect(owner.get_by_role("main")).to_contain_text("还没有接受保密协议")
    owner.get_by_label("技术原理", exact=True).check()
    owner.get_by_label("协议证明草稿.pdf", exact=True).check()
    stop(owner, "1-choosing")
    press(owner, "保存")
    told(owner, "已更新，对方会收到通知")
    stop(owner, "2-open")

    # the other side accepts the agreement first, then reads
    buyer.reload()
    expect(buyer.locator("#openings")).to_contain_text("技术原理、1 个附件")
    expect(buyer.get_by_role("main")).not_to_contain_text("协议证明草稿")
    stop(buyer, "3-told")
    go(buyer, "接受保密协议后查看")
    press(buyer, "代表本单位接受")
    buyer.locator("#openings").get_by_role("link", name="查看", exact=True).click()
    expect(buyer.get_by_role("main")).to_contain_text("协议证明草稿.pdf")
    stop(buyer, "4-reading")
    with buyer.expect_download() as download:
        go(buyer, "协议证明草稿.pdf")
    assert download.value.suggested_filename == "协议证明草稿.pdf"

    # an operator opens a file with a reason, without its name before
    operator.goto(f"/operations/review/{code}")
    go(operator, "写明理由后查看")
    button = operator.get_by_role("button", name=re.compile("^记录并打开附件 1"))
    operator.get_by_label("理由").fill("看看")
    button.click()
    expect(operator.get_by_role("main")).to_contain_text("至少 6 个字")
    expect(operator.get_by_role("main")).not_to_contain_text("协议证明草稿")
    operator.get_by_label("理由").fill(REASON)
    stop(operator, "5-reason")
    with operator.expect_download():
        operator.get_by_role("button", name=re.compile("^记录并打开附件 1")).click()

    # the owner reads who looked, and takes it back
    owner.goto(f"/listings/{code}/looks")
    expect(owner.get_by_role("main")).to_contain_text("现在单独开放给谁")
    expect(owner.get_by_role("main")).to_contain_text(REASON)
    stop(owner, "6-looks")
    owner.get_by_role("link", name=re.compile("^调整")).click()
    owner.get_by_label("技术原理", exact=True).uncheck()
    owner.get_by_label("协议证明草稿.pdf", exact=True).uncheck()
    press(owner, "保存")
    buyer.goto("/notices")
    expect(buyer.get_by_role("main")).to_contain_text("对方收回了开放的技术原理、1 个附件")
