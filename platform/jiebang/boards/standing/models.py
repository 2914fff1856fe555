"""Saved searches, and what a standing query has shown already."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.boards import Board


class SavedSearch(Base):
    """A person's search on one board, asked again whenever something is published there."""

    __tablename__ = "saved_search"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    board: Mapped[Board] = mapped_column(enum_column(Board, "board"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    """Its conditions in words, as the list shows them."""
    asked: Mapped[dict[str, Any]]
    """The address's parameters: what was typed, by name."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("name <> ''", name="name"),)


class StandingHit(Base):
    """A counterpart that a listing or a saved search has shown: it is not shown again."""

    __tablename__ = "standing_hit"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    search_id: Mapped[int | None] = mapped_column(ForeignKey("saved_search.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[bool]
    """False: the person had it before their eyes when they saved the search."""

    __table_args__ = (
        CheckConstraint("(listing_id IS NULL) <> (search_id IS NULL)", name="one_asker"),
        Index("uq_standing_hit_listing", "listing_id", "other_id", unique=True),
        Index("uq_standing_hit_search", "search_id", "other_id", unique=True),
    )
