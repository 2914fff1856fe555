"""Forgotten and changed passwords."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.core.errors import Conflict, Invalid
from jiebang.core.tokens import token_hash
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services, sessions
from ..forms import ForgottenForm, PasswordForm, ResetForm
from ..services.links import RESET
from .blueprint import blueprint


@blueprint.get("/password/forgotten")
@access(Level.ANYONE)
def forgotten() -> str:
    """Asks for the sign-in name."""
    return render_template("accounts/forgotten.html", form=ForgottenForm(), sent=False)


@blueprint.post("/password/forgotten")
@access(Level.ANYONE)
def forgotten_post() -> str | tuple[str, int]:
    """One answer for everybody, known or not."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("accounts/forgotten.html", form=form, sent=False), 422
    identifier = form.identifier.identifier
    assert identifier is not None
    throttle("reset", 20, timedelta(hours=1))
    throttle("reset_name", 5, timedelta(hours=1), identifier.value)
    services.request_reset(db(), identifier, platform().settings.base_url)
    return render_template("accounts/forgotten.html", form=form, sent=True)


@blueprint.get("/password/reset/<token>")
@access(Level.ANYONE)
def reset(token: str) -> str | tuple[str, int]:
    """The form for the new password."""
    usable = queries.open_token(db(), token_hash(token), RESET) is not None
    page = render_template("accounts/reset.html", form=ResetForm(), usable=usable)
    return page if usable else (page, 410)


@blueprint.post("/password/reset/<token>")
@access(Level.ANYONE)
def reset_post(token: str) -> tuple[str, int] | Response:
    """Sets it; everybody who was signed in with the old one is signed out."""
    form = ResetForm()
    throttle("reset_use", 30, timedelta(hours=1))
    if not form.validate_on_submit():
        return render_template("accounts/reset.html", form=form, usable=True), 422
    try:
        user = services.reset_password(db(), token, form.password.data)
    except Invalid as error:
        form.refuse(error.errors)
        return render_template("accounts/reset.html", form=form, usable=True), 422
    except Conflict:
        return render_template("accounts/reset.html", form=form, usable=False), 410
    services.unlock(db(), user, sessions.visitor())
    sessions.forget()
    flash("新密码已生效，所有设备都已退出，请用新密码登录。", "success")
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/account/password")
@access(Level.SIGNED_IN)
def change_password() -> str:
    """The old and the new password."""
    return render_template("accounts/password.html", form=PasswordForm())


@blueprint.post("/account/password")
@access(Level.SIGNED_IN)
def change_password_post() -> tuple[str, int] | Response:
    """Changes it; other browsers are signed out."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return render_template("accounts/password.html", form=form), 422
    throttle("password", 10, timedelta(minutes=15), f"user:{current_user.user_id}")
    try:
        ended = services.change_password(
            db(),
            actor(),
            current=form.current.data,
            password=form.password.data,
            keep_session=current_user.session_id,
        )
    except Invalid as error:
        form.refuse(error.errors)
        return render_template("accounts/password.html", form=form), 422
    also = f"，其他 {ended} 处登录已退出" if ended else ""
    flash(f"密码已修改{also}。", "success")
    return redirect(url_for("accounts.account"), 303)
