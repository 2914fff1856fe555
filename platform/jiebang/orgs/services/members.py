"""Who belongs to an organisation: invitations, roles, scopes; one administrator always stays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from jiebang.accounts import identifiers
from jiebang.accounts import queries as accounts
from jiebang.accounts.models import User, UserSession
from jiebang.core import audit, clock, mail
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Line, OrganisationRole
from jiebang.core.tokens import new_token, token_hash

from .. import queries
from ..models import Invitation, Membership, Organisation
from ..terms import ROLE_LABELS
from .letters import tell
from .organisations import guard_manage

VALID_FOR = timedelta(days=14)
OPEN_LIMIT = 50
"""Open invitations of one organisation: more is a typing machine, not a staff."""


def add_member(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    user_id: int,
    role: OrganisationRole,
    scopes: Iterable[Line] = (),
) -> Membership:
    """Gives a person a place; the caller has decided that they get it. Unchanged if they have."""
    found = queries.membership_of(session, organisation.id, user_id)
    if found is not None:
        return found
    found = Membership(
        organisation_id=organisation.id,
        user_id=user_id,
        role=role,
        scopes=_values(role, scopes),
        created_at=clock.now(),
    )
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "member.added", "user", user_id,
        organisation_id=organisation.id, role=role.value, scopes=found.scopes,
    )  # fmt: skip
    return found


def invite(
    session: Session,
    actor: Actor,
    identifier: str,
    role: OrganisationRole,
    scopes: Iterable[Line],
    base_url: str,
) -> tuple[Invitation, str]:
    """Offers a place; mails the link where there is an e-mail address. Returns the link, too: the
    administrator may hand it on, and it is kept nowhere."""
    organisation = queries.mine(session, actor, lock=True)
    guard_manage(actor)
    parsed = identifiers.parse(identifier)
    if parsed is None:
        raise Invalid({"identifier": "请填写对方的邮箱地址或 11 位手机号。"})
    values = _values(role, scopes)
    if role is OrganisationRole.AGENT and not values:
        raise Invalid({"scopes": "请至少选一条经办业务线，否则对方什么也办不了。"})
    person = accounts.by_identifier(session, parsed)
    if person is not None and queries.membership_of(session, organisation.id, person.id):
        raise Invalid({"identifier": f"{parsed.value} 已经是本单位成员，无需再邀请。"})
    session.execute(  # a new invitation replaces the old one
        delete(Invitation).where(
            and_(
                Invitation.organisation_id == organisation.id,
                Invitation.identifier == parsed.value,
                Invitation.accepted_at.is_(None),
            )
        )
    )
    if len(queries.pending_invitations(session, actor)) >= OPEN_LIMIT:
        raise Conflict(f"未接受的邀请已有 {OPEN_LIMIT} 份，请先撤回不再需要的。")
    assert actor.user_id is not None
    token = new_token()
    found = Invitation(
        organisation_id=organisation.id,
        identifier=parsed.value,
        token_hash=token_hash(token),
        role=role,
        scopes=values,
        invited_by=actor.user_id,
        created_at=clock.now(),
        expires_at=clock.now() + VALID_FOR,
    )
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "member.invited", "invitation", found.id,
        organisation_id=organisation.id, role=role.value, scopes=values,
    )  # fmt: skip
    link = f"{base_url}/invitations/{token}"
    if parsed.email:
        _mail_link(session, actor, organisation, found, link)
    return found, link


def renew_invitation(
    session: Session, actor: Actor, invitation_id: int, base_url: str
) -> tuple[Invitation, str]:
    """A new link with a new term; the old one stops working."""
    organisation = queries.mine(session, actor)
    guard_manage(actor)
    found = queries.pending_invitation(session, actor, invitation_id)
    token = new_token()
    found.token_hash = token_hash(token)
    found.expires_at = clock.now() + VALID_FOR
    audit.record(
        session, actor, "member.invitation_renewed", "invitation", found.id,
        organisation_id=organisation.id,
    )  # fmt: skip
    link = f"{base_url}/invitations/{token}"
    if "@" in found.identifier:
        _mail_link(session, actor, organisation, found, link)
    return found, link


def revoke_invitation(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    """Takes an invitation back."""
    organisation = queries.mine(session, actor)
    guard_manage(actor)
    found = queries.pending_invitation(session, actor, invitation_id)
    session.delete(found)
    audit.record(
        session, actor, "member.invitation_revoked", "invitation", found.id,
        organisation_id=organisation.id,
    )  # fmt: skip
    return found


def accept_invitation(session: Session, actor: Actor, token: str) -> Membership:
    """Takes the place behind a link; only for the person it was offered to."""
    found = queries.invitation_by_token(session, token_hash(token), lock=True)
    return _accept(session, actor, found)


def accept_own_invitation(session: Session, actor: Actor, invitation_id: int) -> Membership:
    """Takes a place without its link: for people whose e-mail address is confirmed, because
    anybody could have registered under somebody else's."""
    assert actor.user_id is not None
    person = accounts.user(session, actor.user_id)
    for found in queries.invitations_for(session, person):
        if found.invitation.id == invitation_id and proves(person, found.invitation):
            return _accept(session, actor, found)
    raise NotFound("没有找到这份邀请；手机号或未验证的邮箱，请用管理员发给您的邀请链接接受。")


