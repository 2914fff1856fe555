"""What is read about people and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Role

from .identifiers import Identifier, parse
from .models import OneTimeToken, User, UserRole, UserSession


def user(session: Session, user_id: int) -> User:
    """A person by id; NotFound when there is none."""
    found = session.get(User, user_id)
    if found is None:
        raise NotFound("没有找到这个账号。")
    return found


def by_identifier(session: Session, identifier: Identifier | str) -> User | None:
    """Whoever signs in with this name, read already or as typed."""
    if isinstance(identifier, str):
        parsed = parse(identifier)
        if parsed is None:
            return None
        identifier = parsed
    column = User.email if identifier.email else User.phone
    return session.scalars(select(User).where(column == identifier.value)).first()


def signed_in(session: Session, token_hash: str) -> tuple[UserSession, User] | None:
    """A session and its person; whether it still holds is judged by the caller."""
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == token_hash)
    ).first()
    return (row[0], row[1]) if row else None


def sessions_of(session: Session, user_id: int) -> Sequence[UserSession]:
    """A person's signed-in browsers, the latest first."""
    query = (
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.expires_at > clock.now())
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )
    return session.scalars(query).all()


def open_token(session: Session, token_hash: str, purpose: str) -> OneTimeToken | None:
    """A mailed link's row while it can still be used."""
    row = session.get(OneTimeToken, token_hash)
    if row is None or row.purpose != purpose or row.used_at or row.expires_at <= clock.now():
        return None
    return row


def demo_users(session: Session) -> Sequence[User]:
    """The accounts that the sign-in page of a demonstration offers."""
    query = select(User).where(User.demo, User.active).order_by(User.id).limit(40)
    return session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class People:
    """One page of the list of accounts."""

    users: Sequence[User]
    total: int


def people(
    session: Session, *, text: str = "", role: Role | None = None, page: int = 1, size: int = 50
) -> People:
    """Accounts by name or sign-in name, those with roles first."""
    query = select(User)
    if text:
        pattern = f"%{_literal(text)}%"
        clauses: list[ColumnElement[bool]] = [User.display_name.like(pattern, escape="\\")]
        if identifier := parse(text):
            column = User.email if identifier.email else User.phone
            clauses.append(column == identifier.value)
        query = query.where(or_(*clauses))
    if role is not None:
        query = query.where(User.roles.any(UserRole.role == role))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    has_role = User.roles.any()
    page_query = query.order_by(has_role.desc(), User.id).limit(size).offset((page - 1) * size)
    return People(session.scalars(page_query).all(), total)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
