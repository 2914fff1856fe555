"""Listings: one kernel for the six boards."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor, Line

from . import diagnosis as _diagnosis  # noqa: F401  (its tables belong to the metadata)
from .details import Demand, Need, Order, Outcome, Product, Programme
from .workflow import EVER_PUBLISHED, ListingState


class Disclosure(StrEnum):
    """Who may read a listing (DOMAIN.md: disclosure levels)."""

    PUBLIC = "public"
    ANONYMOUS = "anonymous"
    REGISTERED = "registered"
    INVITED = "invited"
    AGREEMENT = "agreement"


class Track(StrEnum):
    """市场对接 is the light default; 揭榜挂帅 is the competition."""

    MARKET = "market"
    COMPETITION = "competition"


_STATES = ", ".join(f"'{state}'" for state in sorted(EVER_PUBLISHED))


class Listing(Base):
    """One 榜 on one of the six boards: what all boards share, and where it stands."""

    __tablename__ = "listing"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    """榜单编号, stable for life; the only name of an anonymous listing's owner."""
    board: Mapped[Board] = mapped_column(enum_column(Board, "board"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """None: imported and not yet claimed (待认领)."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[ListingState] = mapped_column(enum_column(ListingState, "state"))
    title: Mapped[str] = mapped_column(String(100))
    summary: Mapped[str] = mapped_column(Text, default="")
    industry: Mapped[str] = mapped_column(String(20), default="")
    chain: Mapped[str] = mapped_column(String(40), default="")
    region: Mapped[str] = mapped_column(String(40), default="")
    modes: Mapped[list[str]] = mapped_column(default=list)
    deadline: Mapped[date | None]
    money_low: Mapped[int | None] = mapped_column(BigInteger)
    """Integer fen, as `money_high`."""
    money_high: Mapped[int | None] = mapped_column(BigInteger)
    negotiable: Mapped[bool] = mapped_column(default=False)
    trl: Mapped[int | None]
    track: Mapped[Track] = mapped_column(enum_column(Track, "track"), default=Track.MARKET)
    disclosure: Mapped[Disclosure] = mapped_column(
        enum_column(Disclosure, "disclosure"), default=Disclosure.PUBLIC
    )
    import_key: Mapped[str | None] = mapped_column(String(200))
    """What makes a second import of the same row an update: external id or content hash."""
    content_hash: Mapped[str | None] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(80), default="")
    origin: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """An import's own words, by column, where a field could not take them; for the owner."""
    missing: Mapped[list[str]] = mapped_column(default=list)
    """Labels of what the completeness check found missing, kept for lists."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an agent last asked the own organisation for its word."""
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    review_by: Mapped[date | None]
    """By when the platform answers while experts review; None: by the default clock."""
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was returned, withdrawn or suspended; shown to the owner."""
    version: Mapped[int] = mapped_column(default=1)

    need: Mapped[Need | None] = relationship(cascade="all, delete-orphan", lazy="select")
    outcome: Mapped[Outcome | None] = relationship(cascade="all, delete-orphan", lazy="select")
    demand: Mapped[Demand | None] = relationship(cascade="all, delete-orphan", lazy="select")
    product: Mapped[Product | None] = relationship(cascade="all, delete-orphan", lazy="select")
    order: Mapped[Order | None] = relationship(cascade="all, delete-orphan", lazy="select")
    programme: Mapped[Programme | None] = relationship(cascade="all, delete-orphan", lazy="select")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint(
            f"state NOT IN ({_STATES}) OR (published_at IS NOT NULL AND confirmed_at IS NOT NULL)",
            name="published_at",
        ),
        CheckConstraint(
            "state NOT IN ('submitted', 'diagnosis') OR submitted_at IS NOT NULL",
            name="submitted_at",
        ),
        CheckConstraint("state <> 'endorsing' OR proposed_at IS NOT NULL", name="proposed_at"),
        CheckConstraint("state <> 'returned' OR state_reason <> ''", name="return_reason"),
        CheckConstraint("trl IS NULL OR trl BETWEEN 1 AND 9", name="trl"),
        CheckConstraint(
            "money_low IS NULL OR money_high IS NULL OR money_low <= money_high", name="money"
        ),
        CheckConstraint("title <> ''", name="title"),
        Index("uq_listing_import_key", "board", "import_key", unique=True),
        Index("ix_listing_board", "board", "state", "published_at"),
        Index("ix_listing_owner", "organisation_id", "state"),
        Index("ix_listing_clock", "state", "deadline"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may act on it."""
        return self.board.line

    @property
    def details(self) -> Any:
        """The row of the board's own fields."""
        return getattr(self, self.board.value)

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor acts for the owning organisation."""
        return self.organisation_id is not None and self.organisation_id == actor.organisation_id


class ListingVersion(Base):
    """The values as they were after a change; only the owner reads them."""

    __tablename__ = "listing_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed: Mapped[list[str]]
    """Names of the fields that differ from the version before."""
    values: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("uq_listing_version_listing_id_number", "listing_id", "number", unique=True),
    )


class ListingEvent(Base):
    """One step of a listing's life, shown on its page."""

    __tablename__ = "listing_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(40))
    actor_label: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text, default="")


class ListingInvitation(Base):
    """An organisation that may read an invited-only listing."""

    __tablename__ = "listing_invitation"

    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ListingAttachment(Base):
    """A file that belongs to a listing: as readable as its text, or kept by the owner."""

    __tablename__ = "listing_attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id"), unique=True)
    protected: Mapped[bool] = mapped_column(default=False)
    """Hidden from everybody but the owner, whatever the listing's level."""


class PendingDraft(Base):
    """What a visitor asked to keep before registering: found again by a token in the cookie."""

    __tablename__ = "pending_draft"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    board: Mapped[Board] = mapped_column(enum_column(Board, "board"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
