"""One thread from a vague line to money paid: the competition's track, whole, in a browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.server import Server

from . import whole_line as line
from . import whole_line_after as after
from .conftest import OpenPage, Watch
from .project_steps import carry_out, to_project


def test_from_a_vague_line_to_the_end(
    server: Server,
    open_page: OpenPage,
    watch: Watch,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
) -> None:
    watch.forgive("status of 4")  # a related party is refused with 409

    def stop(page: Page, name: str) -> None:
        axe(page)
        screenshot(page, name)

    pages = [open_page() for _ in range(8)]
    cast = line.Cast(server, pages[0], pages[1], pages[2:5], pages[5], pages[6], pages[7], stop)
    cast.enter()
    line.write_a_vague_need(cast)
    line.diagnose(cast)
    line.complete(cast)
    line.publish(cast)
    line.introduce(cast)
    line.agree_to_talk(cast)
    line.answer(cast)
    line.select(cast)
    after.object_in_vain(cast)
    after.agree(cast)
    after.register(cast)
    for page in (cast.owner, cast.professor):
        to_project(page, line.TITLE)
    carry_out(
        cast.owner,
        cast.professor,
        cast.operator,
        lambda page, name: stop(page, f"whole-{name}"),
        title="三个部门的数据不出门也能合在一起算",
        text="原来要抽样人工比对，现在一小时内出统计结果，原始数据不出机房。",
    )
