"""Threads between a listing's owner and one organisation, and what is handed over in them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, Line
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Holder, Side

from ..models import Listing
from .workflow import LIVE, ThreadState

_LIVE = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(LIVE)))


class MessageKind(StrEnum):
    """What a line of a thread is."""

    INTEREST = "interest"
    MESSAGE = "message"
    STEP = "step"
    """A step that the platform notes: accepted, meeting agreed, contacts exchanged."""


class FileLevel(StrEnum):
    """Who of the two sides may open a file that one of them put into the thread."""

    BOTH = "both"
    AGREEMENT = "agreement"
    """The other side, once it accepted the confidentiality agreement; each look is logged."""


class MeetingState(StrEnum):
    """How far a meeting is."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    CANCELLED = "cancelled"
    HELD = "held"
    """Its minutes are written."""


class Thread(Base):
    """One conversation about one listing with one organisation."""

    __tablename__ = "thread"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """The owner of the listing when the thread began."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """The organisation that answers the listing."""
    own_listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id"))
    """What it offers or needs itself: the other half of the pair."""
    track_version_id: Mapped[int] = mapped_column(ForeignKey("track_version.id"))
    state: Mapped[ThreadState] = mapped_column(enum_column(ThreadState, "thread_state"))
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    holder: Mapped[Holder | None] = mapped_column(enum_column(Holder, "holder"))
    due: Mapped[date | None]
    """By the end of this day in 北京时间."""
    escalated: Mapped[int] = mapped_column(default=0)
    """How many steps of the escalation the present wait has gone through."""
    ended_by: Mapped[Side | None] = mapped_column(enum_column(Side, "ended_by"))
    reason_code: Mapped[ReasonCode | None] = mapped_column(enum_column(ReasonCode, "reason_code"))
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(foreign_keys=[listing_id], lazy="joined")
    own_listing: Mapped[Listing | None] = relationship(foreign_keys=[own_listing_id], lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("issuer_id <> organisation_id", name="two_sides"),
        CheckConstraint(
            f"({_LIVE}) = (holder IS NOT NULL) AND ({_LIVE}) = (due IS NOT NULL)", name="waiting"
        ),
        CheckConstraint(
            "state <> 'declined' OR (reason_code IS NOT NULL AND reason <> '')", name="declined"
        ),
        CheckConstraint("state <> 'ended' OR reason <> ''", name="ended"),
        Index(
            "uq_thread_live",
            "listing_id",
            "organisation_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index("ix_thread_issuer_id", "issuer_id", "state"),
        Index("ix_thread_organisation_id", "organisation_id", "state"),
        Index("ix_thread_due", "state", "due"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may act in it."""
        return self.listing.line

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The side of the organisation acted for."""
        side = self.side_of(actor)
        return frozenset({side.value}) if side else frozenset()

    def side_of(self, actor: Actor) -> Side | None:
        """The same, as one value."""
        if actor.organisation_id is None:
            return None
        return {self.issuer_id: Side.ISSUER, self.organisation_id: Side.RESPONDER}.get(
            actor.organisation_id
        )

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor acts for either side."""
        return self.side_of(actor) is not None

    def organisation_of(self, side: Side) -> int:
        """The organisation of a side."""
        return self.issuer_id if side is Side.ISSUER else self.organisation_id


