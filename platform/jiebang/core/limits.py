"""Rate limits shared by all processes: a fixed window per bucket, kept in the database."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .base import Base, UtcDateTime, insert_into


class RateWindow(Base):
    """How often a bucket was used in its current window."""

    __tablename__ = "rate_window"

    bucket: Mapped[str] = mapped_column(String(100), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    count: Mapped[int]


def bucket(purpose: str, subject: str, secret: bytes) -> str:
    """A name that does not reveal the address it counts."""
    mac = hmac.new(secret, subject.encode(), hashlib.sha256).hexdigest()
    return f"{purpose}:{mac[:40]}"


def hit(session: Session, name: str, allowed: int, window: timedelta) -> int:
    """Counts one use; returns 0 when it is allowed, else the seconds to wait. The caller commits
    in a transaction of its own, so that a refused request is counted, too."""
    moment = clock.now()
    query = select(RateWindow).where(RateWindow.bucket == name).with_for_update()
    row = session.scalars(query).first()
    if row is None:  # two may get here at once: both then count on the one row
        session.execute(
            delete(RateWindow).where(RateWindow.started_at < moment - timedelta(days=2))
        )
        session.execute(
            insert_into(session, RateWindow)
            .values(bucket=name, started_at=moment, count=0)
            .on_conflict_do_nothing()
        )
        row = session.scalars(query).one()
    if row.started_at + window <= moment:
        row.started_at, row.count = moment, 1
        return 0
    if row.count >= allowed:
        return max(1, int((row.started_at + window - moment).total_seconds()))
    row.count += 1
    return 0
