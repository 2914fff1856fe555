"""A file that is kept whole: nothing is written while any row is wrong, then batch by batch."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from jiebang.boards.imports import ImportedRow, Kept, Refused, Summary, import_file, service
from jiebang.boards.models import Listing
from jiebang.boards.services.imported import BoardStore
from jiebang.boards.workflow import ListingState
from jiebang.core import audit
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict
from jiebang.core.outbox import Job
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.discovery.models import SearchRow
from jiebang.orgs.models import Organisation
from tests.factories import World

Rows = Sequence[ImportedRow]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 4)


class Watched(BoardStore):
    """Tells how many rows each batch had; `before` is called before one is kept."""

    def __init__(self, world: World, before: Callable[[Any, Rows], None] | None = None) -> None:
        super().__init__(world.discovery)
        self.batches: list[int] = []
        self._before = before

    def __call__(
        self, session: Any, actor: Actor, kind: str, rows: Rows, /
    ) -> list[Kept | Refused]:
        self.batches.append(len(rows))
        if self._before is not None:
            self._before(session, rows)
        return super().__call__(session, actor, kind, rows)


def needs(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"S{n}", "title": f"第{n}号窑炉节能改造", "body": f"燃料降{n}成。", **more}
        for n in range(count)
    ]


def take(world: World, rows: list[dict[str, Any]], save: BoardStore | None = None) -> Summary:
    stream = io.BytesIO("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())
    return import_file(
        world.database, SYSTEM, "need", stream, "needs.jsonl",
        save=save or BoardStore(world.discovery), publish=True, strict=True,
    )  # fmt: skip


def counts(world: World) -> list[int]:
    """Listings, search rows, jobs, organisations that nobody claimed, audit entries of imports."""
    with world.database.reading() as session:
        assert not list(audit.verify(session))
        return [
            session.scalar(select(func.count()).select_from(model).where(*where)) or 0
            for model, where in (
                (Listing, ()),
                (SearchRow, ()),
                (Job, (Job.kind == "suggest",)),
                (Organisation, (Organisation.claimed.is_(False),)),
                (AuditEntry, (AuditEntry.action == "listing.imported",)),
            )
        ]


def test_a_good_file_is_kept_in_batches(any_world: World) -> None:
    store = Watched(any_world)
    summary = take(any_world, needs(10, org="甲窑炉厂"), store)
    assert (summary.created, summary.errors) == (10, [])
    assert store.batches == [4, 4, 2]
    assert counts(any_world) == [10, 10, 10, 1, 10]
    again = Watched(any_world)
    assert take(any_world, needs(10, org="甲窑炉厂"), again).unchanged == 10


@pytest.mark.parametrize("place", [0, 9])
def test_a_wrong_row_anywhere_keeps_the_whole_file_out(any_world: World, place: int) -> None:
    rows = needs(10, org="乙窑炉厂")
    rows[place]["预算"] = "很多很多"
    store = Watched(any_world)
    before = counts(any_world)
    summary = take(any_world, rows, store)
    assert [(error.row, error.column) for error in summary.errors] == [(place + 1, "预算")]
    assert (summary.created, store.batches, counts(any_world)) == (0, [], before)


def test_what_only_the_platform_knows_is_found_before_writing(world: World) -> None:
    """A listing under review may not be changed: told before the rows ahead of it are kept."""
    take(world, needs(10)[9:])
    with world.database.transaction() as session:
        session.scalars(select(Listing)).one().state = ListingState.SUSPENDED
    before = counts(world)
    rows = needs(10, org="丙窑炉厂")
    rows[9] = {**needs(10)[9], "body": "说法改了。"}
    store = Watched(world)
    summary = take(world, rows, store)
    assert [error.row for error in summary.errors] == [10]
    assert "已提交审核或已结束" in summary.errors[0].message
    assert (summary.created, store.batches, counts(world)) == (0, [], before)


def test_rows_that_meet_under_two_spellings_are_kept_in_one_transaction(world: World) -> None:
    rows = needs(9, org="丁（北方）窑炉厂")
    rows[8] = {**rows[0], "org": "丁(北方)窑炉厂", "title": "另一种说法"}
    store = Watched(world)
    summary = take(world, rows, store)
    assert (summary.created, summary.updated, summary.errors) == (8, 1, [])
    assert counts(world)[0] == 8


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(any_world: World) -> None:
    def cut(_session: Any, rows: Rows) -> None:
        if rows[0].number > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(any_world, needs(10, org="戊窑炉厂"), Watched(any_world, cut))
    assert counts(any_world) == [4, 4, 4, 1, 4]
    summary = take(any_world, needs(10, org="戊窑炉厂"))
    assert (summary.unchanged, summary.created, summary.errors) == (4, 6, [])
    assert counts(any_world) == [10, 10, 10, 1, 10]


def test_a_change_between_check_and_writing_stops_the_rest(any_world: World) -> None:
    def meanwhile(_session: Any, rows: Rows) -> None:
        if rows[0].number > 4:
            raise Conflict("单位刚刚停用")

    summary = take(any_world, needs(10), Watched(any_world, meanwhile))
    assert summary.created == 4
    assert [(error.row, error.message) for error in summary.errors] == [
        (5, "本批未能保存：单位刚刚停用")
    ]
    assert any("前 4 行已经导入" in note for note in summary.notes)
    assert counts(any_world)[0] == 4
