"""What two sides may do on the light track before a selection: meet, exchange contacts, improve.

The shortest way from interest to the agreement's paper is test_light_track's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from jiebang.accounts.demo import DEMO_PASSWORD
from jiebang.core import clock

from .conftest import OpenPage, Watch
from .people import each, go, heading, menu, press, sign_in, told

OUTCOME = "面向大规模集合的轻量化隐私求交协议"


def test_from_interest_to_selection(
    open_page: OpenPage,
    watch: Watch,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    watch.forgive("status of 422")
    buyer, owner = open_page(), open_page()
    sign_in(buyer, "rd")
    sign_in(owner, "professor")

    # one sentence, one click
    buyer.goto("/boards/outcome?q=隐私求交")
    go(buyer, OUTCOME)
    buyer.get_by_label("一句话说明来意").fill("短")
    press(buyer, "意向对接")
    expect(buyer.get_by_role("main")).to_contain_text("至少写 5 个字")
    expect(buyer.get_by_label("一句话说明来意")).to_have_value("短")
    buyer.get_by_label("一句话说明来意").fill("我们三个部门想联合统计又不能出数据，想了解许可费。")
    press(buyer, "意向对接")
    told(buyer, "意向已送达")
    axe(buyer)
    screenshot(buyer, "market-1-interest")

    # the owner finds it where everything waits, and answers
    menu(owner, "我的待办")
    owner.get_by_role("link", name=OUTCOME, exact=True).first.click()
    heading(owner, "的对接")
    owner.get_by_label("答复", exact=True).fill("可以许可，费用按节点计。贵单位大约几个节点？")
    owner.get_by_label("请对方答复").check()
    press(owner, "答复并开始对接")
    expect(owner.get_by_role("main")).to_contain_text("几个节点")
    owner.get_by_text("提议会面", exact=True).first.click()
    day = clock.today() + timedelta(days=3)
    owner.get_by_label("时间（北京时间）").fill(f"{day.isoformat()}T14:30")
    owner.get_by_label("地点或线上方式").fill("线上会议")
    owner.get_by_role("button", name="提议会面").click()
    told(owner, "已提议会面")
    axe(owner)
    screenshot(owner, "market-2-talk")

    # the buyer agrees to meet, and both give their contacts
    menu(buyer, "对接")
    go(buyer, OUTCOME)
    press(buyer, "同意会面")
    told(buyer, "会面已约定")
    buyer.get_by_label("电话或邮箱").fill("13800000001")
    press(buyer, "同意交换联系方式")
    told(buyer, "对方同意后双方同时可见")
    owner.reload()
    expect(owner.get_by_role("main")).not_to_contain_text("13800000001")
    press(owner, "同意交换联系方式")
    told(owner, "双方已交换联系方式")
    expect(owner.get_by_role("complementary")).to_contain_text("13800000001")

    # from talking to a plan that answers each measured indicator
    go(buyer, OUTCOME)
    press(buyer, "提交合作方案")
    heading(buyer, "提交合作方案")
    press(buyer, "提交")
    expect(buyer.get_by_role("alert")).to_contain_text("请填写方案")
    axe(buyer)
    for number, group in enumerate(each(buyer.get_by_role("radiogroup"))):
        group.get_by_label("满足" if number else "部分满足", exact=True).check()
    buyer.locator("#how-0").fill("还要在国产处理器上测一次。")
    buyer.get_by_label("方案", exact=True).fill("在三个部门各放一个节点，先跑人口与社保两张表。")
    buyer.get_by_label("进度安排").fill("一个月部署，两个月试用。")
    buyer.get_by_label("拟投入金额").fill("60万元")
    buyer.get_by_label("项目负责人").fill("陈工")
    press(buyer, "保存草稿")
    told(buyer, "草稿已保存")
    screenshot(buyer, "market-3-plan")
    press(buyer, "提交")
    told(buyer, "已提交")
    heading(buyer, "本单位的揭榜")
    axe(buyer)
    screenshot(buyer, "market-4-filed")

    # the owner selects it; the buyer reads so at once
    menu(owner, "我的待办")
    owner.get_by_role("link", name="去选定").first.click()
    heading(owner, "的揭榜")
    axe(owner)
    screenshot(owner, "market-5-received")
    expect(owner.get_by_role("main")).to_contain_text("选定后对方马上收到通知")
    press(owner, "选定")
    told(owner, "已选定，已通知对方")
    menu(buyer, "消息")
    expect(buyer.get_by_role("main")).to_contain_text(f"揭榜已被选定：{OUTCOME}")
    screenshot(buyer, "market-7-notices")
    buyer.get_by_role("link", name=f"揭榜已被选定：{OUTCOME}").click()
    expect(buyer.get_by_role("main")).to_contain_text("下一步")


def test_a_visitor_is_led_to_the_sentence(open_page: OpenPage, axe: Callable[[Page], None]) -> None:
    visitor = open_page()
    visitor.goto("/boards/outcome?q=焊缝")
    visitor.get_by_role("article").first.get_by_role("link").first.click()
    go(visitor, "登录并对接")
    heading(visitor, "登录")
    visitor.get_by_label("邮箱或手机号").fill("buyer@demo.jiebang")
    visitor.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    press(visitor, "登录")
    expect(visitor.get_by_label("一句话说明来意")).to_be_visible()
    axe(visitor)
