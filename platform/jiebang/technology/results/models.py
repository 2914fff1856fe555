"""A case: what the public reads of an accepted project, in words that both parties approved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime

from ..projects.models import Project

TITLE_LIMIT = 80
TEXT_LIMIT = 2000


class Case(Base):
    """One project's public page. Each party approves the text as it stands and says whether it is
    named; a changed text needs both words anew, and either may take the page down."""

    __tablename__ = "result_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), unique=True
    )
    title: Mapped[str] = mapped_column(String(TITLE_LIMIT))
    text: Mapped[str] = mapped_column(Text)
    client_named: Mapped[bool] = mapped_column(default=False)
    solver_named: Mapped[bool] = mapped_column(default=False)
    client_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solver_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("title <> '' AND text <> ''", name="words"),
        CheckConstraint(
            "(published_at IS NOT NULL) ="
            " (client_agreed_at IS NOT NULL AND solver_agreed_at IS NOT NULL)",
            name="both",
        ),
    )
