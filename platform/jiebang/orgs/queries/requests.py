"""Verification requests, claims and their papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from jiebang.accounts.models import User
from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, OrganisationRole, Permission
from jiebang.core.uploads import Upload
from jiebang.core.working_days import add_working_days

from ..models import (
    Claim,
    Decision,
    Organisation,
    VerificationRequest,
)

ANSWER_WITHIN = 2
"""Working days in which the operator answers a verification or a claim."""


def due_day(submitted_at: datetime) -> date:
    """The last day for the operator's answer."""
    return add_working_days(clock.to_beijing(submitted_at).date(), ANSWER_WITHIN)


def latest_request(session: Session, organisation_id: int) -> VerificationRequest | None:
    """The newest verification request of an organisation; the caller may see it."""
    return session.scalars(
        select(VerificationRequest)
        .where(VerificationRequest.organisation_id == organisation_id)
        .order_by(VerificationRequest.id.desc())
        .limit(1)
    ).first()


@dataclass(frozen=True, slots=True)
class Requested:
    """A verification request with what the operator needs to decide it."""

    request: VerificationRequest
    organisation: Organisation
    licence: Upload
    authorisation: Upload
    submitter: User

    @property
    def due(self) -> date:
        return due_day(self.request.submitted_at)


def verification(session: Session, request_id: int, *, lock: bool = False) -> Requested:
    """One verification request, for operators."""
    licence, authorisation = aliased(Upload), aliased(Upload)
    query = (
        select(VerificationRequest, Organisation, licence, authorisation, User)
        .join(Organisation, Organisation.id == VerificationRequest.organisation_id)
        .join(licence, licence.id == VerificationRequest.licence_id)
        .join(authorisation, authorisation.id == VerificationRequest.authorisation_id)
        .join(User, User.id == VerificationRequest.submitted_by)
        .where(VerificationRequest.id == request_id)
    )
    if lock:
        query = query.with_for_update(of=VerificationRequest)
    found = session.execute(query).first()
    if found is None:
        raise NotFound("没有找到这份核验申请。")
    return Requested(*found)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim with what the operator needs to decide it."""

    claim: Claim
    organisation: Organisation
    evidence: Upload
    claimant: User

    @property
    def due(self) -> date:
        return due_day(self.claim.submitted_at)


def claim(session: Session, claim_id: int, *, lock: bool = False) -> Claimed:
    """One claim, for operators."""
    query = (
        select(Claim, Organisation, Upload, User)
        .join(Organisation, Organisation.id == Claim.organisation_id)
        .join(Upload, Upload.id == Claim.evidence_id)
        .join(User, User.id == Claim.user_id)
        .where(Claim.id == claim_id)
    )
    if lock:
        query = query.with_for_update(of=Claim)
    found = session.execute(query).first()
    if found is None:
        raise NotFound("没有找到这份认领申请。")
    return Claimed(*found)


def claims_of(session: Session, user_id: int) -> list[tuple[Claim, Organisation]]:
    """A person's own claims, newest first."""
    rows = session.execute(
        select(Claim, Organisation)
        .join(Organisation, Organisation.id == Claim.organisation_id)
        .where(Claim.user_id == user_id)
        .order_by(Claim.id.desc())
    )
    return [(found, owner) for found, owner in rows]


def rival_claims(session: Session, found: Claim) -> Sequence[Claim]:
    """Other waiting claims to the same organisation."""
    return session.scalars(
        select(Claim)
        .where(
            and_(
                Claim.organisation_id == found.organisation_id,
                Claim.id != found.id,
                Claim.state == Decision.SUBMITTED,
            )
        )
        .order_by(Claim.id)
    ).all()


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the operator's queue."""

    kind: str
    id: int
    organisation: Organisation
    person: str
    submitted_at: datetime

    @property
    def due(self) -> date:
        return due_day(self.submitted_at)


def waiting(session: Session) -> list[Waiting]:
    """All verification requests and claims that wait for the operator, oldest first."""
    requests = session.execute(
        select(VerificationRequest, Organisation, User.display_name)
        .join(Organisation, Organisation.id == VerificationRequest.organisation_id)
        .join(User, User.id == VerificationRequest.submitted_by)
        .where(VerificationRequest.state == Decision.SUBMITTED)
    )
    claims = session.execute(
        select(Claim, Organisation, User.display_name)
        .join(Organisation, Organisation.id == Claim.organisation_id)
        .join(User, User.id == Claim.user_id)
        .where(Claim.state == Decision.SUBMITTED)
    )
    found = [Waiting("verification", r.id, o, name, r.submitted_at) for r, o, name in requests]
    found += [Waiting("claim", c.id, o, name, c.submitted_at) for c, o, name in claims]
    return sorted(found, key=lambda each: (each.submitted_at, each.kind, each.id))


def count_waiting(session: Session) -> int:
    """How many wait for the operator."""
    requests = select(func.count()).where(VerificationRequest.state == Decision.SUBMITTED)
    claims = select(func.count()).where(Claim.state == Decision.SUBMITTED)
    return (session.scalar(requests) or 0) + (session.scalar(claims) or 0)


def decided(session: Session, limit: int = 20) -> list[tuple[VerificationRequest, Organisation]]:
    """Verification requests decided lately, the newest first."""
    rows = session.execute(
        select(VerificationRequest, Organisation)
        .join(Organisation, Organisation.id == VerificationRequest.organisation_id)
        .where(VerificationRequest.state != Decision.SUBMITTED)
        .order_by(VerificationRequest.decided_at.desc())
        .limit(limit)
    )
    return [(found, owner) for found, owner in rows]


def same_code(session: Session, found: VerificationRequest) -> Sequence[Organisation]:
    """Other organisations that hold or ask for the same code: the operator is warned."""
    asking = select(VerificationRequest.organisation_id).where(
        and_(
            VerificationRequest.credit_code == found.credit_code,
            VerificationRequest.state == Decision.SUBMITTED,
        )
    )
    return session.scalars(
        select(Organisation).where(
            and_(
                Organisation.id != found.organisation_id,
                or_(Organisation.credit_code == found.credit_code, Organisation.id.in_(asking)),
            )
        )
    ).all()


def paper(session: Session, actor: Actor, upload_id: int) -> Upload:
    """A handed-in paper: for operators, the organisation's administrators, and the claimant."""
    found = session.get(Upload, upload_id)
    if found is None or not _may_read(session, actor, found):
        raise NotFound("没有找到这份文件，或您没有查看的权限。")
    return found


def _may_read(session: Session, actor: Actor, found: Upload) -> bool:
    in_request = or_(
        VerificationRequest.licence_id == found.id,
        VerificationRequest.authorisation_id == found.id,
    )
    owner = session.scalar(select(VerificationRequest.organisation_id).where(in_request).limit(1))
    claimant = session.scalar(select(Claim.user_id).where(Claim.evidence_id == found.id).limit(1))
    if owner is None and claimant is None:
        return False  # somebody else's kind of file: another area hands it out
    if actor.can(Permission.ORGANISATION_VERIFY):
        return True
    if claimant is not None and claimant == actor.user_id:
        return True
    return (
        owner is not None
        and actor.seat is not None
        and actor.seat.organisation_id == owner
        and actor.seat.role is OrganisationRole.ADMINISTRATOR
    )
