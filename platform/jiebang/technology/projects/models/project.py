"""A project, its parties, its milestones and what was handed in for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.boards.models import Listing
from jiebang.boards.reviews.workflow import UNDER_WAY, AssignmentState
from jiebang.boards.tracks.models import TrackVersion
from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, Line

from ..workflow import ACTIVE, EXPERT, UNJUDGED, MilestoneState, Party, ProjectState, Turn


def among(states: Iterable[StrEnum]) -> str:
    """A condition in SQL: the row is in one of these states."""
    return "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(states)))


def waits(states: Iterable[StrEnum]) -> CheckConstraint:
    """Nothing waits without a holder and a date, and nothing else has them."""
    inside = among(states)
    return CheckConstraint(
        f"({inside}) = (holder IS NOT NULL) AND ({inside}) = (until IS NOT NULL)", name="waiting"
    )


class TerminationReason(StrEnum):
    """Why a project ends early."""

    TECHNICAL = "technical"
    MARKET = "market"
    FUNDING = "funding"
    BREACH = "breach"
    FORCE_MAJEURE = "force_majeure"
    MUTUAL = "mutual"
    OTHER = "other"


T = TerminationReason
TERMINATION_LABELS = {
    T.TECHNICAL: "技术路线不可行",
    T.MARKET: "市场或需求变化",
    T.FUNDING: "资金不到位",
    T.BREACH: "一方违约",
    T.FORCE_MAJEURE: "不可抗力",
    T.MUTUAL: "双方协商一致",
    T.OTHER: "其他",
}


class Project(Base):
    """What an agreement started. Its row is the lock under which everything in it moves."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(
        ForeignKey("agreement.id", ondelete="CASCADE"), unique=True
    )
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    client_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """委托方: has the problem and pays. On a need its issuer, on an outcome who answered it."""
    solver_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """实施方, or who leads it where several do."""
    track_version_id: Mapped[int] = mapped_column(ForeignKey("track_version.id"))
    state: Mapped[ProjectState] = mapped_column(enum_column(ProjectState, "project_state"))
    total: Mapped[int] = mapped_column(BigInteger)
    """Integer fen, as agreed."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    planned_end: Mapped[date]
    extended_months: Mapped[int] = mapped_column(default=0)
    """The one extension; 0 while there was none."""
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[TerminationReason | None] = mapped_column(
        enum_column(TerminationReason, "termination_reason")
    )
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(lazy="joined")
    rules: Mapped[TrackVersion] = relationship(lazy="joined")
    parties: Mapped[list[ProjectParty]] = relationship(
        order_by="ProjectParty.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("client_id <> solver_id", name="two_sides"),
        CheckConstraint("total >= 0", name="total"),
        CheckConstraint("extended_months BETWEEN 0 AND 12", name="extended"),
        CheckConstraint(
            "(state IN ('closed', 'terminated')) = (ended_at IS NOT NULL)", name="ended"
        ),
        CheckConstraint(
            "state NOT IN ('settling', 'closed') OR accepted_at IS NOT NULL", name="accepted"
        ),
        CheckConstraint(
            "(state = 'terminated') = (reason_code IS NOT NULL)"
            " AND (state <> 'terminated' OR reason <> '')",
            name="terminated",
        ),
        waits(ACTIVE),
        Index("ix_project_client_id", "client_id", "state"),
        Index("ix_project_solver_id", "solver_id", "state"),
        Index("ix_project_listing_id", "listing_id"),
        Index("ix_project_until", "state", "until"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may act on it."""
        return self.listing.line

    @property
    def party_ids(self) -> frozenset[int]:
        """Every organisation that takes part."""
        return frozenset(each.organisation_id for each in self.parties)

    def side_of(self, actor: Actor) -> Party | None:
        """The side of the organisation acted for."""
        mine = actor.organisation_id
        return next((each.party for each in self.parties if each.organisation_id == mine), None)

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The same as the workflows ask."""
        side = self.side_of(actor)
        return frozenset({side.value}) if side else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor belongs to a party, whichever seat is acted from: such a person
        confirms and approves nothing here."""
        return bool(self.party_ids & actor.organisation_ids)

    def ids_of(self, party: Party) -> list[int]:
        """The organisations of a side, the leading one first."""
        lead = self.client_id if party is Party.CLIENT else self.solver_id
        more = [each.organisation_id for each in self.parties if each.party is party]
        return [lead, *(each for each in more if each != lead)]


class ProjectParty(Base):
    """An organisation that takes part, and on which side."""

    __tablename__ = "project_party"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    party: Mapped[Party] = mapped_column(enum_column(Party, "project_side"))

    __table_args__ = (
        Index("uq_project_party_organisation", "project_id", "organisation_id", unique=True),
    )


class Part:
    """What belongs to a project: it is whose the project is."""

    if TYPE_CHECKING:
        project: Mapped[Project]

    @property
    def line(self) -> Line:
        return self.project.line

    @property
    def checked(self) -> bool:
        """Whether the platform confirms what passes, by the track's version."""
        return self.project.rules.milestone_check

    def sides_of(self, actor: Actor) -> frozenset[str]:
        return self.project.sides_of(actor)

    def belongs_to(self, actor: Actor) -> bool:
        return self.project.belongs_to(actor)


