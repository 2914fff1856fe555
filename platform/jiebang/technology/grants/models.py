"""Tables of grant rules, their versions, and whether a table is in use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime

from .rules import Rules, parse


class GrantTable(Base):
    """One programme of one place. Off until an operator switches it on, with a reason."""

    __tablename__ = "grant_table"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    place: Mapped[str] = mapped_column(String(60))
    programme: Mapped[str] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was switched on or off last; "" as shipped."""
    switched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    versions: Mapped[list[GrantVersion]] = relationship(
        back_populates="table", order_by="GrantVersion.number.desc()", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("key <> '' AND place <> '' AND programme <> ''", name="named"),
        CheckConstraint(
            "NOT active OR (reason <> '' AND switched_at IS NOT NULL)", name="switched"
        ),
    )

    def on(self, day: date) -> GrantVersion | None:
        """The version valid on a day: the newest one of those whose dates hold it."""
        return next((each for each in self.versions if each.valid_on(day)), None)


class GrantVersion(Base):
    """What the programme's rules were from a day on. Never changed, only followed by another."""

    __tablename__ = "grant_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    table_id: Mapped[int] = mapped_column(ForeignKey("grant_table.id", ondelete="CASCADE"))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last day; None: until further notice."""
    verified: Mapped[bool] = mapped_column(default=False)
    """Somebody compared it with the original document."""
    rules: Mapped[dict[str, Any]]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """None: shipped with the platform."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    table: Mapped[GrantTable] = relationship(back_populates="versions")

    __table_args__ = (
        Index("uq_grant_version_table_id_number", "table_id", "number", unique=True),
        CheckConstraint("source <> ''", name="source"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        CheckConstraint("number >= 1", name="number"),
    )

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def parsed(self) -> Rules:
        """The rules as they are computed."""
        return parse(self.rules)
