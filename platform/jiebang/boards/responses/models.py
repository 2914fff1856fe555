"""Rounds of a listing and the responses that were filed in them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, Line
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Holder, Side

from ..models import Listing
from .workflow import LIVE, PENDING, REFUSED, ResponseState


def _among(states: frozenset[ResponseState]) -> str:
    return "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(states)))


MOST_WINNERS = 20


class Verdict(StrEnum):
    """What a response says to one indicator."""

    MET = "met"
    PARTLY = "partly"
    UNMET = "unmet"


class Round(Base):
    """One call for responses: the track's version it began with, and how many may win. Its row is
    the lock under which filing and selecting of a listing happen one after the other."""

    __tablename__ = "response_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), unique=True
    )
    track_version_id: Mapped[int] = mapped_column(ForeignKey("track_version.id"))
    winners: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    awarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last place was given; nothing is filed any more."""

    __table_args__ = (CheckConstraint(f"winners BETWEEN 1 AND {MOST_WINNERS}", name="winners"),)


class Response(Base):
    """揭榜意向书: what an organisation offers in answer to a listing."""

    __tablename__ = "response"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    round_id: Mapped[int] = mapped_column(ForeignKey("response_round.id", ondelete="CASCADE"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[ResponseState] = mapped_column(enum_column(ResponseState, "response_state"))
    leader: Mapped[str] = mapped_column(String(40), default="")
    """项目负责人."""
    approach: Mapped[str] = mapped_column(Text, default="")
    basis: Mapped[str] = mapped_column(Text, default="")
    plan: Mapped[str] = mapped_column(Text, default="")
    team: Mapped[str] = mapped_column(Text, default="")
    budget: Mapped[int | None] = mapped_column(BigInteger)
    """Integer fen."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    qualified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From here on the issuer reads it."""
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When experts concluded on what is filed now; None: not yet, or the track asks none."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[Holder | None] = mapped_column(enum_column(Holder, "holder"))
    due: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    related: Mapped[str] = mapped_column(Text, default="")
    """The path by which the two sides are related, as it was found at the last check."""
    reason_code: Mapped[ReasonCode | None] = mapped_column(enum_column(ReasonCode, "reason_code"))
    reason: Mapped[str] = mapped_column(Text, default="")
    slot: Mapped[int | None]
    """Which of the round's places it won."""
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(lazy="joined")
    members: Mapped[list[ResponseMember]] = relationship(
        order_by="ResponseMember.position", cascade="all, delete-orphan", lazy="selectin"
    )
    """The rows of the split (联合体), the leading organisation's first; none: it answers alone."""
    answers: Mapped[list[IndicatorAnswer]] = relationship(
        order_by="IndicatorAnswer.position", cascade="all, delete-orphan", lazy="select"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("issuer_id <> organisation_id", name="two_sides"),
        CheckConstraint(
            f"({_among(PENDING)}) = (holder IS NOT NULL)"
            f" AND ({_among(PENDING)}) = (due IS NOT NULL)",
            name="waiting",
        ),
        CheckConstraint(
            f"NOT ({_among(REFUSED)}) OR (reason_code IS NOT NULL AND reason <> '')",
            name="declined",
        ),
        CheckConstraint("state <> 'returned' OR reason <> ''", name="returned"),
        CheckConstraint(
            "(state = 'selected') = (slot IS NOT NULL) AND (slot IS NULL OR slot >= 1)",
            name="selected",
        ),
        CheckConstraint(
            "state IN ('draft', 'withdrawn', 'declined') OR filed_at IS NOT NULL", name="filed"
        ),
        CheckConstraint("budget IS NULL OR budget >= 0", name="budget"),
        Index(
            "uq_response_live",
            "listing_id",
            "organisation_id",
            "leader",
            unique=True,
            sqlite_where=text(_among(LIVE)),
            postgresql_where=text(_among(LIVE)),
        ),
        Index("uq_response_slot", "round_id", "slot", unique=True),
        Index("ix_response_issuer_id", "issuer_id", "state"),
        Index("ix_response_organisation_id", "organisation_id", "state"),
        Index("ix_response_due", "state", "due"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may act on it."""
        return self.listing.line

    @property
    def party_ids(self) -> frozenset[int]:
        """The organisations that offer it."""
        return frozenset({self.organisation_id, *(each.organisation_id for each in self.members)})

    def side_of(self, actor: Actor) -> Side | None:
        """The side of the organisation acted for."""
        if actor.organisation_id is None:
            return None
        return {self.issuer_id: Side.ISSUER, self.organisation_id: Side.RESPONDER}.get(
            actor.organisation_id
        )

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The same as the workflow asks."""
        side = self.side_of(actor)
        return frozenset({side.value}) if side else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor belongs to either side, whichever seat is acted from: such a person
        checks nothing here."""
        return bool({self.issuer_id, *self.party_ids} & actor.organisation_ids)

    def values(self) -> dict[str, Any]:
        """What was typed, by field."""
        return {name: getattr(self, name) for name in TEXTS} | {"budget": self.budget}


TEXTS = ("leader", "approach", "basis", "plan", "team")


class IndicatorAnswer(Base):
    """The reply to one indicator, beside the indicator as it stood when it was answered."""

    __tablename__ = "response_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(
        ForeignKey("response.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(100))
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict, "answer_verdict"))
    how: Mapped[str] = mapped_column(Text, default="")


class MemberState(StrEnum):
    """What an organisation of a joint bid said to the split."""

    DRAFT = "draft"
    """Carried over from an earlier response: nobody was asked, only the leading one reads it."""
    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class ResponseMember(Base):
    """One row of a joint bid's split: 分工, 经费, 收益, 知识产权; signed by its organisation."""

    __tablename__ = "response_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    position: Mapped[int]
    work: Mapped[str] = mapped_column(String(300))
    """分工."""
    money: Mapped[int] = mapped_column(BigInteger)
    """经费: integer fen of the response's budget."""
    gain: Mapped[int]
    """收益: per cent."""
    rights: Mapped[str] = mapped_column(String(300))
    """知识产权: what this organisation owns or may use."""
    state: Mapped[MemberState] = mapped_column(enum_column(MemberState, "member_state"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[date | None]
    """By when the organisation answers; None once it did."""
    reminded: Mapped[bool] = mapped_column(default=False)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    signed_hash: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the whole split as it was signed (`services.joint.digest`)."""
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("gain BETWEEN 0 AND 100 AND money >= 0", name="shares"),
        CheckConstraint("(state = 'asked') = (due IS NOT NULL)", name="waiting"),
        CheckConstraint(
            "state <> 'confirmed' OR (signed_at IS NOT NULL AND signed_by IS NOT NULL"
            " AND signed_hash <> '')",
            name="signed",
        ),
        CheckConstraint("state <> 'refused' OR reason <> ''", name="refused"),
        Index(
            "uq_response_member_response_id_organisation_id",
            "response_id",
            "organisation_id",
            unique=True,
        ),
        Index("ix_response_member_organisation_id", "organisation_id", "state"),
        Index("ix_response_member_due", "state", "due"),
    )


class ResponseEvent(Base):
    """One step of a response's life, shown to both sides."""

    __tablename__ = "response_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(
        ForeignKey("response.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    label: Mapped[str] = mapped_column(String(40))
    who: Mapped[str] = mapped_column(String(20))
    """A side or the platform: never a person's name."""
    reason: Mapped[str] = mapped_column(Text, default="")
