"""Platform roles: given and taken by the security administrator, never to oneself."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit
from jiebang.core.errors import Conflict, Forbidden, NotFound
from jiebang.core.permissions import ROLE_LABELS, SEPARATED, Actor, Permission, Role

from ..models import User, UserRole
from .entry import end_other_sessions


def grant_role(session: Session, actor: Actor, user_id: int, role: Role) -> User:
    """Gives a person a role; system, security and audit administrator exclude each other."""
    user = _changeable(session, actor, user_id)
    if not user.active:
        raise Conflict(f"{user.display_name} 的账号已停用，请先启用再授予角色。")
    held = {row.role for row in user.roles}
    if role in held:
        raise Conflict(f"{user.display_name} 已经是{ROLE_LABELS[role]}。")
    rivals = (held & SEPARATED) if role in SEPARATED else set()
    if rivals:
        has = "、".join(ROLE_LABELS[rival] for rival in sorted(rivals))
        raise Conflict(
            f"{user.display_name} 已是{has}，不能兼任{ROLE_LABELS[role]}："
            "系统、安全、审计三种管理员须由不同的人担任。请先收回原角色，或换一个人。"
        )
    user.roles.append(UserRole(role=role))
    session.flush()
    audit.record(session, actor, "role.granted", "user", user.id, role=role.value)
    return user


def revoke_role(session: Session, actor: Actor, user_id: int, role: Role) -> User:
    """Takes a role from a person; it takes effect with their next request."""
    user = _changeable(session, actor, user_id)
    row = next((row for row in user.roles if row.role is role), None)
    if row is None:
        raise Conflict(f"{user.display_name} 没有“{ROLE_LABELS[role]}”这个角色，可能已被收回。")
    if role is Role.SECURITY_ADMINISTRATOR:
        _keep_one(session, user)
    user.roles.remove(row)
    session.flush()
    audit.record(session, actor, "role.revoked", "user", user.id, role=role.value)
    return user


def deactivate(session: Session, actor: Actor, user_id: int) -> User:
    """Stops an account and ends its sessions; what it did stays."""
    user = _changeable(session, actor, user_id)
    if not user.active:
        raise Conflict(f"{user.display_name} 的账号已经停用。")
    if any(row.role is Role.SECURITY_ADMINISTRATOR for row in user.roles):
        _keep_one(session, user)
    user.active = False
    ended = end_other_sessions(session, user.id)
    audit.record(session, actor, "account.deactivated", "user", user.id, sessions_ended=ended)
    return user


def reactivate(session: Session, actor: Actor, user_id: int) -> User:
    """Lets a stopped account sign in again."""
    user = _changeable(session, actor, user_id)
    if user.active:
        raise Conflict(f"{user.display_name} 的账号没有停用。")
    user.active = True
    audit.record(session, actor, "account.reactivated", "user", user.id)
    return user


def _keep_one(session: Session, leaving: User) -> None:
    """The last security administrator stays: without one nobody could give roles any more."""
    # the locks make two that take the role from each other wait, and the second one see it
    holders = session.execute(
        select(User.id, User.active)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role == Role.SECURITY_ADMINISTRATOR)
        .order_by(User.id)
        .with_for_update()
    ).all()
    if not any(row.active and row.id != leaving.id for row in holders):
        raise Conflict(f"{leaving.display_name} 是唯一的安全管理员，请先把这个角色授予另一个人。")


def _changeable(session: Session, actor: Actor, user_id: int) -> User:
    if not actor.can(Permission.ROLES_ASSIGN):
        raise Forbidden("只有安全管理员可以分配和收回角色。")
    if user_id == actor.user_id:
        raise Forbidden("不能修改自己的账号和角色，请由另一位安全管理员办理。")
    # the lock makes two grants at the same moment see each other
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("没有找到这个账号。")
    if user.demo and actor.user_id is not None:
        raise Conflict("演示账号供所有人试用，角色固定；请另注册一个账号来试。")
    session.refresh(user, ["roles"])
    return user
