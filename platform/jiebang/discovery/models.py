"""What the index is made from, and what it proposed. The database is the truth."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.boards import Board


class SearchRow(Base):
    """One published listing as the index sees it: its filter columns; its text is `SearchText`.

    Rows are never deleted while the listing exists: `live` turns false, so that every process
    learns of a withdrawal by its revision.
    """

    __tablename__ = "search_row"

    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    board: Mapped[Board] = mapped_column(enum_column(Board, "board"))
    revision: Mapped[int] = mapped_column(BigInteger, unique=True)
    live: Mapped[bool]
    visibility: Mapped[int]
    """0 everybody, 1 signed-in people, 2 invited organisations."""
    organisation_id: Mapped[int | None]
    industry: Mapped[str] = mapped_column(String(20), default="")
    chain: Mapped[str] = mapped_column(String(40), default="")
    region: Mapped[str] = mapped_column(String(40), default="")
    modes: Mapped[list[str]]
    trl: Mapped[int | None]
    money_low: Mapped[int | None] = mapped_column(BigInteger)
    money_high: Mapped[int | None] = mapped_column(BigInteger)
    deadline: Mapped[date | None]
    education: Mapped[str] = mapped_column(String(20), default="")

    __table_args__ = (Index("ix_search_row_live", "board", "live"),)


class SearchText(Base):
    """A live listing's public text, segmented and encoded by one model.

    While another model is being introduced a listing has one row for each; `revision` says which
    state of the listing it was made from, and another one than the listing's is out of date.
    """

    __tablename__ = "search_text"

    listing_id: Mapped[int] = mapped_column(
        ForeignKey("search_row.listing_id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Fingerprint of the encoder."""
    revision: Mapped[int] = mapped_column(BigInteger)
    prepared: Mapped[bytes] = mapped_column(LargeBinary)


class SearchRevision(Base):
    """One row: the newest revision, locked from its increment until commit, so that revisions
    become visible in order (a PostgreSQL sequence would not do that)."""

    __tablename__ = "search_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigInteger)
    database: Mapped[str] = mapped_column(String(36))
    """Identity of this database: a snapshot made from another one is refused."""
    model: Mapped[str | None] = mapped_column(String(64))
    """Fingerprint of the encoder that all processes search with; none before the first listing."""
    model_place: Mapped[str | None] = mapped_column(String(500))
    """Its folder or name as the settings gave it; none for the bundled one."""
    switched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it took the former one's place: only settings read later may ask for another."""


class Suggestion(Base):
    """A counterpart that the index proposed for a listing, kept per direction."""

    __tablename__ = "suggestion"

    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    score: Mapped[float]
    level: Mapped[str] = mapped_column(String(4))
    model: Mapped[str] = mapped_column(String(64))
    """Encoder and ranking that made it (`matching.engine.Engine.version`)."""
    listing_revision: Mapped[int] = mapped_column(BigInteger)
    other_revision: Mapped[int] = mapped_column(BigInteger)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Verdict(StrEnum):
    """What a person said of a proposed pair."""

    FITS = "fits"
    UNFIT = "unfit"


class Feedback(Base):
    """A person's word on a proposed pair, with a reason code: what the ranking learns from."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    other_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    organisation_id: Mapped[int | None]
    user_id: Mapped[int | None]
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict, "verdict"))
    reason: Mapped[str] = mapped_column(String(24), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    model: Mapped[str] = mapped_column(String(64))
    """Encoder and ranking whose proposal was judged."""
    score: Mapped[float | None]
    parts: Mapped[dict[str, Any]]
    """The pair's features at that moment: texts may be gone when the ranking learns from it."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_feedback_pair", "listing_id", "other_id"),)
