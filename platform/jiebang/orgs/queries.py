"""Reading organisations, members, requests. Tenancy is in the query: what is not yours is 404."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from jiebang.accounts.models import User
from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Line, OrganisationRole, Permission, Seat
from jiebang.core.uploads import Upload
from jiebang.core.working_days import add_working_days

from .models import (
    Claim,
    Decision,
    Invitation,
    Membership,
    Organisation,
    VerificationRequest,
    name_key,
)

ANSWER_WITHIN = 2
"""Working days in which the operator answers a verification or a claim."""


def due_day(submitted_at: datetime) -> date:
    """The last day for the operator's answer."""
    return add_working_days(clock.to_beijing(submitted_at).date(), ANSWER_WITHIN)


def organisation(session: Session, organisation_id: int, *, lock: bool = False) -> Organisation:
    """Any organisation: their public facts are for everyone. NotFound when there is none."""
    query = select(Organisation).where(Organisation.id == organisation_id)
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFound("没有找到这个单位，请检查网址。")
    return found


def mine(session: Session, actor: Actor, *, lock: bool = False) -> Organisation:
    """The organisation acted for; NotFound for somebody without one."""
    if actor.organisation_id is None:
        raise NotFound("您还没有加入单位，请先创建、认领或接受邀请。")
    return organisation(session, actor.organisation_id, lock=lock)


def by_name(session: Session, name: str) -> Organisation | None:
    """The organisation of exactly this name; width of brackets and blanks do not matter."""
    return session.scalars(
        select(Organisation).where(Organisation.name_key == name_key(name))
    ).first()


def by_credit_code(session: Session, code: str) -> Organisation | None:
    """The organisation that holds a code."""
    return session.scalars(select(Organisation).where(Organisation.credit_code == code)).first()


def seats_of(session: Session, user_id: int) -> tuple[Seat, ...]:
    """A person's memberships, the oldest first."""
    rows = session.execute(
        select(Membership, Organisation)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.id)
    )
    known = {line.value for line in Line}
    return tuple(
        Seat(
            organisation_id=found.id,
            organisation_name=found.name,
            role=membership.role,
            scopes=frozenset(Line(scope) for scope in membership.scopes if scope in known),
            verified=found.verified,
            category=found.category.value,
        )
        for membership, found in rows
    )


def administrators(session: Session, organisation_id: int) -> Sequence[User]:
    """Active people who administer an organisation."""
    return session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            and_(
                Membership.organisation_id == organisation_id,
                Membership.role == OrganisationRole.ADMINISTRATOR,
                User.active,
            )
        )
        .order_by(Membership.id)
    ).all()


@dataclass(frozen=True, slots=True)
class Member:
    """A membership with its person."""

    membership: Membership
    user: User

    @property
    def lines(self) -> list[Line]:
        return [line for line in Line if line.value in self.membership.scopes]


def members(session: Session, actor: Actor) -> list[Member]:
    """The members of the organisation acted for, administrators first."""
    rows = session.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.organisation_id == actor.organisation_id)
        .order_by(Membership.role, Membership.id)
    )
    return sorted(
        (Member(membership, user) for membership, user in rows),
        key=lambda member: member.membership.role is not OrganisationRole.ADMINISTRATOR,
    )


def member(session: Session, actor: Actor, membership_id: int, *, lock: bool = False) -> Member:
    """One member of the organisation acted for."""
    query = (
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(
            and_(
                Membership.id == membership_id,
                Membership.organisation_id == actor.organisation_id,
            )
        )
    )
    if lock:
        query = query.with_for_update(of=Membership)
    found = session.execute(query).first()
    if found is None:
        raise NotFound("没有找到这位成员，可能已被移出。")
    return Member(found.Membership, found.User)


def membership_of(session: Session, organisation_id: int, user_id: int) -> Membership | None:
    """A person's membership in an organisation."""
    return session.scalars(
        select(Membership).where(
            and_(Membership.organisation_id == organisation_id, Membership.user_id == user_id)
        )
    ).first()


def pending_invitations(session: Session, actor: Actor) -> Sequence[Invitation]:
    """Open invitations of the organisation acted for, expired ones too, newest first."""
    return session.scalars(
        select(Invitation)
        .where(
            and_(
                Invitation.organisation_id == actor.organisation_id,
                Invitation.accepted_at.is_(None),
            )
        )
        .order_by(Invitation.id.desc())
    ).all()


def pending_invitation(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    """One open invitation of the organisation acted for."""
    found = session.scalars(
        select(Invitation)
        .where(
            and_(
                Invitation.id == invitation_id,
                Invitation.organisation_id == actor.organisation_id,
                Invitation.accepted_at.is_(None),
            )
        )
        .with_for_update()
    ).first()
    if found is None:
        raise NotFound("没有找到这份邀请，它可能已被接受或撤回。")
    return found


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as the invited person sees it."""

    invitation: Invitation
    organisation: Organisation
    inviter: str


def _usable() -> Select[Invitation, Organisation, str]:
    return (
        select(Invitation, Organisation, User.display_name)
        .join(Organisation, Organisation.id == Invitation.organisation_id)
        .join(User, User.id == Invitation.invited_by)
        .where(and_(Invitation.accepted_at.is_(None), Invitation.expires_at > clock.now()))
    )


def invitation_by_token(session: Session, token_hash: str, *, lock: bool = False) -> Invited:
    """A usable invitation by the hash of its link's token."""
    query = _usable().where(Invitation.token_hash == token_hash)
    if lock:
        query = query.with_for_update(of=Invitation)
    found = session.execute(query).first()
    if found is None:
        raise NotFound("邀请链接无效、已过期或已被使用，请联系发出邀请的单位管理员重新邀请。")
    return Invited(found[0], found[1], found[2])


def invitations_for(session: Session, user: User) -> list[Invited]:
    """Usable invitations to a person's own e-mail address or telephone number."""
    names = [name for name in (user.email, user.phone) if name]
    rows = session.execute(
        _usable().where(Invitation.identifier.in_(names)).order_by(Invitation.id)
    )
    return [Invited(row[0], row[1], row[2]) for row in rows]


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


def unclaimed_matching(session: Session, text: str, limit: int = 20) -> Sequence[Organisation]:
    """Organisations waiting for their people whose name contains the text."""
    key = name_key(text)
    if len(key) < 2:
        return []
    return session.scalars(
        select(Organisation)
        .where(
            and_(
                Organisation.claimed.is_(False),
                Organisation.name_key.contains(key, autoescape=True),
            )
        )
        .order_by(func.length(Organisation.name), Organisation.name)
        .limit(limit)
    ).all()


def claimable(session: Session, organisation_id: int, *, lock: bool = False) -> Organisation:
    """An organisation that still waits for its people."""
    query = select(Organisation).where(
        and_(Organisation.id == organisation_id, Organisation.claimed.is_(False))
    )
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFound("没有找到待认领的单位，它可能已有人认领；请联系该单位管理员邀请您加入。")
    return found


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
