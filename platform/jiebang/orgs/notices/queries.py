"""A person's own notices, and who is to be told."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User, UserRole
from jiebang.core.permissions import Line, OrganisationRole, Role

from ..models import Membership
from .models import MailMode, Notice, NoticeSetting

SHOWN = 100
"""So many notices stand on the page; older ones have been overtaken by their objects."""


def latest(session: Session, user_id: int) -> Sequence[Notice]:
    """A person's notices, newest first."""
    return session.scalars(
        select(Notice).where(Notice.user_id == user_id).order_by(Notice.id.desc()).limit(SHOWN)
    ).all()


def unread(session: Session, user_id: int) -> int:
    """How many a person has not read."""
    query = select(func.count()).select_from(Notice)
    return session.scalar(query.where(Notice.user_id == user_id, Notice.read_at.is_(None))) or 0


def mail_mode(session: Session, user_id: int) -> MailMode:
    """How the person wants mail."""
    found = session.get(NoticeSetting, user_id)
    return found.mail if found is not None else MailMode.AT_ONCE


def members(session: Session, organisation_id: int, line: Line | None) -> list[int]:
    """Ids of the active people of an organisation who act in a line; None: administrators."""
    rows = session.execute(
        select(Membership.user_id, Membership.role, Membership.scopes)
        .join(User, User.id == Membership.user_id)
        .where(Membership.organisation_id == organisation_id, User.active)
        .order_by(Membership.id)
    )
    return [
        user_id
        for user_id, role, scopes in rows
        if role is OrganisationRole.ADMINISTRATOR or (line is not None and line.value in scopes)
    ]


def with_role(session: Session, role: Role) -> Collection[int]:
    """Ids of the active people who have a platform role."""
    return session.scalars(
        select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role == role, User.active)
        .order_by(User.id)
    ).all()
