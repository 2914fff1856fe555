"""Changing a password, and getting back in without it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core import audit, clock, mail
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import ANONYMOUS, Actor

from .. import passwords, queries
from ..identifiers import Identifier, masked
from ..models import User
from . import links
from .entry import end_other_sessions
from .people import own


def change_password(
    session: Session, actor: Actor, *, current: str, password: str, keep_session: int
) -> int:
    """Sets a new password for oneself; returns from how many other browsers that signed out."""
    user = own(session, actor)
    if user.demo:
        raise Invalid({"": "演示账号供所有人试用，不能修改密码。"})
    if not passwords.verify(user.password_hash, current):
        raise Invalid({"current": "现在的密码不对，请重新输入；忘记了可以退出后找回密码。"})
    if problem := passwords.problem(password, user.email, user.phone):
        raise Invalid({"password": problem})
    if passwords.verify(user.password_hash, password):
        raise Invalid({"password": "新密码与现在的相同，请换一个。"})
    return _set(session, actor, user, password, "account.password_changed", keep_session)


def request_reset(session: Session, identifier: Identifier, base_url: str) -> None:
    """Sends a link to set a new password, if there is such a person with an e-mail address.

    The caller answers the same in every case. An audit row is written in every case, too, so that
    the answer takes about the same time.
    """
    user = queries.by_identifier(session, identifier)
    target = user.id if user else "unknown"
    audit.record(session, ANONYMOUS, "account.reset_requested", "user", target)
    if user is None or user.email is None or not user.active or user.demo:
        return
    token = links.issue(session, user, links.RESET)
    mail.enqueue(
        session,
        user.email,
        "设置新密码 · 揭榜",
        f"{user.display_name}，您好：\n\n"
        "有人（希望是您）要为您的揭榜账号设置新密码。请在 30 分钟内打开下面的链接，"
        "链接只能用一次：\n\n"
        f"{base_url}/password/reset/{token}\n\n"
        "如果不是您本人操作，请忽略本邮件，您的密码不会改变。\n",
    )


def reset_password(session: Session, token: str, password: str) -> User:
    """Sets a new password by a link and ends all sessions; Conflict when the link is used up.

    It confirms the address as well, which the link has just proved.
    """
    user = links.use(session, token, links.RESET)
    if user is None or user.demo:
        raise Conflict("链接已失效或已用过，请重新申请。")
    if problem := passwords.problem(password, user.email, user.phone):
        raise Invalid({"password": problem})
    _set(session, ANONYMOUS, user, password, "account.password_reset")
    user.email_confirmed_at = user.email_confirmed_at or clock.now()
    return user


def _set(
    session: Session,
    actor: Actor,
    user: User,
    password: str,
    action: str,
    keep: int | None = None,
) -> int:
    user.password_hash = passwords.hashed(password)
    user.password_changed_at = clock.now()
    links.cancel(session, user)
    ended = end_other_sessions(session, user.id, keep=keep)
    audit.record(session, actor, action, "user", user.id, sessions_ended=ended)
    if user.email is not None:
        mail.enqueue(
            session,
            user.email,
            "您的密码已修改 · 揭榜",
            f"{user.display_name}，您好：\n\n"
            f"账号 {masked(user.email)} 的密码已于北京时间 "
            f"{clock.moment_text(clock.now())} 修改，其他设备上的登录已退出。\n"
            "如果不是您本人操作，请立即在登录页点“忘记密码”重新设置，并联系平台运营。\n",
        )
    return ended
