"""A registration beside its agreement, and its steps."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.boards.agreements.models import Agreement
from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, Line
from jiebang.core.sides import Side

from .workflow import SELLER, RegistrationState


class Registration(Base):
    """What the seller says of its filing with the registration office (技术合同登记机构)."""

    __tablename__ = "contract_registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(
        ForeignKey("agreement.id", ondelete="CASCADE"), unique=True
    )
    state: Mapped[RegistrationState] = mapped_column(
        enum_column(RegistrationState, "registration_state")
    )
    seller: Mapped[Side] = mapped_column(enum_column(Side, "registration_seller"))
    """Who gives the technology: files it, and alone may."""
    disputed: Mapped[bool] = mapped_column(default=False)
    """The office's longer clock applies whatever the amount."""
    office: Mapped[str] = mapped_column(String(80), default="")
    filed_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    due: Mapped[date | None]
    """When the office should have answered, or the seller should have supplemented."""
    escalated: Mapped[int] = mapped_column(default=0)
    number: Mapped[str] = mapped_column(String(60), default="")
    """登记编号."""
    contract_amount: Mapped[int | None] = mapped_column(BigInteger)
    """Integer fen, as the office recognised it; `technology_amount` is its part of 技术交易额."""
    technology_amount: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    agreement: Mapped[Agreement] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint(
            "(state IN ('filed', 'accepted', 'supplement')) = (due IS NOT NULL)", name="waiting"
        ),
        CheckConstraint(
            "state NOT IN ('filed', 'accepted', 'supplement', 'approved') OR filed_on IS NOT NULL",
            name="filed",
        ),
        CheckConstraint("state NOT IN ('approved', 'accepted') OR accepted_on IS NOT NULL",
                        name="accepted"),
        CheckConstraint(
            "state <> 'approved' OR (number <> '' AND decided_on IS NOT NULL"
            " AND contract_amount IS NOT NULL AND technology_amount IS NOT NULL)",
            name="approved",
        ),
        CheckConstraint(
            "state NOT IN ('not_needed', 'supplement', 'refused') OR reason <> ''", name="reason"
        ),
        CheckConstraint(
            "technology_amount IS NULL OR (technology_amount >= 0"
            " AND technology_amount <= contract_amount)",
            name="amounts",
        ),
        Index("ix_contract_registration_due", "state", "due"),
    )  # fmt: skip

    @property
    def line(self) -> Line:
        """The line whose agents may act on it."""
        return self.agreement.line

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The seller's people, where they act for it."""
        mine = self.agreement.side_of(actor)
        return frozenset({SELLER}) if mine is self.seller else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor belongs to a party, whichever seat is acted from."""
        return self.agreement.belongs_to(actor)


class RegistrationEvent(Base):
    """One step, shown to all parties of the agreement."""

    __tablename__ = "contract_registration_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("contract_registration.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    label: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text, default="")