class Milestone(Part, Base):
    """What is to be delivered by a day."""

    __tablename__ = "milestone"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(60))
    condition: Mapped[str] = mapped_column(Text, default="")
    planned: Mapped[date]
    final: Mapped[bool] = mapped_column(default=False)
    """Passed together with the acceptance."""
    state: Mapped[MilestoneState] = mapped_column(enum_column(MilestoneState, "milestone_state"))
    rectified: Mapped[bool] = mapped_column(default=False)
    """The one chance to hand in again was given."""
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    """The client's, or the platform's, last word on it."""
    holder: Mapped[Turn | None] = mapped_column(enum_column(Turn, "turn"))
    until: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="joined")
    evidence: Mapped[list[Evidence]] = relationship(
        order_by="Evidence.id", cascade="all, delete-orphan", lazy="selectin"
    )
    checks: Mapped[list[MilestoneCheck]] = relationship(
        back_populates="milestone",
        order_by="MilestoneCheck.id",
        cascade="all, delete-orphan",
        lazy="selectin",
    )

    @property
    def by_expert(self) -> bool:
        """Whether an expert confirms it, by the track's version."""
        return self.checked and self.project.rules.milestone_expert

    @property
    def asked(self) -> MilestoneCheck | None:
        """The expert's part that is under way."""
        return next((each for each in self.checks if each.state in UNDER_WAY), None)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        waits(UNJUDGED),
        CheckConstraint("label <> ''", name="label"),
        CheckConstraint(
            "state NOT IN ('rectify', 'failed') OR (rectified AND reason <> '')", name="judged"
        ),
        CheckConstraint(
            "(state IN ('passed', 'failed', 'lapsed')) = (decided_at IS NOT NULL)", name="decided"
        ),
        Index("uq_milestone_project_id_position", "project_id", "position", unique=True),
        Index("ix_milestone_until", "state", "until"),
    )


class MilestoneCheck(Base):
    """One expert asked to confirm a milestone: declared first, then confirmed or sent back. Its day
    is the milestone's, whose holder the expert is meanwhile."""

    __tablename__ = "milestone_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id", ondelete="CASCADE"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    state: Mapped[AssignmentState] = mapped_column(enum_column(AssignmentState, "assignment_state"))
    assigned_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    declared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the expert declared: no conflict, or recusal."""
    declaration: Mapped[str] = mapped_column(String(10), default="")
    """The version of the text that was declared."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    passed: Mapped[bool | None]
    """What the expert came to; None before."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why recused, replaced, or sent back."""
    version: Mapped[int] = mapped_column(default=1)

    milestone: Mapped[Milestone] = relationship(back_populates="checks", lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint(
            "state NOT IN ('reviewing', 'submitted', 'recused')"
            " OR (declared_at IS NOT NULL AND declaration <> '')",
            name="declared",
        ),
        CheckConstraint(
            "(state = 'submitted') = (decided_at IS NOT NULL)"
            " AND (state = 'submitted') = (passed IS NOT NULL)",
            name="decided",
        ),
        CheckConstraint(
            "(state NOT IN ('recused', 'replaced') AND (passed IS NULL OR passed)) OR reason <> ''",
            name="reason",
        ),
        Index(
            "uq_milestone_check_live",
            "milestone_id",
            unique=True,
            sqlite_where=text(among(UNDER_WAY)),
            postgresql_where=text(among(UNDER_WAY)),
        ),
        Index("ix_milestone_check_milestone_id", "milestone_id", "id"),
        Index("ix_milestone_check_expert_id", "expert_id", "state"),
    )

    @property
    def party_ids(self) -> frozenset[int]:
        """The organisations that are judged."""
        return self.milestone.project.party_ids

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The expert's own acts are the expert's alone."""
        return frozenset({EXPERT}) if actor.user_id == self.expert_id else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """A party's people, and the expert, do not decide who confirms."""
        return actor.user_id == self.expert_id or self.milestone.belongs_to(actor)


class Evidence(Base):
    """What was handed in for a milestone or an acceptance: words, a file, or both. Its readers are
    the parties, and the platform while it confirms."""

    __tablename__ = "project_evidence"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    milestone_id: Mapped[int | None] = mapped_column(
        ForeignKey("milestone.id", ondelete="CASCADE"), index=True
    )
    acceptance_id: Mapped[int | None] = mapped_column(
        ForeignKey("project_acceptance.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(Text, default="")
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("upload.id"), unique=True)

    __table_args__ = (
        CheckConstraint("text <> '' OR upload_id IS NOT NULL", name="says_something"),
        CheckConstraint("(milestone_id IS NULL) <> (acceptance_id IS NULL)", name="for_one"),
        Index("ix_project_evidence_project_id", "project_id", "id"),
    )


class ProjectEvent(Base):
    """One step of a project's life, shown to its parties."""

    __tablename__ = "project_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    label: Mapped[str] = mapped_column(String(120))
    who: Mapped[str] = mapped_column(String(20))
    """A side or the platform: never a person's name."""
    reason: Mapped[str] = mapped_column(Text, default="")
