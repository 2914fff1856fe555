"""Money of a project: what is to be paid, what was paid, and what is granted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column

from ..workflow import GRANTING, UNPAID, GrantState, InstalmentState, Turn
from .project import Milestone, Part, Project, among, waits


class ProjectInstalment(Part, Base):
    """One payment from the client to the solver. It may come in parts; never more than agreed."""

    __tablename__ = "project_instalment"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id", ondelete="CASCADE"))
    """Whose passing makes it payable."""
    position: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)
    """Integer fen, as agreed; `paid` and `claimed` likewise."""
    paid: Mapped[int] = mapped_column(BigInteger, default=0)
    """Confirmed by the receiver."""
    claimed: Mapped[int] = mapped_column(BigInteger, default=0)
    """Reported by the payer, not confirmed yet."""
    state: Mapped[InstalmentState] = mapped_column(enum_column(InstalmentState, "instalment_state"))
    payable_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")
    milestone: Mapped[Milestone] = relationship(lazy="joined")
    payments: Mapped[list[Payment]] = relationship(
        order_by="Payment.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        waits(UNPAID),
        CheckConstraint(
            "amount > 0 AND paid >= 0 AND claimed >= 0 AND paid + claimed <= amount", name="amounts"
        ),
        CheckConstraint("(state = 'paid') = (paid = amount)", name="paid"),
        CheckConstraint("(state = 'reported') = (claimed > 0)", name="reported"),
        CheckConstraint("state <> 'void' OR (paid = 0 AND reason <> '')", name="void"),
        Index("uq_project_instalment_position", "project_id", "position", unique=True),
        Index("ix_project_instalment_milestone_id", "milestone_id"),
        Index("ix_project_instalment_until", "state", "until"),
    )

    @property
    def left(self) -> int:
        """Fen that are neither paid nor reported as paid."""
        return self.amount - self.paid - self.claimed


class Payment(Base):
    """One transfer as the payer reported it, and what the receiver said."""

    __tablename__ = "project_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    instalment_id: Mapped[int] = mapped_column(
        ForeignKey("project_instalment.id", ondelete="CASCADE"), index=True
    )
    amount: Mapped[int] = mapped_column(BigInteger)
    """Integer fen."""
    paid_on: Mapped[date]
    voucher: Mapped[str] = mapped_column(String(60), default="")
    """The bank's number of the transfer."""
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disputed: Mapped[str] = mapped_column(Text, default="")
    """Why the receiver did not confirm it."""

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("confirmed_at IS NULL OR disputed = ''", name="answered"),
    )


class GrantPayment(Part, Base):
    """What a switched-on rule table grants a project, with the steps that led to the amount."""

    __tablename__ = "project_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    version_id: Mapped[int] = mapped_column(ForeignKey("grant_version.id"))
    table_id: Mapped[int] = mapped_column(ForeignKey("grant_table.id"))
    name: Mapped[str] = mapped_column(String(40))
    """The table's instalment."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """Integer fen."""
    inputs: Mapped[dict[str, Any]]
    steps: Mapped[list[str]]
    """How the amount came about, in words."""
    state: Mapped[GrantState] = mapped_column(enum_column(GrantState, "grant_state"))
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_on: Mapped[date | None]
    voucher: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        waits(GRANTING),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state <> 'refused' OR reason <> ''", name="refused"),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid"),
        Index(
            "uq_project_grant_live",
            "project_id",
            "table_id",
            "name",
            unique=True,
            sqlite_where=text(among([*GRANTING, GrantState.PAID])),
            postgresql_where=text(among([*GRANTING, GrantState.PAID])),
        ),
        Index("ix_project_grant_until", "state", "until"),
    )
