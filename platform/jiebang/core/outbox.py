"""Jobs that may wait: written with the change that causes them, done by the worker.

A lease table in the business database (TRUST.md: a queue beside it lost jobs under kill -9).
A job is done at least once; handlers are idempotent and commit their effect together with `done`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Index, String, Text, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .base import Base, UtcDateTime, insert_into
from .many import insert_many

LEASE = timedelta(minutes=2)
"""Longer than any handler takes; a worker that died is replaced after this."""
ATTEMPTS = 5
"""After this many failures a job waits for a person (shown by `jiebang doctor`)."""


class Job(Base):
    """One thing to do. `key` makes enqueuing idempotent while the job waits to be begun."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None] = mapped_column(String(80))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_job_open", "done_at", "failed_at", "run_after"),)


Handler = Callable[[Session, dict[str, Any]], None]
"""Does the job in the given session; the worker commits it together with `done`."""


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    key: str | None = None,
    run_after: datetime | None = None,
) -> None:
    """Adds a job to this transaction. While one with the same key waits, it is that one.

    The waiting job stays locked until this transaction ends, so a worker that takes it sees what
    this transaction wrote; one that has begun no longer holds its key, and a new job is added.
    """
    moment = clock.now()
    values = {
        "kind": kind,
        "payload": payload,
        "key": key,
        "created_at": moment,
        "run_after": run_after or moment,
        "attempts": 0,
    }
    if key is None:
        session.add(Job(**values))
        session.flush()
        return
    statement = insert_into(session, Job)
    session.execute(
        statement.values(**values).on_conflict_do_update(
            index_elements=[Job.key], set_={"payload": statement.excluded.payload}
        )
    )


def _due(moment: datetime) -> ColumnElement[bool]:
    return and_(
        Job.done_at.is_(None),
        Job.failed_at.is_(None),
        Job.run_after <= moment,
        or_(Job.leased_until.is_(None), Job.leased_until < moment),
    )


def is_due(session: Session) -> bool:
    """Whether any job waits to be claimed; takes no lock."""
    return session.scalar(select(Job.id).where(_due(clock.now())).limit(1)) is not None


def enqueue_many(session: Session, kind: str, payloads: Mapping[str, dict[str, Any]]) -> None:
    """Adds several jobs by key in a fixed number of statements; open keys are left as they are."""
    known = set(session.scalars(select(Job.key).where(Job.key.in_(payloads))))
    moment = clock.now()
    rows = [
        {
            "kind": kind,
            "payload": payload,
            "key": key,
            "created_at": moment,
            "run_after": moment,
            "attempts": 0,
        }
        for key, payload in payloads.items()
        if key not in known
    ]
    if rows:
        insert_many(session, Job, rows)


def claim(session: Session, worker: str) -> Job | None:
    """Leases the oldest job that is due, or None. The caller commits."""
    moment = clock.now()
    query = (
        select(Job)
        .where(_due(moment))
        .order_by(Job.run_after, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = session.scalars(query).first()
    if job is None:
        return None
    job.leased_by, job.leased_until = worker, moment + LEASE
    job.attempts += 1
    job.key = None  # what changes from now on needs a job of its own
    return job


def finish(session: Session, job_id: int, worker: str) -> bool:
    """Marks a leased job done in the handler's transaction; False if the lease was lost."""
    job = session.scalars(
        select(Job)
        .where(and_(Job.id == job_id, Job.leased_by == worker, Job.done_at.is_(None)))
        .with_for_update()
    ).first()
    if job is None:
        return False
    job.done_at = clock.now()
    return True


def fail(session: Session, job_id: int, worker: str, error: str) -> None:
    """Gives a job back after an error, later each time; gives up after ATTEMPTS."""
    job = session.scalars(
        select(Job).where(and_(Job.id == job_id, Job.leased_by == worker)).with_for_update()
    ).first()
    if job is None:
        return
    moment = clock.now()
    job.error = error[:2000]
    job.leased_by = job.leased_until = None
    if job.attempts >= ATTEMPTS:
        job.failed_at = moment
    else:
        job.run_after = moment + timedelta(seconds=5 * 4**job.attempts)
