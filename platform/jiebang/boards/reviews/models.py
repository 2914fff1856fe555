"""Panels of experts, who is asked, what each declared, and what each wrote."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor

from ..models import Listing
from ..responses.models import Response
from ..tracks.models import TrackVersion
from .workflow import EXPERT, AssignmentState, PanelState

DECLARATION = "1"
"""The version of the declaration's text (templates/reviews/_declaration.html)."""


class Stage(StrEnum):
    """What is reviewed."""

    NEED = "need"
    """A listing before its publication."""
    RESPONSES = "responses"
    """All that wait on a listing, side by side."""


class Advice(StrEnum):
    """What an expert comes to."""

    SUPPORT = "support"
    IMPROVE = "improve"
    AGAINST = "against"


ADVICE_LABELS = {
    Stage.NEED: {
        Advice.SUPPORT: "建议发布",
        Advice.IMPROVE: "修改后再发布",
        Advice.AGAINST: "不建议发布",
    },
    Stage.RESPONSES: {
        Advice.SUPPORT: "建议入围",
        Advice.IMPROVE: "补充后再定",
        Advice.AGAINST: "不建议入围",
    },
}


class Panel(Base):
    """One review by several experts. Its row is the lock under which experts are asked, replaced
    and heard one after the other."""

    __tablename__ = "review_panel"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    stage: Mapped[Stage] = mapped_column(enum_column(Stage, "review_stage"))
    state: Mapped[PanelState] = mapped_column(enum_column(PanelState, "panel_state"))
    track_version_id: Mapped[int] = mapped_column(ForeignKey("track_version.id"))
    opened_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[date]
    """By when the operator concludes it."""
    escalated: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(lazy="joined")
    rules: Mapped[TrackVersion] = relationship(lazy="joined")
    candidates: Mapped[list[Candidate]] = relationship(
        order_by="Candidate.id", cascade="all, delete-orphan", lazy="selectin"
    )
    assignments: Mapped[list[ReviewAssignment]] = relationship(
        back_populates="panel", order_by="ReviewAssignment.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        Index(
            "uq_review_panel_open",
            "listing_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_review_panel_listing_id", "listing_id", "id"),
        Index("ix_review_panel_due", "state", "due"),
    )

    @property
    def party_ids(self) -> frozenset[int]:
        """The organisations that are judged: who belongs to them, or is related, judges not."""
        found = {each for row in self.candidates for each in row.response.party_ids}
        if self.listing.organisation_id is not None:
            found.add(self.listing.organisation_id)
        return frozenset(found)

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor belongs to a party, whichever seat is acted from."""
        return bool(self.party_ids & actor.organisation_ids)


class Candidate(Base):
    """A response that a panel compares, as it stood when it was filed."""

    __tablename__ = "review_candidate"

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("review_panel.id", ondelete="CASCADE"))
    response_id: Mapped[int] = mapped_column(
        ForeignKey("response.id", ondelete="CASCADE"), index=True
    )
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Filed anew, it is another text and needs another review."""

    response: Mapped[Response] = relationship(lazy="joined")

    __table_args__ = (
        Index("uq_review_candidate_panel_id_response_id", "panel_id", "response_id", unique=True),
    )


class ReviewAssignment(Base):
    """One expert's part in a panel, with the declaration that came before the material."""

    __tablename__ = "review_assignment"

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("review_panel.id", ondelete="CASCADE"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    state: Mapped[AssignmentState] = mapped_column(enum_column(AssignmentState, "assignment_state"))
    assigned_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[date]
    escalated: Mapped[int] = mapped_column(default=0)
    declared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the expert declared: no conflict, or recusal."""
    declaration: Mapped[str] = mapped_column(String(10), default="")
    """The version of the text that was declared."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why recused or replaced."""
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    panel: Mapped[Panel] = relationship(back_populates="assignments", lazy="joined")
    reviews: Mapped[list[Review]] = relationship(
        order_by="Review.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint(
            "state NOT IN ('reviewing', 'submitted', 'recused')"
            " OR (declared_at IS NOT NULL AND declaration <> '')",
            name="declared",
        ),
        CheckConstraint("(state = 'submitted') = (submitted_at IS NOT NULL)", name="submitted"),
        CheckConstraint("state NOT IN ('recused', 'replaced') OR reason <> ''", name="reason"),
        Index("uq_review_assignment_panel_id_expert_id", "panel_id", "expert_id", unique=True),
        Index("ix_review_assignment_expert_id", "expert_id", "state"),
        Index("ix_review_assignment_due", "state", "due"),
    )

    @property
    def party_ids(self) -> frozenset[int]:
        return self.panel.party_ids

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The expert's own acts are the expert's alone."""
        return frozenset({EXPERT}) if actor.user_id == self.expert_id else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """A party's people, and the expert, do not decide who reviews."""
        return actor.user_id == self.expert_id or self.panel.belongs_to(actor)


class Review(Base):
    """What one expert wrote on the need, or on one of the responses."""

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(
        ForeignKey("review_assignment.id", ondelete="CASCADE"), index=True
    )
    response_id: Mapped[int | None] = mapped_column(
        ForeignKey("response.id", ondelete="CASCADE"), index=True
    )
    advice: Mapped[Advice | None] = mapped_column(enum_column(Advice, "review_advice"))
    comment: Mapped[str] = mapped_column(Text, default="")

    scores: Mapped[list[Score]] = relationship(
        order_by="Score.id", cascade="all, delete-orphan", lazy="selectin"
    )


class Score(Base):
    """Points and a written word for one criterion."""

    __tablename__ = "review_score"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"))
    criterion: Mapped[str] = mapped_column(String(24))
    points: Mapped[int | None]
    words: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("points IS NULL OR points BETWEEN 0 AND 100", name="points"),
        Index("uq_review_score_review_id_criterion", "review_id", "criterion", unique=True),
    )
