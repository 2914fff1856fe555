"""The audit trail: hash-chained rows, written in the transaction of what they tell.

Rows are collected while a request works and written last, just before its commit: the chain's
head is one row that stays locked until then, so every transaction takes that lock last and none
can deadlock on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Index, Integer, String, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .base import Base, UtcDateTime
from .many import insert_many
from .permissions import Actor

GENESIS = "0" * 64
_PENDING = "jiebang.audit.pending"


class AuditEntry(Base):
    """Who did what to what, when, for which organisation. Never hidden text."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    target_type: Mapped[str] = mapped_column(String(40))
    target_id: Mapped[str] = mapped_column(String(60))
    organisation_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_entry_target", "target_type", "target_id"),
        Index("ix_audit_entry_at", "at"),
    )


class AuditHead(Base):
    """The end of the chain; its single row is the lock under which the chain grows."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[str] = mapped_column(String(64))


class _Pending(NamedTuple):
    actor: Actor
    action: str
    target_type: str
    target: object
    organisation_id: int | None
    detail: dict[str, Any]


def record(
    session: Session,
    actor: Actor,
    action: str,
    target_type: str,
    target: object,
    *,
    organisation_id: int | None = None,
    **detail: Any,
) -> None:
    """Adds an audit row to this transaction.

    `target` is an id, or a new object whose `id` the flush will give. `detail` holds short facts
    (state, field names, counts), never the text of protected fields.
    """
    pending = session.info.setdefault(_PENDING, [])
    pending.append(_Pending(actor, action, target_type, target, organisation_id, detail))


def digest(entry: AuditEntry) -> str:
    """The hash of a row over its own facts and the previous row's hash (SHA-256)."""
    return _digest({name: getattr(entry, name) for name in _FACTS})


_FACTS = (
    "id",
    "at",
    "actor_id",
    "actor_label",
    "action",
    "target_type",
    "target_id",
    "organisation_id",
    "detail",
    "previous_hash",
)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _digest(row: Mapping[str, Any], at: str = "") -> str:
    """`at`, the moment of the row in words, need not be made for each row of a transaction."""
    facts = [row[name] for name in _FACTS]
    facts[1] = at or row["at"].isoformat()
    return hashlib.sha256(_encode(facts).encode()).hexdigest()


@event.listens_for(Session, "before_commit")
def _write_pending(session: Session) -> None:
    pending: list[_Pending] = session.info.pop(_PENDING, [])
    if not pending:
        return
    session.flush()
    head = session.scalars(select(AuditHead).where(AuditHead.id == 1).with_for_update()).one()
    at = clock.now()
    at_text = at.isoformat()
    rows: list[dict[str, Any]] = []
    for item in pending:
        target = item.target if isinstance(item.target, (int, str)) else getattr(item.target, "id")  # noqa: B009
        row: dict[str, Any] = {
            "id": head.last_id + 1 + len(rows),
            "at": at,
            "actor_id": item.actor.user_id,
            "actor_label": item.actor.label[:80],
            "action": item.action,
            "target_type": item.target_type,
            "target_id": str(target)[:60],
            "organisation_id": item.organisation_id,
            "detail": item.detail,
            "previous_hash": rows[-1]["hash"] if rows else head.last_hash,
        }
        row["hash"] = _digest(row, at_text)
        rows.append(row)
    insert_many(session, AuditEntry, rows)
    head.last_id, head.last_hash = rows[-1]["id"], rows[-1]["hash"]


@event.listens_for(Session, "after_rollback")
def _forget_pending(session: Session) -> None:
    session.info.pop(_PENDING, None)


def verify(session: Session) -> Iterator[str]:
    """Walks the chain and yields a Chinese sentence for every altered or missing row."""
    previous_hash, previous_id = GENESIS, 0
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)).yield_per(1000):
        if entry.id != previous_id + 1:
            yield f"审计记录 {previous_id + 1}–{entry.id - 1} 缺失"
        elif entry.previous_hash != previous_hash:
            yield f"审计记录 {entry.id} 与前一条不衔接"
        if digest(entry) != entry.hash:
            yield f"审计记录 {entry.id} 的内容被改动"
        previous_hash, previous_id = entry.hash, entry.id
    head = session.get(AuditHead, 1)
    if head is None or (head.last_id, head.last_hash) != (previous_id, previous_hash):
        yield "审计链尾部与链头不一致，末尾记录可能被删除"
