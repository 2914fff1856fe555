"""What the parties decide with each other: acceptance, extension, termination, money back."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column

from ..workflow import (
    BACK,
    UNDECIDED,
    UNSETTLED,
    AcceptanceState,
    Party,
    RecoveryState,
    RequestState,
    Turn,
)
from .project import Evidence, Part, Project, TerminationReason, among, waits


class Measured(StrEnum):
    """What was measured against an indicator."""

    MET = "met"
    PARTLY = "partly"
    UNMET = "unmet"


class Acceptance(Part, Base):
    """One attempt at acceptance: the need's indicators answered one by one by measured values."""

    __tablename__ = "project_acceptance"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[AcceptanceState] = mapped_column(enum_column(AcceptanceState, "acceptance_state"))
    summary: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    conditions: Mapped[str] = mapped_column(Text, default="")
    """What is still to be done, one a line."""
    conditions_by: Mapped[date | None]
    supplement: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")
    answers: Mapped[list[AcceptanceAnswer]] = relationship(
        order_by="AcceptanceAnswer.position", cascade="all, delete-orphan", lazy="selectin"
    )
    evidence: Mapped[list[Evidence]] = relationship(
        order_by="Evidence.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        waits(UNDECIDED),
        CheckConstraint(
            "state NOT IN ('conditional', 'supplemented')"
            " OR (conditions <> '' AND conditions_by IS NOT NULL)",
            name="conditions",
        ),
        CheckConstraint("state <> 'failed' OR reason <> ''", name="failed"),
        CheckConstraint(
            "(state IN ('passed', 'failed', 'lapsed')) = (decided_at IS NOT NULL)", name="decided"
        ),
        Index("uq_project_acceptance_number", "project_id", "number", unique=True),
        Index(
            "uq_project_acceptance_live",
            "project_id",
            unique=True,
            sqlite_where=text(among(UNDECIDED)),
            postgresql_where=text(among(UNDECIDED)),
        ),
        Index("ix_project_acceptance_until", "state", "until"),
    )


class AcceptanceAnswer(Base):
    """An indicator as it stood when the project began, and what was measured."""

    __tablename__ = "project_acceptance_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    acceptance_id: Mapped[int] = mapped_column(
        ForeignKey("project_acceptance.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(100))
    measured: Mapped[str] = mapped_column(String(100))
    verdict: Mapped[Measured] = mapped_column(enum_column(Measured, "measured"))
    how: Mapped[str] = mapped_column(Text, default="")
    """How it was measured, by whom."""


class RequestKind(StrEnum):
    """What one party may ask of the other."""

    EXTENSION = "extension"
    TERMINATION = "termination"


class Request(Part, Base):
    """An extension or a termination that one party asks for: both must agree."""

    __tablename__ = "project_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    kind: Mapped[RequestKind] = mapped_column(enum_column(RequestKind, "request_kind"))
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState, "request_state"))
    asker: Mapped[Party] = mapped_column(enum_column(Party, "project_side"))
    months: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[TerminationReason | None] = mapped_column(
        enum_column(TerminationReason, "termination_reason")
    )
    reason: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, default="")
    """Why the other side refuses."""
    ruling: Mapped[str] = mapped_column(Text, default="")
    """What an operator decided in mediation, and why."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        waits(UNSETTLED),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("state NOT IN ('refused', 'mediating') OR answer <> ''", name="refused"),
        CheckConstraint("state <> 'mediating' OR kind = 'termination'", name="mediating"),
        CheckConstraint(
            "(kind = 'extension') = (months BETWEEN 1 AND 12)"
            " AND (kind = 'termination') = (reason_code IS NOT NULL)",
            name="kind",
        ),
        Index(
            "uq_project_request_live",
            "project_id",
            "kind",
            unique=True,
            sqlite_where=text(among(UNSETTLED)),
            postgresql_where=text(among(UNSETTLED)),
        ),
        Index("ix_project_request_until", "state", "until"),
    )


class Recovery(Part, Base):
    """Money that goes back from the solver to the client after a termination."""

    __tablename__ = "project_recovery"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    amount: Mapped[int] = mapped_column(BigInteger)
    """Integer fen."""
    state: Mapped[RecoveryState] = mapped_column(enum_column(RecoveryState, "recovery_state"))
    basis: Mapped[str] = mapped_column(Text)
    """How the amount was worked out."""
    reason: Mapped[str] = mapped_column(Text, default="")
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    returned_on: Mapped[date | None]
    voucher: Mapped[str] = mapped_column(String(60), default="")
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        waits(BACK),
        CheckConstraint("amount > 0 AND basis <> ''", name="amount"),
        CheckConstraint("state <> 'dropped' OR reason <> ''", name="dropped"),
        CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled"),
        CheckConstraint(
            "state NOT IN ('returned', 'settled') OR returned_on IS NOT NULL", name="returned"
        ),
        Index(
            "uq_project_recovery_live",
            "project_id",
            unique=True,
            sqlite_where=text(among(BACK)),
            postgresql_where=text(among(BACK)),
        ),
        Index("ix_project_recovery_until", "state", "until"),
    )
