"""Many rows in one statement are the rows that one at a time would be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from jiebang.core import audit, clock
from jiebang.core.audit import AuditEntry
from jiebang.core.base import insert_into
from jiebang.core.many import insert_many
from jiebang.core.outbox import Job
from jiebang.db import Database

_BEIJING = timezone(timedelta(hours=8))


def jobs() -> list[dict[str, Any]]:
    moment, shared = datetime(2026, 11, 28, 9, 5, 7, 123, _BEIJING), {"词": ["甲", None, 1.5]}
    return [
        {
            "kind": f"种类'{n}%s",
            "payload": shared if n % 2 else {"n": n, '带"引号': "：%(n)s"},
            "key": None if n == 3 else f"k{n}",
            "created_at": moment if n % 2 else moment + timedelta(seconds=n),
            "run_after": moment.astimezone(UTC),
            "attempts": n,
        }
        for n in range(5)
    ]


def plain(database: Database, table: str) -> list[tuple[Any, ...]]:
    """What stands in the database itself, without SQLAlchemy's types."""
    with database.reading() as session:
        found = session.execute(text(f"SELECT * FROM {table} ORDER BY id"))
        return [tuple(str(value) for value in row[1:]) for row in found]


def test_rows_are_what_sqlalchemy_writes(database: Database) -> None:
    with database.transaction() as session:
        insert_many(session, Job, jobs())
    ours = plain(database, "job")
    with database.transaction() as session:
        session.execute(Job.__table__.delete())
        session.execute(insert(Job.__table__), jobs())
    assert len(ours) == 5 and ours == plain(database, "job")


def test_a_statement_that_says_more(database: Database) -> None:
    rows = [{**row, "key": "one"} for row in jobs()[:2]]
    with database.transaction() as session:
        statement = insert_into(session, Job)
        renewing = statement.on_conflict_do_update(
            index_elements=[Job.key], set_={"payload": statement.excluded.payload}
        )
        insert_many(session, Job, rows, renewing)
    with database.reading() as session:
        (job,) = session.scalars(select(Job))
        assert (job.kind, job.payload) == (rows[0]["kind"], rows[1]["payload"])


def test_what_is_missing_or_refused_writes_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="attempts"), database.transaction() as session:
        rows = [{n: v for n, v in row.items() if n != "attempts"} for row in jobs()]
        insert_many(session, Job, rows)
    naive = clock.now().replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"), database.transaction() as session:
        insert_many(session, Job, [{**row, "run_after": naive} for row in jobs()])
    with pytest.raises(IntegrityError), database.transaction() as session:
        insert_many(session, Job, [{**row, "key": "same"} for row in jobs()])
    with database.transaction() as session:
        insert_many(session, Job, [])
    assert plain(database, "job") == []


def test_audit_entries_written_together_still_make_one_chain(database: Database) -> None:
    from jiebang.core.permissions import SYSTEM

    for size in (1, 40):
        with database.transaction() as session:
            for number in range(size):
                audit.record(session, SYSTEM, "test.done", "thing", number, missing=["“词”", size])
    with database.reading() as session:
        assert not list(audit.verify(session))
        assert len(list(session.scalars(select(AuditEntry)))) == 41
