"""What an import writes by the hundred is what one listing at a time would be."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from jiebang.boards import storage
from jiebang.boards.documents import indexable
from jiebang.boards.imports import import_file
from jiebang.boards.imports.headings import Columns
from jiebang.boards.imports.plan import Planner
from jiebang.boards.imports.reading import RawRow
from jiebang.boards.imports.rows import ImportedRow
from jiebang.boards.imports.template import columns_of, example, heading
from jiebang.boards.models import Listing, ListingEvent, ListingVersion
from jiebang.boards.services import life
from jiebang.boards.services.drafting import create
from jiebang.boards.services.imported import DEFAULTS, BoardStore
from jiebang.config import Settings
from jiebang.core import audit
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.core.permissions import SYSTEM
from jiebang.discovery.ahead import Ahead
from jiebang.discovery.models import SearchRow, SearchText
from matching.engine import Prepared
from tests.factories import World

OWN = ("id", "code", "created_at", "updated_at", "confirmed_at", "published_at", "import_key")
"""What differs between two listings of the same content, whichever way they were made."""


def row_of(board: Board, number: int, **more: object) -> dict[str, Any]:
    """Every field of the board with the template's example."""
    found: dict[str, Any] = {heading(field): example(board, field) for field in columns_of(board)}
    found.update({"外部编号": f"T{number}", "所属单位": "", "发布日期": ""}, **more)
    return found


def planned(board: Board, row: dict[str, Any], number: int = 2) -> ImportedRow:
    planner = Planner(Columns(board), publish=True, as_is=True)
    found = planner.prepare(RawRow(number, row))
    assert isinstance(found, ImportedRow), found
    return found


def one_by_one(world: World, board: Board, row: ImportedRow) -> int:
    """The way of a person's listing, with an import's admission."""
    with world.database.transaction() as session:
        given = {name: value for name, value in row.values.items() if value is not None}
        listing = create(session, SYSTEM, board, {**DEFAULTS, **given})
        listing.external_id = row.external_id or ""
        listing.content_hash, listing.origin = row.content_hash, dict(row.origin)
        session.flush()
        life.advance(session, SYSTEM, world.discovery, listing, "admit")
        audit.record(
            session, SYSTEM, "listing.imported", "listing", listing.id,
            organisation_id=None, missing=list(row.missing),
        )  # fmt: skip
        return listing.id


def facts(world: World, listing_id: int) -> dict[str, Any]:
    """All that the tables say of a listing, without numbers and moments."""
    with world.database.reading() as session:
        listing = session.get_one(Listing, listing_id)
        item = indexable(listing)
        prepared = session.scalars(
            select(SearchText.prepared).where(SearchText.listing_id == listing_id)
        ).one()
        trail = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.target_id == str(listing_id))
            .order_by(AuditEntry.id)
        )
        version = session.scalars(
            select(ListingVersion).where(ListingVersion.listing_id == listing_id)
        ).one()
        events = session.scalars(
            select(ListingEvent)
            .where(ListingEvent.listing_id == listing_id)
            .order_by(ListingEvent.id)
        )
        search = session.get_one(SearchRow, listing_id)
        jobs = session.scalars(select(Job).where(Job.key == f"suggest:{listing_id}")).all()
        return {
            "listing": {
                column.key: getattr(listing, column.key)
                for column in Listing.__table__.columns
                if column.key not in (*OWN, "version")
            },
            "code": listing.code == f"{listing.board.prefix}{listing.code[-8:-6]}{listing.id:06d}",
            "moments": [
                isinstance(getattr(listing, name), datetime)
                for name in ("created_at", "updated_at", "confirmed_at", "published_at")
            ],
            "values": storage.read(listing),
            "version": (version.number, version.changed_by, version.changed, version.values),
            "events": [(e.name, e.label, e.actor_label, e.reason) for e in events],
            "audit": [
                (e.action, e.actor_label, {n: v for n, v in e.detail.items() if n != "code"})
                for e in trail
            ],
            "search": {
                column.key: getattr(search, column.key)
                for column in SearchRow.__table__.columns
                if column.key not in ("listing_id", "revision")
            },
            "text": Prepared.from_bytes(prepared),
            "document": (item.document.title, item.document.body, item.document.conditions),
            "jobs": [job.payload["listing_id"] == listing_id for job in jobs],
        }


