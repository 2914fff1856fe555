"""Batches and the needs that belong to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiebang.core import clock
from jiebang.core.base import Base, UtcDateTime, enum_column


class ListType(StrEnum):
    """The four list types of Jinan (DOMAIN.md, Tracks)."""

    ENTERPRISE = "enterprise"
    INNOVATION = "innovation"
    DISTRICT = "district"
    PRIORITY = "priority"


LIST_TYPES = {
    ListType.ENTERPRISE: "企业技术需求",
    ListType.INNOVATION: "创新体系建设",
    ListType.DISTRICT: "区县特色产业",
    ListType.PRIORITY: "重点工作任务",
}


class Batch(Base):
    """One call: responses are filed from `opens_at` until just before `closes_at`, by the
    server's clock."""

    __tablename__ = "batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    list_type: Mapped[ListType] = mapped_column(enum_column(ListType, "list_type"))
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    """What applicants read: who may bid, where to ask."""
    created_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window"),
        CheckConstraint("name <> ''", name="name"),
        Index("ix_batch_closes_at", "closes_at"),
    )

    @property
    def opened(self) -> bool:
        return clock.now() >= self.opens_at

    @property
    def closed(self) -> bool:
        return clock.now() >= self.closes_at

    @property
    def window(self) -> str:
        """2026年12月1日 09:00 至 2026年12月20日 17:00."""
        return f"{clock.moment_text(self.opens_at)} 至 {clock.moment_text(self.closes_at)}"


class BatchListing(Base):
    """A need of a batch; it is in one at most."""

    __tablename__ = "batch_listing"

    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    added_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
