"""Members and invitations. What is not yours is 404."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Line, OrganisationRole

from ..models import (
    Invitation,
    Membership,
    Organisation,
)


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
