"""What an organisation declares about who holds or controls whom."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from jiebang.core.base import Base, UtcDateTime, enum_column


class RelationKind(StrEnum):
    """How one party is tied to the other."""

    HOLDING = "holding"
    """Holds a share; control or influence follow from its size."""
    CONTROL = "control"
    JOINT_CONTROL = "joint_control"
    INFLUENCE = "influence"


KIND_LABELS = {
    RelationKind.HOLDING: "持股",
    RelationKind.CONTROL: "控制",
    RelationKind.JOINT_CONTROL: "共同控制",
    RelationKind.INFLUENCE: "重大影响",
}


class Relation(Base):
    """One declared tie: `upper` holds or controls `lower`. Parties need no account here: chains
    run through holding companies and people; a name is what joins them."""

    __tablename__ = "relation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    """Who declared it."""
    upper_name: Mapped[str] = mapped_column(String(100))
    upper_key: Mapped[str] = mapped_column(String(200), index=True)
    """`orgs.models.name_key` of the name, as `lower_key`."""
    lower_name: Mapped[str] = mapped_column(String(100))
    lower_key: Mapped[str] = mapped_column(String(200), index=True)
    kind: Mapped[RelationKind] = mapped_column(enum_column(RelationKind, "relation_kind"))
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    declared_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("upper_key <> lower_key", name="two_parties"),
        CheckConstraint("percent IS NULL OR (percent > 0 AND percent <= 100)", name="percent"),
        CheckConstraint("kind <> 'holding' OR percent IS NOT NULL", name="holding"),
        Index(
            "uq_relation_declared",
            "organisation_id",
            "upper_key",
            "lower_key",
            "kind",
            unique=True,
        ),
    )
