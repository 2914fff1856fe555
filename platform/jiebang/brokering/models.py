"""Who serves whom, introductions, and the ledger rows they leave."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.boards.models import Listing
from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, Line, Permission
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Holder, Side

from .workflow import LIVE, REQUESTER, SPECIALIST, IntroductionState, Result

_LIVE = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(LIVE)))
CAP_LIMIT = 100


class SpecialistRule(Base):
    """How many organisations a specialist serves at most, from a day on, and where that is said.

    Nothing is changed by a new version but what is assigned from then on.
    """

    __tablename__ = "specialist_rule"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[date]
    load_cap: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    verified: Mapped[bool]
    """Whether somebody compared the value with the source itself."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """None: shipped with the platform."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(f"load_cap BETWEEN 1 AND {CAP_LIMIT}", name="load_cap"),
        CheckConstraint("source <> ''", name="source"),
    )


class Assignment(Base):
    """A specialist serves an organisation, from a moment until another one does (一企一专员)."""

    __tablename__ = "assignment"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    specialist_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    assigned_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it ended: what the next one should know."""

    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR reason <> ''", name="reason"),
        Index(
            "uq_assignment_running",
            "organisation_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_assignment_specialist_id", "specialist_id", "ended_at"),
    )


class Introduction(Base):
    """A person brings the two sides of a listing together, and stays with it to its result."""

    __tablename__ = "introduction"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """The owner of the listing when it began."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """The organisation that would answer the listing."""
    own_listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id"))
    """What that organisation offers or needs itself: the other half of the pair."""
    track_version_id: Mapped[int] = mapped_column(ForeignKey("track_version.id"))
    """Whose clocks it follows."""
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"))
    requested_by: Mapped[Side | None] = mapped_column(enum_column(Side, "requested_by"))
    """None: the specialist proposed it."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    served_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """On whose specialist it fell."""
    specialist_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """None: nobody serves either side yet, and the operator has the ball."""
    state: Mapped[IntroductionState] = mapped_column(
        enum_column(IntroductionState, "introduction_state")
    )
    wish: Mapped[str] = mapped_column(Text, default="")
    """What the asking side wants of it; for the specialist."""
    words: Mapped[str] = mapped_column(Text, default="")
    """What the specialist wrote to both sides."""
    issuer_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    responder_agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[Holder | None] = mapped_column(enum_column(Holder, "holder"))
    due: Mapped[date | None]
    """By the end of this day in 北京时间."""
    escalated: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[Side | None] = mapped_column(enum_column(Side, "ended_by"))
    """None: the specialist, or the platform."""
    reason_code: Mapped[ReasonCode | None] = mapped_column(enum_column(ReasonCode, "reason_code"))
    reason: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[Result | None] = mapped_column(enum_column(Result, "result"))
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(foreign_keys=[listing_id], lazy="joined")
    own_listing: Mapped[Listing | None] = relationship(foreign_keys=[own_listing_id], lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("issuer_id <> organisation_id", name="two_sides"),
        CheckConstraint("served_id IN (issuer_id, organisation_id)", name="served"),
        CheckConstraint(
            f"({_LIVE}) = (holder IS NOT NULL) AND ({_LIVE}) = (due IS NOT NULL)", name="waiting"
        ),
        CheckConstraint(
            "state NOT IN ('both_agreed', 'met')"
            " OR (issuer_agreed_at IS NOT NULL AND responder_agreed_at IS NOT NULL"
            " AND thread_id IS NOT NULL)",
            name="both_agreed",
        ),
        CheckConstraint(
            "state <> 'declined' OR (reason_code IS NOT NULL AND reason <> '')", name="declined"
        ),
        CheckConstraint("(state = 'closed') = (result IS NOT NULL)", name="closed"),
        Index(
            "uq_introduction_live",
            "listing_id",
            "organisation_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index("ix_introduction_specialist_id", "specialist_id", "state"),
        Index("ix_introduction_issuer_id", "issuer_id", "state"),
        Index("ix_introduction_organisation_id", "organisation_id", "state"),
        Index("ix_introduction_due", "state", "due"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may act in it."""
        return self.listing.line

    @property
    def both_agreed(self) -> bool:
        return self.issuer_agreed_at is not None and self.responder_agreed_at is not None

    def side_of(self, actor: Actor) -> Side | None:
        """The side of the organisation acted for."""
        if actor.organisation_id is None:
            return None
        return {self.issuer_id: Side.ISSUER, self.organisation_id: Side.RESPONDER}.get(
            actor.organisation_id
        )

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """Every part that the actor has: a side, who asked, who introduces."""
        found = set()
        if side := self.side_of(actor):
            found.add(side.value)
            if side is self.requested_by:
                found.add(REQUESTER)
        if self.introduces(actor):
            found.add(SPECIALIST)
        return frozenset(found)

    def introduces(self, actor: Actor) -> bool:
        """Whether it is the actor's work; the operator's while it is nobody's."""
        if actor.user_id is None or self.side_of(actor) is not None:
            return False
        if self.specialist_id is None:
            return actor.can(Permission.SPECIALISTS_ASSIGN)
        return self.specialist_id == actor.user_id

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor acts for either side."""
        return self.side_of(actor) is not None

    def has_agreed(self, actor: Actor) -> bool:
        """Whether the actor's side has agreed already."""
        side = self.side_of(actor)
        return side is not None and self.agreed_at(side) is not None

    def agreed_at(self, side: Side) -> datetime | None:
        """When a side agreed."""
        return self.issuer_agreed_at if side is Side.ISSUER else self.responder_agreed_at

    def organisation_of(self, side: Side) -> int:
        """The organisation of a side."""
        return self.issuer_id if side is Side.ISSUER else self.organisation_id


class LedgerEntry(Base):
    """One line of an organisation's ledger (台账); it stays when another specialist takes over."""

    __tablename__ = "ledger_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    what: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text, default="")
    introduction_id: Mapped[int | None] = mapped_column(
        ForeignKey("introduction.id", ondelete="CASCADE")
    )

    __table_args__ = (
        CheckConstraint("what <> ''", name="what"),
        Index("ix_ledger_entry_organisation_id", "organisation_id", "id"),
    )
