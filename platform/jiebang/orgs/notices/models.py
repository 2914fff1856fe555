"""What a person was told, and how they want their mail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiebang.core.base import Base, UtcDateTime, enum_column


class MailMode(StrEnum):
    """When a notice is mailed as well."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    """One letter at 08:30 北京时间 on working days (DOMAIN.md, clocks)."""
    NEVER = "never"


class Notice(Base):
    """One thing that a person was told; `url` is the page of the next step."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(200))
    """A path of this site."""
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("url LIKE '/%'", name="url"),
        Index("ix_notice_user_id", "user_id", "read_at", "id"),
    )


class NoticeSetting(Base):
    """How a person wants notices by mail; without a row: at once."""

    __tablename__ = "notice_setting"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    mail: Mapped[MailMode] = mapped_column(enum_column(MailMode, "mail_mode"))
