"""Agreements with their parties, versions, instalments and confirmations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jiebang.core.base import Base, UtcDateTime, enum_column
from jiebang.core.permissions import Actor, Line
from jiebang.core.reasons import ReasonCode
from jiebang.core.sides import Holder, Side

from ..models import Listing
from .workflow import LIVE, PENDING, AgreementState


def _among(states: frozenset[AgreementState]) -> str:
    return "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(states)))


class Agreement(Base):
    """One agreement on a selected response. Its row is the lock under which it is edited and
    confirmed; what was agreed is the version with `number` and never changes again."""

    __tablename__ = "agreement"

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """The listing's owner."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """Who was selected; leads where several answered together."""
    state: Mapped[AgreementState] = mapped_column(enum_column(AgreementState, "agreement_state"))
    number: Mapped[int] = mapped_column(default=1)
    """The number of the newest version."""
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    """Integer fen, of the newest version; equal to the sum of its instalments."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last party confirmed."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    holder: Mapped[Holder | None] = mapped_column(enum_column(Holder, "holder"))
    due: Mapped[date | None]
    escalated: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[ReasonCode | None] = mapped_column(enum_column(ReasonCode, "reason_code"))
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(lazy="joined")
    parties: Mapped[list[AgreementParty]] = relationship(
        order_by="AgreementParty.position", cascade="all, delete-orphan", lazy="selectin"
    )
    versions: Mapped[list[AgreementVersion]] = relationship(
        back_populates="agreement",
        order_by="AgreementVersion.number",
        cascade="all, delete-orphan",
        lazy="select",
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("issuer_id <> organisation_id", name="two_sides"),
        CheckConstraint("total >= 0", name="total"),
        CheckConstraint(
            f"({_among(PENDING)}) = (holder IS NOT NULL)"
            f" AND ({_among(PENDING)}) = (due IS NOT NULL)",
            name="waiting",
        ),
        CheckConstraint("(state = 'agreed') = (agreed_at IS NOT NULL)", name="agreed"),
        CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)"
            " AND (state <> 'ended' OR (reason_code IS NOT NULL AND reason <> ''))",
            name="ended",
        ),
        Index(
            "uq_agreement_live",
            "response_id",
            unique=True,
            sqlite_where=text(_among(LIVE)),
            postgresql_where=text(_among(LIVE)),
        ),
        Index("ix_agreement_listing_id", "listing_id", "state"),
        Index("ix_agreement_due", "state", "due"),
    )

    @property
    def line(self) -> Line:
        """The line whose agents may act on it."""
        return self.listing.line

    @property
    def party_ids(self) -> frozenset[int]:
        """Every organisation that signs."""
        return frozenset(each.organisation_id for each in self.parties)

    @property
    def newest(self) -> AgreementVersion:
        """The version that is worked on, lies before the parties, or was agreed."""
        return next(each for each in self.versions if each.number == self.number)

    def side_of(self, actor: Actor) -> Side | None:
        """The side of the organisation acted for."""
        found = self.party_of(actor)
        return found.side if found else None

    def party_of(self, actor: Actor) -> AgreementParty | None:
        """The party acted for."""
        mine = actor.organisation_id
        return next((each for each in self.parties if each.organisation_id == mine), None)

    def sides_of(self, actor: Actor) -> frozenset[str]:
        """The side as the workflow asks."""
        side = self.side_of(actor)
        return frozenset({side.value}) if side else frozenset()

    def belongs_to(self, actor: Actor) -> bool:
        """Whether the actor belongs to a party, whichever seat is acted from."""
        return bool(self.party_ids & actor.organisation_ids)


class AgreementParty(Base):
    """Who signs. Where several answered together, each of them."""

    __tablename__ = "agreement_party"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    side: Mapped[Side] = mapped_column(enum_column(Side, "agreement_side"))
    position: Mapped[int]
    """甲方 is 1, 乙方 2, 丙方 3."""

    __table_args__ = (
        CheckConstraint("position >= 1", name="position"),
        Index("uq_agreement_party_organisation", "agreement_id", "organisation_id", unique=True),
        Index("uq_agreement_party_position", "agreement_id", "position", unique=True),
        Index("ix_agreement_party_organisation_id", "organisation_id"),
    )


class AgreementVersion(Base):
    """The whole text as it was saved once; never changed."""

    __tablename__ = "agreement_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    side: Mapped[Side | None] = mapped_column(enum_column(Side, "agreement_side"))
    """Who wrote it; None: assembled by the platform."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    changed: Mapped[list[str]]
    """Labels of what differs from the version before."""
    total: Mapped[int] = mapped_column(BigInteger)
    """Integer fen."""
    content: Mapped[dict[str, Any]]
    """`content.Content` as JSON: what the hash is over."""
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the content's canonical JSON, in hexadecimal."""

    agreement: Mapped[Agreement] = relationship(back_populates="versions")
    instalments: Mapped[list[Instalment]] = relationship(
        order_by="Instalment.position", cascade="all, delete-orphan", lazy="selectin"
    )
    confirmations: Mapped[list[Confirmation]] = relationship(
        order_by="Confirmation.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("total >= 0", name="total"),
        CheckConstraint("length(hash) = 64", name="hash"),
        Index("uq_agreement_version_number", "agreement_id", "number", unique=True),
    )


class Instalment(Base):
    """One payment of a version: its rows sum to the version's total. The agreed version's rows
    are the milestones that a project starts with."""

    __tablename__ = "agreement_instalment"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("agreement_version.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(60))
    """What is delivered: 首付、中试样件、验收."""
    condition: Mapped[str] = mapped_column(Text)
    """When it is due, in words that can be checked."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """Integer fen."""
    due: Mapped[date]
    """The planned day."""

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("label <> ''", name="label"),
        Index("uq_agreement_instalment_position", "version_id", "position", unique=True),
    )


class Confirmation(Base):
    """A party's word for one version: who, when, for which hash."""

    __tablename__ = "agreement_confirmation"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("agreement_version.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    organisation_name: Mapped[str] = mapped_column(String(100))
    """As it was that day, like the person's."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    user_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    hash: Mapped[str] = mapped_column(String(64))
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an edit made it void; the row stays as a record."""

    __table_args__ = (
        CheckConstraint("length(hash) = 64", name="hash"),
        Index(
            "uq_agreement_confirmation_organisation", "version_id", "organisation_id", unique=True
        ),
    )


class AgreementEvent(Base):
    """One step of an agreement's life, shown to all parties."""

    __tablename__ = "agreement_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(
        ForeignKey("agreement.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    label: Mapped[str] = mapped_column(String(60))
    who: Mapped[str] = mapped_column(String(20))
    """A side or the platform: never a person's name."""
    reason: Mapped[str] = mapped_column(Text, default="")