class ThreadMessage(Base):
    """One line of a thread; a file, where there is one, is as open as its level."""

    __tablename__ = "thread_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    side: Mapped[Side | None] = mapped_column(enum_column(Side, "side"))
    """None: the platform or a specialist."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[MessageKind] = mapped_column(enum_column(MessageKind, "message_kind"))
    asks: Mapped[bool] = mapped_column(default=False)
    """The other side is expected to answer."""
    text: Mapped[str] = mapped_column(Text, default="")
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("upload.id"), unique=True)
    level: Mapped[FileLevel | None] = mapped_column(enum_column(FileLevel, "file_level"))

    __table_args__ = (
        CheckConstraint("text <> '' OR upload_id IS NOT NULL", name="says_something"),
        CheckConstraint("(upload_id IS NULL) = (level IS NULL)", name="level"),
    )


class ThreadMeeting(Base):
    """A meeting that one side proposes, the other agrees to, and either writes the minutes of."""

    __tablename__ = "thread_meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[Side] = mapped_column(enum_column(Side, "proposed_by"))
    state: Mapped[MeetingState] = mapped_column(enum_column(MeetingState, "meeting_state"))
    minutes: Mapped[str] = mapped_column(Text, default="")
    minutes_by: Mapped[Side | None] = mapped_column(enum_column(Side, "minutes_by"))
    minutes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("place <> ''", name="place"),
        CheckConstraint(
            "(state = 'held') = (minutes <> '' AND minutes_at IS NOT NULL"
            " AND minutes_by IS NOT NULL)",
            name="minutes",
        ),
    )


class ThreadContact(Base):
    """What one side gives to be reached by. The other reads it when it has given its own."""

    __tablename__ = "thread_contact"

    thread_id: Mapped[int] = mapped_column(
        ForeignKey("thread.id", ondelete="CASCADE"), primary_key=True
    )
    side: Mapped[Side] = mapped_column(enum_column(Side, "side"), primary_key=True)
    person: Mapped[str] = mapped_column(String(40))
    reach: Mapped[str] = mapped_column(String(120))
    """Telephone number, e-mail or both, as typed."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("person <> '' AND reach <> ''", name="complete"),)


class ThreadAgreement(Base):
    """A side's acceptance of the confidentiality agreement, with the version of its text."""

    __tablename__ = "thread_agreement"

    thread_id: Mapped[int] = mapped_column(
        ForeignKey("thread.id", ondelete="CASCADE"), primary_key=True
    )
    side: Mapped[Side] = mapped_column(enum_column(Side, "side"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text_version: Mapped[str] = mapped_column(String(20))
    text_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the text as it was shown."""


class Looker(StrEnum):
    """As what somebody looked at what is hidden."""

    COUNTERPART = "counterpart"
    """The other side of a thread, after its confidentiality agreement."""
    SPECIALIST = "specialist"
    OPERATOR = "operator"
    """The platform, and never without a reason (DOMAIN.md, People and organisations)."""
    EXPERT = "expert"


class AccessEntry(Base):
    """One look at a protected text or file; its owner reads the log."""

    __tablename__ = "access_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    looker: Mapped[Looker] = mapped_column(enum_column(Looker, "looker"))
    what: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("looker <> 'operator' OR reason <> ''", name="reason"),
        Index("ix_access_entry_owner_id", "owner_id", "listing_id", "id"),
    )


class ThreadOpening(Base):
    """One protected field or file of a listing that its owner opened to the other side of a
    thread. It opens once that side accepted the confidentiality agreement, while the thread
    runs; taken back, the row stays and says from when to when."""

    __tablename__ = "thread_opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(String(40), default="")
    attachment_id: Mapped[int | None] = mapped_column(
        ForeignKey("listing_attachment.id", ondelete="CASCADE"), index=True
    )
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (
        CheckConstraint("(field <> '') = (attachment_id IS NULL)", name="one_thing"),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed"),
        Index(
            "uq_thread_opening_field", "thread_id", "field", unique=True,
            sqlite_where=text("closed_at IS NULL AND attachment_id IS NULL"),
            postgresql_where=text("closed_at IS NULL AND attachment_id IS NULL"),
        ),
        Index(
            "uq_thread_opening_attachment", "thread_id", "attachment_id", unique=True,
            sqlite_where=text("closed_at IS NULL AND attachment_id IS NOT NULL"),
            postgresql_where=text("closed_at IS NULL AND attachment_id IS NOT NULL"),
        ),
    )  # fmt: skip
