"""Imports into the real boards: kept once, found at once, refused where they are not one's own."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from jiebang.boards.imports import Summary, import_file
from jiebang.boards.models import Listing, ListingVersion
from jiebang.boards.services.imported import BoardStore
from jiebang.boards.workflow import ListingState
from jiebang.core import audit
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.discovery.models import SearchRow
from jiebang.orgs.models import Organisation
from tests.factories import World

ROWS: list[dict[str, Any]] = [
    {
        "id": "A1",
        "title": "铸铝件气孔在线检测",
        "body": "压铸车间希望在节拍四十秒内找出直径大于零点三毫米的内部气孔，漏检率低于千分之一。",
        "industry": "制造业",
        "modes": "委托开发,其他",
    },
    {"id": "A2", "title": "高盐废水结晶分离", "body": "印染高盐废水里硫酸钠与氯化钠的分离。"},
    {"id": "A3", "title": "叉车锂电池低温快充", "body": "零下二十度环境下半小时充到八成。"},
]


def lines(rows: list[dict[str, Any]]) -> io.BytesIO:
    return io.BytesIO("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())


def take(
    world: World,
    rows: list[dict[str, Any]],
    *,
    actor: Actor = SYSTEM,
    publish: bool = True,
    **more: Any,
) -> Summary:
    return import_file(
        world.database,
        actor,
        "need",
        lines(rows),
        "needs.jsonl",
        save=BoardStore(world.discovery),
        publish=publish,
        **more,
    )


def titles(world: World, text: str) -> list[str]:
    with world.database.reading() as session:
        found = world.discovery.search_text(session, text, Board.NEED, k=10, explain=False)
    return [each.card.title for each in found]


def test_published_rows_are_found_by_another_process_at_once(any_world: World) -> None:
    summary = take(any_world, ROWS)
    assert (summary.created, summary.failed) == (3, 0)
    door = any_world.another()
    with any_world.database.reading() as session:
        found = door.search_text(session, "铸铝气孔检测", Board.NEED, k=3)
        assert found[0].card.title == ROWS[0]["title"]
        assert found[0].card.org_name == "待认领单位"
        assert found[0].explanation is not None
        assert found[0].explanation.reasons
        jobs = session.scalar(select(func.count()).select_from(Job).where(Job.kind == "suggest"))
        assert jobs == 3
        assert not list(audit.verify(session))


def test_the_same_file_twice_makes_nothing_new(any_world: World) -> None:
    take(any_world, ROWS)
    again = take(any_world, ROWS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    with any_world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Listing)) == 3
        assert session.scalar(select(func.count()).select_from(ListingVersion)) == 3


def test_a_changed_row_changes_its_listing_and_what_is_found(world: World) -> None:
    take(world, ROWS)
    changed = [{**ROWS[1], "title": "含锂卤水提锂膜", "body": "盐湖卤水镁锂分离膜的抗污染。"}]
    summary = take(world, changed)
    assert (summary.created, summary.updated) == (0, 1)
    assert "含锂卤水提锂膜" in titles(world, "盐湖卤水镁锂分离")
    assert not set(titles(world, "印染高盐废水结晶")) & {"高盐废水结晶分离"}


def test_drafts_are_raised_by_a_second_import_that_publishes(world: World) -> None:
    assert take(world, ROWS, publish=False).created == 3
    assert titles(world, "铸铝气孔检测") == []
    summary = take(world, ROWS)
    assert summary.updated == 3
    assert titles(world, "铸铝气孔检测")[0] == ROWS[0]["title"]


def test_words_that_no_field_takes_are_kept_for_the_owner(world: World) -> None:
    take(world, ROWS[:1])
    with world.database.reading() as session:
        listing = session.scalars(select(Listing)).one()
        assert listing.modes == ["技术开发"]
        assert "其他" in json.dumps(listing.origin, ensure_ascii=False)


def test_strict_keeps_nothing_and_indexes_nothing(world: World) -> None:
    summary = take(world, [*ROWS, {"id": "A4", "title": "", "body": "没有标题的一行"}], strict=True)
    assert summary.failed == 1
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Listing)) == 0
        assert session.scalar(select(func.count()).select_from(SearchRow)) == 0
    assert titles(world, "铸铝气孔检测") == []


def test_row_17_of_a_workbook_is_named_and_the_others_are_kept(world: World) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["外部编号", "标题", "公开摘要", "预算"])
    for number in range(2, 31):
        money = "很多钱" if number == 17 else "80万元-120万元"
        sheet.append([f"R{number}", f"第{number}项技术需求", "把焊接变形控制在一毫米以内。", money])
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    summary = import_file(
        world.database, SYSTEM, "need", stream, "needs.xlsx", save=BoardStore(world.discovery),
        publish=True,
    )  # fmt: skip
    assert (summary.created, summary.failed) == (28, 1)
    error = summary.errors[0]
    assert (error.row, error.column) == (17, "预算")
    assert "第 17 行" in str(error)
    assert "面议" in error.message


def test_a_member_imports_drafts_for_their_own_organisation_alone(world: World) -> None:
    who = world.owner(name="东城压铸有限公司")
    assert who.seat is not None
    named = [{**ROWS[0], "org": "别家有限公司"}]
    summary = take(world, named, actor=who, organisation_id=who.seat.organisation_id)
    with world.database.reading() as session:
        listing = session.scalars(select(Listing)).one()
        assert listing.organisation_id == who.seat.organisation_id
        assert listing.state is ListingState.DRAFT
        names = set(session.scalars(select(Organisation.name)))
    assert names == {"东城压铸有限公司"}
    assert summary.created == 1
    assert titles(world, "铸铝气孔检测") == []


@pytest.mark.parametrize("size", [501, 1003])
def test_more_rows_than_a_batch(world: World, size: int) -> None:
    rows = [
        {"id": f"B{n}", "title": f"第{n}号炉衬耐火材料改进", "body": "寿命翻倍"}
        for n in range(size)
    ]
    assert take(world, rows).created == size
    with world.database.reading() as session:
        revisions = list(session.scalars(select(SearchRow.revision).order_by(SearchRow.revision)))
    assert revisions == list(range(1, size + 1))
