"""One's own account."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.core.permissions import ROLE_LABELS
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform

from .. import queries, services
from ..forms import ProfileForm
from ..models import UserSession
from .blueprint import blueprint

_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("Edg", "Edge 浏览器"),
    ("Firefox", "火狐浏览器"),
    ("Chrome", "Chrome 类浏览器"),
    ("Safari", "Safari 浏览器"),
)
_MACHINES = (
    ("Android", "安卓手机"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows 电脑"),
    ("Macintosh", "苹果电脑"),
    ("Linux", "Linux 电脑"),
)


@blueprint.get("/account")
@access(Level.SIGNED_IN)
def account() -> str:
    """Name, address, roles and where one is signed in."""
    user = queries.user(db(), current_user.user_id)
    return _page(ProfileForm(name=user.display_name, email=user.email or ""))


@blueprint.post("/account")
@access(Level.SIGNED_IN)
def account_post() -> tuple[str, int] | Response:
    """Changes name and address."""
    form = ProfileForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        services.change_profile(
            db(),
            actor(),
            name=form.name.data,
            email=form.email.data or None,
            base_url=platform().settings.base_url,
        )
    except Invalid as error:
        form.refuse(error.errors)
        return _page(form), 422
    flash("已保存。", "success")
    return redirect(url_for("accounts.account"), 303)


@blueprint.post("/account/sessions/end")
@access(Level.SIGNED_IN)
def end_other_sessions() -> Response:
    """Signs out everywhere else."""
    ended = services.end_other_sessions(
        db(), current_user.user_id, keep=current_user.session_id, actor=actor()
    )
    flash(f"其他 {ended} 处登录已退出。" if ended else "没有其他登录。", "success")
    return redirect(url_for("accounts.account"), 303)


def _page(form: ProfileForm) -> str:
    session = db()
    user = queries.user(session, current_user.user_id)
    browsers = [
        {
            "name": browser_name(row),
            "seen_at": row.last_seen_at,
            "created_at": row.created_at,
            "own": row.id == current_user.session_id,
        }
        for row in queries.sessions_of(session, user.id)
    ]
    return render_template(
        "accounts/account.html",
        form=form,
        user=user,
        roles=[ROLE_LABELS[item.role] for item in user.roles],
        seats=actor().seats,
        browsers=browsers,
    )


def browser_name(row: UserSession) -> str:
    """微信 · 安卓手机: enough to recognise one's own."""
    agent = row.user_agent
    browser = next((label for mark, label in _BROWSERS if mark in agent), "浏览器")
    machine = next((label for mark, label in _MACHINES if mark in agent), "未知设备")
    return f"{browser} · {machine}"