@pytest.mark.parametrize("board", list(Board))
@pytest.mark.parametrize("scant", [False, True])
def test_in_bulk_is_as_one_by_one(any_world: World, board: Board, scant: bool) -> None:
    row = {"标题": "只有一句话的内容", "外部编号": "T1"} if scant else row_of(board, 1)
    row = {**row, "外部编号": "T1"}
    single = one_by_one(any_world, board, planned(board, row))
    with any_world.database.transaction() as session:
        other = planned(board, {**row, "外部编号": "T2"}, 3)
        store = BoardStore(any_world.discovery)
        assert store(session, SYSTEM, board.value, [planned(board, row), other]) == ["created"] * 2
    with any_world.database.reading() as session:
        made = list(session.scalars(select(Listing.id).order_by(Listing.id)))
        assert not list(audit.verify(session))
    assert len(made) == 3
    assert facts(any_world, made[1]) == facts(any_world, single)


def test_numbers_drawn_in_bulk_leave_the_next_listing_its_own(any_world: World) -> None:
    board, store = Board.NEED, BoardStore(any_world.discovery)
    with any_world.database.transaction() as session:
        rows = [planned(board, {"标题": f"第{n}项", "外部编号": f"N{n}"}) for n in range(3)]
        store(session, SYSTEM, board.value, rows)
    one_by_one(any_world, board, planned(board, {"标题": "后来的一项", "外部编号": "后"}))
    with any_world.database.reading() as session:
        codes = list(session.scalars(select(Listing.code)))
    assert len(set(codes)) == len(codes) == 4


def test_a_row_twice_in_one_batch_is_one_listing(any_world: World) -> None:
    board, store = Board.NEED, BoardStore(any_world.discovery)
    first = planned(board, {"标题": "第一种说法", "外部编号": "同"})
    second = planned(board, {"标题": "第二种说法", "外部编号": "同"})
    with any_world.database.transaction() as session:
        assert store(session, SYSTEM, board.value, [first, second]) == ["created", "updated"]
    with any_world.database.reading() as session:
        assert [each.title for each in session.scalars(select(Listing))] == ["第二种说法"]
        assert not list(audit.verify(session))


@pytest.mark.parametrize("strict", [False, True])
def test_a_long_file_is_encoded_beside(
    world: World, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    """The second process answers for at least one batch, and its vectors are this one's."""
    taken: list[int] = []
    take, start = Ahead.take, Ahead.__init__

    def counted(self: Ahead, key: int) -> Any:
        found = take(self, key)
        taken.append(len(found))
        return found

    def started(self: Ahead, settings: Settings) -> None:
        start(self, settings)
        self._up.result(120)  # waited for here only, so that the test does not depend on speed

    monkeypatch.setattr(Ahead, "take", counted)
    monkeypatch.setattr(Ahead, "__init__", started)
    monkeypatch.setattr(Ahead, "pays", staticmethod(lambda rows: rows >= 1_000))
    rows = [{"id": f"B{n}", "title": f"第{n}号炉衬改进", "body": "寿命翻倍"} for n in range(1_010)]
    stream = io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())
    summary = import_file(
        world.database, SYSTEM, "need", stream, "needs.jsonl",
        save=BoardStore(world.discovery, beside=True), publish=True, strict=strict,
    )  # fmt: skip
    assert summary.created == 1_010
    assert taken == [0, 500, 10] or sum(taken) >= 500
    with world.database.reading() as session:
        for title, made in session.execute(
            select(Listing.title, SearchText.prepared)
            .join(SearchText, SearchText.listing_id == Listing.id)
            .where(Listing.external_id.in_(["B3", "B600", "B1009"]))
        ):
            assert Prepared.from_bytes(made) == world.discovery.live.engine.prepare(
                title, "寿命翻倍"
            )
        assert not list(audit.verify(session))
