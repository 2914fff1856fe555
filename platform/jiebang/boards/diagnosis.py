"""需求诊断: the thread of questions and answers that makes a vague listing answerable."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column


class Turn(StrEnum):
    """Whose move it is."""

    ADVISOR = "advisor"
    OWNER = "owner"


TURN_LABELS = {Turn.ADVISOR: "诊断人", Turn.OWNER: "发布方"}


class Ending(StrEnum):
    """How a diagnosis ended."""

    RESUBMITTED = "resubmitted"
    """The owner improved the listing and handed it in again."""
    CONCLUDED = "concluded"
    """The reviewer took it back."""
    STOOD_ASIDE = "stood_aside"
    """The advisor could not do it (回避 or not their field)."""
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Speaker(StrEnum):
    """In what part somebody wrote; the owner's people are not named to advisors."""

    REVIEWER = "reviewer"
    ADVISOR = "advisor"
    OWNER = "owner"
    CLOCK = "clock"


SPEAKER_LABELS = {
    Speaker.REVIEWER: "平台运营",
    Speaker.ADVISOR: "诊断人",
    Speaker.OWNER: "发布方",
    Speaker.CLOCK: "系统",
}
ENDING_LABELS = {
    Ending.RESUBMITTED: "发布方补充后再次提交",
    Ending.CONCLUDED: "平台运营结束了诊断",
    Ending.STOOD_ASIDE: "诊断人不能诊断，已退回平台",
    Ending.RETURNED: "平台退回修改",
    Ending.WITHDRAWN: "发布方撤榜",
}


class Diagnosis(Base):
    """One round of questions on a listing; at most one is open at a time."""

    __tablename__ = "diagnosis"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    opened_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    advisor_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    """The specialist or expert asked; the reviewer, where they kept it."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turn: Mapped[Turn] = mapped_column(enum_column(Turn, "turn"))
    due: Mapped[date]
    """The day by which whose turn it is has to answer."""
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the present holder was reminded of an answer overdue."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending: Mapped[Ending | None] = mapped_column(enum_column(Ending, "ending"))

    entries: Mapped[list[DiagnosisEntry]] = relationship(
        order_by="DiagnosisEntry.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (ending IS NULL)", name="ending_when_closed"),
        Index(
            "uq_diagnosis_open",
            "listing_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_diagnosis_listing_id", "listing_id", "id"),
        Index("ix_diagnosis_advisor_id", "advisor_id", "closed_at"),
        Index("ix_diagnosis_due", "closed_at", "due"),
    )


class DiagnosisEntry(Base):
    """One question, answer or notice of a diagnosis."""

    __tablename__ = "diagnosis_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    diagnosis_id: Mapped[int] = mapped_column(
        ForeignKey("diagnosis.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    speaker: Mapped[Speaker] = mapped_column(enum_column(Speaker, "speaker"))
    author_label: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)

    __table_args__ = (CheckConstraint("text <> ''", name="text"),)
