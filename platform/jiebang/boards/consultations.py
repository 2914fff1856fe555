"""What is read of diagnoses: who may open one, who waits for whom, whom one can ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User, UserRole
from jiebang.core.errors import NotFound
from jiebang.core.permissions import ROLE_LABELS, Actor, Permission, Role
from jiebang.orgs.models import Membership, Organisation

from .diagnosis import Diagnosis
from .models import Listing
from .queries import REVIEWED

ASKED = (Role.SPECIALIST, Role.EXPERT)
"""Roles of people to whom a listing can be sent for diagnosis."""


@dataclass(frozen=True, slots=True)
class Consultation:
    """A listing with its latest diagnosis, and in what part the viewer reads it."""

    listing: Listing
    owner: Organisation | None
    diagnosis: Diagnosis
    mine: bool
    advises: bool
    reviews: bool


@dataclass(frozen=True, slots=True)
class Advisor:
    """Somebody who can be asked, and how much they have on their desk."""

    id: int
    name: str
    roles: str
    open: int


def open_one(session: Session, listing_id: int) -> Diagnosis | None:
    """The diagnosis under way, if any."""
    return session.scalars(
        select(Diagnosis).where(Diagnosis.listing_id == listing_id, Diagnosis.closed_at.is_(None))
    ).first()


def latest(session: Session, listing_id: int) -> Diagnosis | None:
    """The diagnosis under way or the last one that ended."""
    return session.scalars(
        select(Diagnosis).where(Diagnosis.listing_id == listing_id).order_by(Diagnosis.id.desc())
    ).first()


def consultation(session: Session, code: str, who: Actor, *, lock: bool = False) -> Consultation:
    """For the owner's people and reviewers the latest diagnosis, for an advisor the one that is
    theirs while it is open. NotFound for everybody else."""
    rules: list[ColumnElement[bool]] = [
        and_(Diagnosis.advisor_id == who.user_id, Diagnosis.closed_at.is_(None))
    ]
    if who.organisation_id is not None:
        rules.append(Listing.organisation_id == who.organisation_id)
    if who.can(Permission.LISTING_REVIEW):
        rules.append(Listing.state.in_(REVIEWED))
    query = (
        select(Listing, Organisation, Diagnosis)
        .join(Diagnosis, Diagnosis.listing_id == Listing.id)
        .outerjoin(Organisation, Organisation.id == Listing.organisation_id)
        .where(Listing.code == code, or_(*rules))
        .order_by(Diagnosis.id.desc())
        .limit(1)
    )
    if lock:
        query = query.with_for_update(of=Listing)
    row = session.execute(query).first()
    if row is None:
        raise NotFound
    mine = row[0].belongs_to(who)
    advises = row[2].advisor_id == who.user_id and row[2].closed_at is None and not mine
    return Consultation(
        row[0], row[1], row[2], mine, advises, who.can(Permission.LISTING_REVIEW) and not mine
    )


def advisors(session: Session, listing: Listing) -> list[Advisor]:
    """Specialists and experts who may be asked: active, and not of the owner's own house (回避)."""
    own = select(Membership.user_id).where(Membership.organisation_id == listing.organisation_id)
    busy = (
        select(func.count())
        .select_from(Diagnosis)
        .where(Diagnosis.advisor_id == User.id, Diagnosis.closed_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(User, busy)
        .where(User.active, User.roles.any(UserRole.role.in_(ASKED)), User.id.not_in(own))
        .order_by(busy, User.id)
    )
    return [
        Advisor(
            user.id,
            user.display_name,
            "、".join(ROLE_LABELS[row.role] for row in user.roles if row.role in ASKED),
            number,
        )
        for user, number in rows
    ]


def under_way(session: Session, rule: ColumnElement[bool]) -> list[tuple[Diagnosis, Listing]]:
    """Open diagnoses that a rule picks, the most urgent first."""
    rows = session.execute(
        select(Diagnosis, Listing)
        .join(Listing, Listing.id == Diagnosis.listing_id)
        .where(Diagnosis.closed_at.is_(None), rule)
        .order_by(Diagnosis.due, Diagnosis.id)
    )
    return [(diagnosis, listing) for diagnosis, listing in rows]


def of_advisor(session: Session, who: Actor) -> list[tuple[Diagnosis, Listing]]:
    """What was sent to this person."""
    return under_way(session, Diagnosis.advisor_id == who.user_id)


def of_organisation(session: Session, organisation_id: int) -> list[tuple[Diagnosis, Listing]]:
    """What of an organisation is being diagnosed."""
    return under_way(session, Listing.organisation_id == organisation_id)


def past(session: Session, listing_id: int) -> Sequence[Diagnosis]:
    """All diagnoses of a listing, the latest first."""
    return session.scalars(
        select(Diagnosis).where(Diagnosis.listing_id == listing_id).order_by(Diagnosis.id.desc())
    ).all()
