"""Reading people and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from jiebang.core.permissions import Role

from . import identifiers
from .models import OneTimeToken, User, UserRole, UserSession


def by_identifier(session: Session, text: str) -> User | None:
    """The person with an e-mail address or telephone number, however it is typed."""
    found = identifiers.parse(text)
    if found is None:
        return None
    column, value = (User.email, found.email) if found.email else (User.phone, found.phone)
    return session.scalars(select(User).where(column == value)).first()


def by_id(session: Session, user_id: int, *, lock: bool = False) -> User | None:
    """The person with an id; `lock` keeps others from changing the row meanwhile."""
    query = select(User).where(User.id == user_id)
    return session.scalars(query.with_for_update(of=User) if lock else query).first()


def demo_users(session: Session) -> Sequence[User]:
    """Demonstration accounts in the order they were made."""
    return session.scalars(
        select(User).where(User.demo, User.active).order_by(User.id).limit(60)
    ).all()


def role_holders(session: Session, text: str = "") -> Sequence[User]:
    """People with a platform role; with a text, all people whose name or sign-in name has it."""
    query = select(User).where(User.active).order_by(User.display_name, User.id).limit(50)
    text = text.strip()
    if not text:
        return session.scalars(query.where(User.roles.any())).all()
    exact = identifiers.parse(text)
    name = User.display_name.contains(text, autoescape=True)
    if exact is None:
        return session.scalars(query.where(name)).all()
    by_name = User.email == exact.email if exact.email else User.phone == exact.phone
    return session.scalars(query.where(or_(name, by_name))).all()


def with_role(session: Session, role: Role) -> Sequence[User]:
    """Active people with a role, by name."""
    return session.scalars(
        select(User)
        .join(UserRole, UserRole.user_id == User.id)
        .where(and_(UserRole.role == role, User.active))
        .order_by(User.display_name, User.id)
    ).all()


def sessions_of(session: Session, user_id: int, moment: datetime) -> Sequence[UserSession]:
    """A person's live sessions, the one used last first."""
    return session.scalars(
        select(UserSession)
        .where(and_(UserSession.user_id == user_id, UserSession.expires_at > moment))
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    ).all()


def usable_token(
    session: Session, token_hash: str, purpose: str, moment: datetime, *, lock: bool = False
) -> OneTimeToken | None:
    """A token that is neither used nor expired."""
    query = select(OneTimeToken).where(
        and_(
            OneTimeToken.token_hash == token_hash,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > moment,
        )
    )
    return session.scalars(query.with_for_update() if lock else query).first()
