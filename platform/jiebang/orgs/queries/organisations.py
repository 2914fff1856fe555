"""Organisations and the seats of people in them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Line, OrganisationRole, Seat

from ..models import (
    Membership,
    Organisation,
    name_key,
)


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
            endorsement=found.endorsement,
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
