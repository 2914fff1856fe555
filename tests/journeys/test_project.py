"""A project in a browser: milestones (one rectified), acceptance, settlement, archive, case."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.people import menu, press, sign_in
from tests.journeys.project_steps import carry_out, to_project

Screenshot = Callable[[Page, str], None]
Axe = Callable[[Page], None]


def test_a_project_from_the_first_milestone_to_its_archive_and_case(
    open_page: Callable[..., Page], screenshot: Screenshot, axe: Axe
) -> None:
    def stop(page: Page, name: str) -> None:
        screenshot(page, name)
        axe(page)

    client, solver = open_page(), open_page()
    for page, name in ((client, "rd"), (solver, "professor")):
        sign_in(page, name)
        menu(page, "项目")
        stop(page, f"project-0-list-{name}")
        to_project(page, "法律文本")
    carry_out(client, solver, None, stop, title="合同初审从两天缩短到两小时")
    visitor = open_page()
    visitor.goto("/results/")
    stop(visitor, "project-9-results")
    visitor.get_by_role("link", name="合同初审从两天缩短到两小时").click()
    expect(visitor.get_by_text("某企业")).to_be_visible()
    stop(visitor, "project-9-case")
    visitor.goto("/")
    expect(visitor.get_by_role("heading", name="已经办成的")).to_be_visible()
    stop(visitor, "project-9-start")


def test_operators_preview_a_grant_rule(page: Page, screenshot: Screenshot, axe: Axe) -> None:
    sign_in(page, "operator")
    menu(page, "奖补规则")
    screenshot(page, "grants-1-list")
    axe(page)
    page.get_by_role("link", name=re.compile("南昌市")).click()
    page.get_by_label("合同金额").fill("3000万元")
    press(page, "试算")
    expect(page.get_by_text("触及上限：合计不超过 500万元")).to_be_visible()
    screenshot(page, "grants-2-preview")
    axe(page)
