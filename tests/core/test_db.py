"""The database: writers take their lock at BEGIN, so that none fails half-way."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jiebang.core.audit import AuditHead
from jiebang.db import Database, integrity, wal_is_safe
from tests.processes import run_many


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 49, 9), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_which_sqlite_versions_may_use_wal(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


@pytest.mark.parametrize(("safe", "journal"), [(True, "wal"), (False, "truncate")])
def test_sqlite_is_set_up_for_safety(
    safe: bool, journal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jiebang.db.wal_is_safe", lambda _version: safe)
    database = Database(f"sqlite:///{tmp_path}/test.db")
    with database.engine.connect() as connection:

        def pragma(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == journal
        assert pragma("foreign_keys") == 1
        assert pragma("synchronous") == 2
        assert pragma("busy_timeout") == 30000
        assert pragma("cache_size") == -2000
    database.expect_much()
    with database.engine.connect() as connection:
        assert pragma("cache_size") == -32000
        assert (pragma("journal_mode"), pragma("synchronous")) == (journal, 2)
    database.dispose()


def test_a_server_is_asked_nothing_for_much(database: Database) -> None:
    database.expect_much()
    with database.reading() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_eight_processes_counting_together_lose_nothing(
    database: Database, database_url: str
) -> None:
    run_many(
        8,
        """
        import sys
        from sqlalchemy import select
        from jiebang.core.audit import AuditHead
        from jiebang.db import Database
        database = Database(sys.argv[1])
        for _ in range(200):
            with database.transaction() as session:
                head = session.scalars(select(AuditHead).with_for_update()).one()
                head.last_id = head.last_id + 1
        """,
        database_url,
    )
    with database.reading() as session:
        assert session.get_one(AuditHead, 1).last_id == 1600


def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.get_one(AuditHead, 1).last_id = 9
        session.flush()
        session.add(AuditHead(id=1, last_id=0, last_hash=""))
    with database.reading() as session:
        assert session.get_one(AuditHead, 1).last_id == 0


def test_errors_do_not_carry_what_people_typed(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.transaction() as session:
        session.add(AuditHead(id=1, last_id=0, last_hash="机密内容"))
    assert "机密内容" not in str(caught.value)


def test_integrity_and_readiness(database: Database, empty_url: str) -> None:
    assert database.ready()
    assert integrity(database) == "ok" or integrity(database)[:2].isdigit()
    empty = Database(empty_url)
    assert not empty.ready()
    empty.dispose()


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.transaction() as writing:
        writing.execute(text("UPDATE audit_head SET last_id = 5"))
        with database.reading() as session:
            assert session.get_one(AuditHead, 1).last_id == 0
