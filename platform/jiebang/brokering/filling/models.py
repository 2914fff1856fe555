"""What a specialist filled in: kept apart from everything that counts until it is confirmed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.boards.models import Listing
from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor, Line
from jiebang.core.sides import Holder

from .workflow import FIRM, PENDING, SPECIALIST, FillingState

_PENDING = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(PENDING)))


class FillingKind(StrEnum):
    """What it becomes."""

    LISTING = "listing"
    RESPONSE = "response"


class Filling(Base):
    """A listing or a response written for an organisation."""

    __tablename__ = "filling"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    kind: Mapped[FillingKind] = mapped_column(enum_column(FillingKind, "filling_kind"))
    board: Mapped[Board] = mapped_column(enum_column(Board, "board"))
    """The listing's board; for a response the board of what it answers."""
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    """What a response answers."""
    title: Mapped[str] = mapped_column(String(100))
    values: Mapped[dict[str, Any]]
    """As `storage.to_json` keeps a listing's values, or a response's texts, budget, answers."""
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    """Who wrote it; stays when another specialist takes over."""
    specialist_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Whose work it is now; None: nobody serves the organisation any more."""
    state: Mapped[FillingState] = mapped_column(enum_column(FillingState, "filling_state"))
    holder: Mapped[Holder | None] = mapped_column(enum_column(Holder, "holder"))
    due: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why the organisation refused it the last time."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Who confirmed or refused it, for the organisation."""
    made_listing_id: Mapped[int | None] = mapped_column(
        ForeignKey("listing.id", ondelete="SET NULL")
    )
    made_response_id: Mapped[int | None] = mapped_column(
        ForeignKey("response.id", ondelete="SET NULL")
    )
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing | None] = relationship(foreign_keys=[listing_id], lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("(kind = 'response') = (listing_id IS NOT NULL)", name="kind"),
        CheckConstraint(
            f"({_PENDING}) = (holder IS NOT NULL) AND ({_PENDING}) = (due IS NOT NULL)",
            name="waiting",
        ),
        CheckConstraint("state <> 'refused' OR reason <> ''", name="refused"),
        CheckConstraint(
            "state <> 'confirmed' OR (decided_at IS NOT NULL AND decided_by IS NOT NULL"
            " AND proposed_at IS NOT NULL)",
            name="confirmed",
        ),
        Index("ix_filling_organisation_id", "organisation_id", "state"),
        Index("ix_filling_specialist_id", "specialist_id", "state"),
        Index("ix_filling_due", "state", "due"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may confirm it."""
        return self.board.line

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The part that the actor has in it."""
        found = set()
        if actor.organisation_id == self.organisation_id:
            found.add(FIRM)
        elif actor.user_id is not None and actor.user_id == self.specialist_id:
            found.add(SPECIALIST)
        return frozenset(found)

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor acts for the organisation that it was written for."""
        return actor.organisation_id == self.organisation_id
