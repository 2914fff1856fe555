"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.core.errors import NotFound
from jiebang.core.permissions import ROLE_LABELS, OrganisationRole
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform
from jiebang.web.returning import has_next, next_url, take_next
from jiebang.web.throttle import throttle

from .. import passwords, queries, services, sessions
from ..demo import CATEGORY_TRIES, LINE_TRIES, ROLE_TRIES
from ..forms import SignInForm
from ..identifiers import masked
from ..models import User
from .blueprint import blueprint

WRONG = "账号或密码不对。请核对后重试；连续 5 次不对，账号会锁定 15 分钟。"


@blueprint.get("/sign-in")
@access(Level.ANYONE)
def sign_in() -> str | Response:
    """The form; in a demonstration also its accounts."""
    if current_user.is_authenticated:
        return redirect(next_url(url_for("boards.todo")), 303)
    return _page(SignInForm())


@blueprint.post("/sign-in")
@access(Level.ANYONE, writes=False)
def sign_in_post() -> tuple[str, int] | Response:
    """Counts, checks, and lets in, in transactions of its own: refusals must be kept, too."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _page(form), 422
    throttle("sign_in", 100, timedelta(minutes=15))
    identifier = form.identifier.identifier
    assert identifier is not None
    who, password = sessions.visitor(), form.password.data
    database = platform().database
    with database.transaction() as session:
        attempt = services.begin_attempt(session, identifier, who)
        if attempt.wait:
            services.refuse_attempt(session, attempt)
    if attempt.wait:
        minutes = -(-attempt.wait // 60)
        form.refuse({"": f"连续多次没有登录成功，请 {minutes} 分钟后再试，或用“忘记密码”重置。"})
        return _page(form), 429
    verified = passwords.verify(attempt.password_hash, password)
    with database.transaction() as session:
        token = services.admit(
            session,
            attempt,
            who,
            password=password,
            verified=verified,
            demo=platform().settings.demo,
        )
    if token is None:
        form.refuse({"": WRONG})
        return _page(form), 422
    return _welcome(token)


@blueprint.post("/sign-in/demo")
@access(Level.ANYONE, writes=False)
def sign_in_demo() -> Response:
    """One click into an account of the demonstration; there is no such door outside of one."""
    text = request.form.get("user_id", "")
    known = text.isascii() and text.isdigit() and len(text) < 10
    if not platform().settings.demo or not known:
        raise NotFound
    throttle("sign_in", 100, timedelta(minutes=15))
    with platform().database.transaction() as session:
        user = session.get(User, int(text))
        if user is None or not user.demo or not user.active:
            raise NotFound("没有这个演示账号，请在登录页另选一个。")
        token = services.begin_session(session, user, sessions.visitor())
    return _welcome(token)


@blueprint.post("/sign-out")
@access(Level.ANYONE)
def sign_out() -> Response:
    """Ends this browser's session."""
    if current_user.is_authenticated:
        services.end_session(db(), actor(), current_user.session_id)
    sessions.forget()
    flash("已退出登录。", "info")
    return redirect(f"{request.script_root}/", 303)


def _welcome(token: str) -> Response:
    target = take_next()
    sessions.remember(token)
    return redirect(target or url_for("boards.todo"), 303)


def _page(form: SignInForm) -> str:
    return render_template(
        "accounts/sign_in.html",
        form=form,
        demo_accounts=_demo_accounts(),
        going_on=has_next(),
    )


def _demo_accounts() -> list[dict[str, object]]:
    if not platform().settings.demo:
        return []
    session = db()
    return [
        {
            "id": user.id,
            "name": user.display_name,
            "identifier": masked(user.email or user.phone or ""),
            "places": _places(user),
            "tries": _tries(user),
            "staff": bool(user.roles),
        }
        for user in queries.demo_users(session)
    ]


def _tries(user: User) -> str:
    for held in user.roles:
        return ROLE_TRIES[held.role]
    for seat in sessions.seats_of(db(), user.id):
        if len(seat.scopes) == 1:
            return LINE_TRIES[next(iter(seat.scopes))]
        return CATEGORY_TRIES.get(seat.category, "")
    return "注册后的第一步：创建、认领或加入单位"


def _places(user: User) -> list[str]:
    places = [ROLE_LABELS[item.role] for item in user.roles]
    for seat in sessions.seats_of(db(), user.id):
        role = "管理员" if seat.role is OrganisationRole.ADMINISTRATOR else "经办人"
        places.append(f"{seat.organisation_name} · {role}")
    return places
