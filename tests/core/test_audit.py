"""The audit trail: every row is chained, and whatever is changed or removed is found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, update

from jiebang.core import audit
from jiebang.core.audit import AuditEntry, AuditHead
from jiebang.core.permissions import SYSTEM
from jiebang.db import Database
from tests.processes import run_many


def write(database: Database, count: int) -> None:
    for number in range(count):
        with database.transaction() as session:
            audit.record(session, SYSTEM, "test.act", "thing", number, organisation_id=7, 数=number)


def problems(database: Database) -> list[str]:
    with database.reading() as session:
        return list(audit.verify(session))


def test_a_chain_that_nobody_touched_is_whole(database: Database) -> None:
    assert problems(database) == []
    write(database, 5)
    assert problems(database) == []


def test_several_rows_of_one_transaction_are_chained(database: Database) -> None:
    with database.transaction() as session:
        for number in range(3):
            audit.record(session, SYSTEM, "test.act", "thing", number)
    assert problems(database) == []
    with database.reading() as session:
        assert list(session.scalars(select(AuditEntry.id).order_by(AuditEntry.id))) == [1, 2, 3]


def test_a_rolled_back_transaction_leaves_no_row(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        audit.record(session, SYSTEM, "test.act", "thing", 1)
        raise RuntimeError
    write(database, 1)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1
    assert problems(database) == []


@pytest.mark.parametrize(
    "change",
    [
        {"actor_label": "别人"},
        {"action": "test.other"},
        {"target_id": "99"},
        {"organisation_id": None},
        {"detail": {"数": 5}},
        {"actor_id": 3},
    ],
)
def test_an_altered_row_is_found(database: Database, change: dict[str, object]) -> None:
    write(database, 4)
    with database.transaction() as session:
        session.execute(update(AuditEntry).where(AuditEntry.id == 2).values(**change))
    assert problems(database) == ["审计记录 2 的内容被改动"]


def test_an_altered_row_with_a_new_hash_breaks_the_chain(database: Database) -> None:
    write(database, 3)
    with database.transaction() as session:
        entry = session.get_one(AuditEntry, 2)
        entry.action = "test.other"
        entry.hash = audit.digest(entry)
    assert problems(database) == ["审计记录 3 与前一条不衔接"]


def test_a_deleted_row_is_found(database: Database) -> None:
    write(database, 4)
    with database.transaction() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.id == 2))
    assert problems(database) == ["审计记录 2–2 缺失"]


def test_a_cut_tail_is_found(database: Database) -> None:
    write(database, 4)
    with database.transaction() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.id >= 3))
    assert problems(database) == ["审计链尾部与链头不一致，末尾记录可能被删除"]


def test_a_missing_head_is_found(database: Database) -> None:
    write(database, 1)
    with database.transaction() as session:
        session.execute(delete(AuditHead))
    assert len(problems(database)) == 1


def test_concurrent_writers_make_one_chain(database: Database, database_url: str) -> None:
    run_many(
        4,
        """
        import sys
        from jiebang.core import audit
        from jiebang.core.permissions import SYSTEM
        from jiebang.db import Database
        database = Database(sys.argv[1])
        for number in range(25):
            with database.transaction() as session:
                audit.record(session, SYSTEM, "test.act", "thing", number)
        """,
        database_url,
    )
    assert problems(database) == []
    with database.reading() as session:
        assert session.get_one(AuditHead, 1).last_id == 100
