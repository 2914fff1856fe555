"""People: registering, their name, their e-mail address, whether they may come in at all."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import audit, clock, mail
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import ANONYMOUS, SEPARATED, Actor, Permission, Role

from .. import identifiers, passwords
from ..identifiers import Identifier
from ..models import User, UserRole
from . import links

NAME_LIMIT = 40
TAKEN = "这个邮箱或手机号已注册，请直接登录或找回密码。"
"""Registering signs in at once, so a name that is taken cannot be passed over in silence. The view
says this to one address a few times an hour only, so that nobody can read out a list of names."""


def create_user(
    session: Session,
    actor: Actor,
    *,
    name: str,
    password: str,
    identifier: Identifier | None = None,
    email: str | None = None,
    phone: str | None = None,
    roles: Collection[Role] = (),
    demo: bool = False,
    consent: str = "",
) -> User:
    """Adds a person with an e-mail address, a telephone number, or both; `consent` is the version
    of the texts agreed to.

    Anybody may register without a role and with consent; the rest needs Permission.ROLES_ASSIGN.
    Raises Invalid with one message a field.
    """
    trusted = actor.can(Permission.ROLES_ASSIGN)
    if (roles or demo) and not trusted:
        raise Forbidden("您的角色不能给人员分配角色。")
    errors: dict[str, str] = {}
    name = " ".join(name.split())
    if problem := _name_problem(name):
        errors["name"] = problem
    email, phone = _names(errors, identifier or Identifier(), email, phone)
    if not demo and (problem := passwords.problem(password, email, phone)):
        errors["password"] = problem
    if not consent and not trusted:
        errors["consent"] = "请先阅读并勾选同意，才能注册。"
    if len(SEPARATED & set(roles)) > 1:
        errors["roles"] = "系统管理员、安全管理员、审计管理员须由不同的人担任。"
    if errors:
        raise Invalid(errors)
    moment = clock.now()
    user = User(
        email=email,
        phone=phone,
        display_name=name,
        password_hash=passwords.hashed(password),
        password_changed_at=moment,
        created_at=moment,
        consent_version=consent,
        consent_at=moment if consent else None,
        demo=demo,
        roles=[UserRole(role=role) for role in sorted(set(roles))],
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise Invalid({"identifier": TAKEN}) from error
    audit.record(
        session,
        actor,
        "account.created",
        "user",
        user,
        consent=consent,
        demo=demo,
        roles=sorted(set(roles)),
    )
    return user


def _name_problem(name: str) -> str | None:
    if not name:
        return "请填写姓名。"
    return f"姓名最多 {NAME_LIMIT} 个字，请缩短。" if len(name) > NAME_LIMIT else None


def _names(
    errors: dict[str, str], given: Identifier, email: str | None, phone: str | None
) -> tuple[str | None, str | None]:
    """Both sign-in names as the database keeps them."""
    read_email = identifiers.email(email) if email else given.email
    read_phone = identifiers.phone(phone) if phone else given.phone
    unreadable = (email and read_email is None) or (phone and read_phone is None)
    if unreadable or not (read_email or read_phone):
        errors["identifier"] = identifiers.MESSAGE
    return read_email, read_phone


def register(
    session: Session,
    *,
    name: str,
    identifier: Identifier,
    password: str,
    consent_version: str,
    base_url: str,
) -> User:
    """A visitor's own registration; people with an e-mail address get a letter to confirm it."""
    user = create_user(
        session,
        ANONYMOUS,
        name=name,
        identifier=identifier,
        password=password,
        consent=consent_version,
    )
    send_confirmation(session, user, base_url)
    return user


def change_profile(
    session: Session, actor: Actor, *, name: str, email: str | None, base_url: str
) -> None:
    """Changes one's own name and e-mail address; a new address has to be confirmed again.

    The old address is told: whoever takes over a signed-in browser must not do it unnoticed.
    """
    user = own(session, actor)
    if user.demo:
        raise Invalid({"": "演示账号供所有人试用，不能修改姓名和邮箱。"})
    name = " ".join(name.split())
    if problem := _name_problem(name):
        raise Invalid({"name": problem})
    address = identifiers.email(email) if email else None
    if email and address is None:
        raise Invalid({"email": "邮箱格式不对，应如 name@example.com。"})
    if address is None and user.phone is None:
        raise Invalid({"email": "邮箱是您唯一的登录名，不能清空。"})
    if name != user.display_name:
        user.display_name = name
        audit.record(session, actor, "account.renamed", "user", user.id)
    if address == user.email:
        return
    former, confirmed = user.email, user.email_confirmed_at is not None
    try:
        with session.begin_nested():
            user.email, user.email_confirmed_at = address, None
    except IntegrityError as error:
        raise Invalid({"email": "这个邮箱已被使用，请换一个。"}) from error
    links.cancel(session, user)
    audit.record(session, actor, "account.email_changed", "user", user.id)
    if former and confirmed:
        mail.enqueue(
            session,
            former,
            "您的登录邮箱已更换 · 揭榜",
            f"{name}，您好：\n\n您的揭榜账号已不再使用这个邮箱登录。\n"
            "如果不是您本人操作，请立即联系平台运营。\n",
        )
    send_confirmation(session, user, base_url)


def send_confirmation(session: Session, user: User, base_url: str) -> None:
    """Sends the letter that proves an e-mail address; nothing where there is nothing to prove."""
    if user.email is None or user.email_confirmed_at is not None:
        return
    token = links.issue(session, user, links.CONFIRM)
    mail.enqueue(
        session,
        user.email,
        "请确认您的邮箱 · 揭榜",
        f"{user.display_name}，您好：\n\n"
        "请在 3 天内打开下面的链接，确认这是您的邮箱：\n\n"
        f"{base_url}/confirm/{token}\n\n"
        "确认之后，办理通知会发到这里。\n"
        "如果您没有在揭榜平台注册，请不要打开链接，也不用回复。\n",
    )


def confirm_email(session: Session, token: str) -> User:
    """Notes that an e-mail address is its person's; Conflict when the link no longer works."""
    user = links.use(session, token, links.CONFIRM)
    if user is None:
        raise Conflict("确认链接已失效或已用过，请登录后在“账号设置”里重新发送。")
    user.email_confirmed_at = clock.now()
    audit.record(session, ANONYMOUS, "account.email_confirmed", "user", user.id)
    return user


def own(session: Session, actor: Actor) -> User:
    """The acting person's own row, locked."""
    user = session.get(User, actor.user_id, with_for_update=True) if actor.user_id else None
    if user is None:
        raise NotFound("没有找到您的账号，请重新登录。")
    return user
