"""Confirming an e-mail address. The link shows a button: mail scanners open links on their own."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.core.tokens import token_hash
from jiebang.web.access import Level, access, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services
from ..services.links import CONFIRM
from .blueprint import blueprint


@blueprint.get("/confirm/<token>")
@access(Level.ANYONE)
def confirm_email(token: str) -> str | tuple[str, int]:
    """The button, or what to do when the link no longer works."""
    row = queries.open_token(db(), token_hash(token), CONFIRM)
    page = render_template("accounts/confirm_email.html", usable=row is not None)
    return page if row else (page, 410)


@blueprint.post("/confirm/<token>")
@access(Level.ANYONE)
def confirm_email_post(token: str) -> Response:
    """Uses the link."""
    services.confirm_email(db(), token)
    flash("邮箱已确认，办理通知会发到这里。", "success")
    target = "accounts.account" if current_user.is_authenticated else "accounts.sign_in"
    return redirect(url_for(target), 303)


@blueprint.post("/email/confirm")
@access(Level.SIGNED_IN)
def send_confirmation() -> Response:
    """Sends the link again."""
    throttle("confirm", 5, timedelta(hours=1), f"user:{current_user.user_id}")
    user = queries.user(db(), current_user.user_id)
    if user.email and not user.email_confirmed_at:
        services.send_confirmation(db(), user, platform().settings.base_url)
        flash(f"确认邮件已发到 {user.email}，3 天内有效；没收到请看看垃圾邮件。", "success")
    return redirect(url_for("accounts.account"), 303)