def proves(person: User, invitation: Invitation) -> bool:
    """Whether the person has shown that the invited address is theirs."""
    return person.email == invitation.identifier and person.email_confirmed_at is not None


def _accept(session: Session, actor: Actor, found: queries.Invited) -> Membership:
    assert actor.user_id is not None
    person = accounts.user(session, actor.user_id)
    invitation = found.invitation
    if invitation.identifier not in (person.email, person.phone):
        raise Conflict(
            "这份邀请发给了另一个邮箱或手机号。请用收到邀请的账号登录，"
            "或请管理员改邀您现在登录的账号。"
        )
    invitation.accepted_at = clock.now()
    membership = add_member(
        session, actor, found.organisation, person.id, invitation.role,
        (Line(scope) for scope in invitation.scopes),
    )  # fmt: skip
    inviter = accounts.user(session, invitation.invited_by)
    tell(
        session, inviter, f"{person.display_name} 已加入{found.organisation.name}",
        f"{person.display_name}接受了您的邀请，"
        f"角色：{ROLE_LABELS[membership.role]}。可在“我的单位”里调整。",
    )  # fmt: skip
    return membership


def change_member(
    session: Session,
    actor: Actor,
    membership_id: int,
    role: OrganisationRole,
    scopes: Iterable[Line],
) -> Membership:
    """Another role or other lines."""
    organisation = queries.mine(session, actor, lock=True)
    guard_manage(actor)
    found = queries.member(session, actor, membership_id, lock=True).membership
    values = _values(role, scopes)
    if role is OrganisationRole.AGENT and not values:
        raise Invalid({"scopes": "请至少选一条经办业务线，否则这位成员什么也办不了。"})
    if role is not OrganisationRole.ADMINISTRATOR:
        _not_the_last(session, found)
    before = found.role
    found.role, found.scopes = role, values
    audit.record(
        session, actor, "member.changed", "user", found.user_id,
        organisation_id=organisation.id, before=before.value, after=role.value, scopes=values,
    )  # fmt: skip
    return found


def remove_member(session: Session, actor: Actor, membership_id: int) -> queries.Member:
    """Takes a place away: administrators anybody's, everybody their own."""
    organisation = queries.mine(session, actor, lock=True)
    found = queries.member(session, actor, membership_id, lock=True)
    if found.user.id != actor.user_id:
        guard_manage(actor)
    _not_the_last(session, found.membership)
    session.delete(found.membership)
    audit.record(
        session, actor, "member.removed", "user", found.user.id, organisation_id=organisation.id
    )
    if found.user.id != actor.user_id:
        tell(
            session, found.user, f"您已不再是{organisation.name}的成员",
            f"{actor.label}将您移出了{organisation.name}。如有疑问，请联系该单位管理员。",
        )  # fmt: skip
    return found


def switch_seat(session: Session, actor: Actor, session_id: int, organisation_id: int) -> str:
    """Lets this sign-in act for another of its person's organisations; returns its name."""
    for seat in queries.seats_of(session, actor.user_id or 0):
        if seat.organisation_id == organisation_id:
            session.execute(
                update(UserSession)
                .where(and_(UserSession.id == session_id, UserSession.user_id == actor.user_id))
                .values(seat_organisation_id=organisation_id)
            )
            return seat.organisation_name
    raise NotFound("没有找到这个单位，或您不是它的成员。")


def _not_the_last(session: Session, leaving: Membership) -> None:
    """The organisation's row is locked, so two administrators cannot leave at once."""
    if leaving.role is not OrganisationRole.ADMINISTRATOR:
        return
    others = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            and_(
                Membership.organisation_id == leaving.organisation_id,
                Membership.role == OrganisationRole.ADMINISTRATOR,
                Membership.id != leaving.id,
                User.active,
            )
        )
    )
    if not others:
        raise Conflict("这是本单位唯一的管理员，请先把另一位成员设为管理员。")


def _values(role: OrganisationRole, scopes: Iterable[Line]) -> list[str]:
    chosen = set(Line) if role is OrganisationRole.ADMINISTRATOR else set(scopes)
    return [line.value for line in Line if line in chosen]


def _mail_link(
    session: Session, actor: Actor, organisation: Organisation, found: Invitation, link: str
) -> None:
    mail.enqueue(
        session, found.identifier, f"{actor.label} 邀请您加入{organisation.name}",
        f"{actor.label}邀请您以{ROLE_LABELS[found.role]}身份加入{organisation.name}。\n\n"
        f"请打开下面的链接，用这个邮箱登录或注册后接受：\n{link}\n\n"
        f"链接在 {clock.moment_text(found.expires_at)} 前有效。如不认识对方，请忽略这封邮件。",
    )  # fmt: skip
