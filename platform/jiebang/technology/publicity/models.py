"""Publicities of selections and the objections to them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.boards.models import Listing
from jiebang.boards.responses.models import Response
from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor

from .workflow import OBJECTOR, ObjectionState, PublicityState


class Basis(StrEnum):
    """Why a selection is made public."""

    TRACK = "track"
    """The track's rule."""
    REQUEST = "request"
    """A party's own rule, such as a university's for a price by agreement (协议定价)."""


class Publicity(Base):
    """A selection made public. Its row is the lock under which objections are taken and decided."""

    __tablename__ = "publicity"

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[PublicityState] = mapped_column(enum_column(PublicityState, "publicity_state"))
    basis: Mapped[Basis] = mapped_column(enum_column(Basis, "publicity_basis"))
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """Whose own rule asks for it."""
    ground: Mapped[str] = mapped_column(String(200), default="")
    """The rule, as the public page shows it."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends: Mapped[date]
    """The last day on which objections are taken, to 24:00 北京时间."""
    objection_days: Mapped[int]
    """Working days to decide an objection, of the track's version."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(lazy="joined")
    response: Mapped[Response] = relationship(lazy="joined")
    objections: Mapped[list[Objection]] = relationship(
        back_populates="publicity", order_by="Objection.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("(state = 'running') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("objection_days BETWEEN 1 AND 60", name="objection_days"),
        CheckConstraint("basis <> 'request' OR requested_by IS NOT NULL", name="requested"),
        Index(
            "uq_publicity_live",
            "response_id",
            unique=True,
            sqlite_where=text("state IN ('running', 'ended')"),
            postgresql_where=text("state IN ('running', 'ended')"),
        ),
        Index("ix_publicity_ends", "state", "ends"),
    )

    @property
    def party_ids(self) -> frozenset[int]:
        """Whose selection it is, and who selected: neither decides on it."""
        return self.response.party_ids | {self.response.issuer_id}

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor belongs to a party, whichever seat is acted from."""
        return bool(self.party_ids & actor.organisation_ids)


class Objection(Base):
    """What somebody holds against a selection, with the evidence, and what was decided."""

    __tablename__ = "objection"

    id: Mapped[int] = mapped_column(primary_key=True)
    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id", ondelete="CASCADE"))
    state: Mapped[ObjectionState] = mapped_column(enum_column(ObjectionState, "objection_state"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """Whom the person spoke for; None: for themselves."""
    text: Mapped[str] = mapped_column(Text)
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("upload.id"), unique=True)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[date]
    """By when the platform decides."""
    escalated: Mapped[int] = mapped_column(default=0)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    publicity: Mapped[Publicity] = relationship(back_populates="objections", lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("text <> ''", name="text"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "state NOT IN ('upheld', 'rejected') OR (reason <> '' AND decided_by IS NOT NULL)",
            name="reason",
        ),
        Index("ix_objection_publicity_id", "publicity_id", "state"),
        Index("ix_objection_due", "state", "due"),
    )

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """Who raised it takes it back alone."""
        return frozenset({OBJECTOR}) if actor.user_id == self.user_id else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """Parties and objectors do not decide: nor does who belongs to the objecting house."""
        return (
            actor.user_id == self.user_id
            or self.publicity.belongs_to(actor)
            or self.organisation_id in actor.organisation_ids
        )
