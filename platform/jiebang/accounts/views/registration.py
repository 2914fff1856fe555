"""Registration."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.web.access import Level, access
from jiebang.web.current import platform
from jiebang.web.returning import next_url, take_next
from jiebang.web.throttle import throttle

from .. import services, sessions
from ..forms import RegisterForm
from ..legal import CONSENT_VERSION
from .blueprint import blueprint

REGISTRATIONS = 30
"""An hour and address, whether they succeed or not: a hall of people may register on one day."""


@blueprint.get("/register")
@access(Level.ANYONE)
def register() -> str | Response:
    """The form."""
    if current_user.is_authenticated:
        return redirect(next_url(url_for("orgs.choose")), 303)
    return render_template("accounts/register.html", form=RegisterForm())


@blueprint.post("/register")
@access(Level.ANYONE, writes=False)
def register_post() -> tuple[str, int] | Response:
    """Makes the account and signs it in, in one transaction of its own."""
    form = RegisterForm()
    if not form.validate_on_submit():
        return render_template("accounts/register.html", form=form), 422
    # the answer tells whether a name is taken (it must: registering signs in at once), so few may
    # ask: nobody reads out a list of names at this pace
    throttle("register", REGISTRATIONS, timedelta(hours=1))
    assert form.identifier.identifier is not None
    try:
        with platform().database.transaction() as session:
            user = services.register(
                session,
                name=form.name.data,
                identifier=form.identifier.identifier,
                password=form.password.data,
                consent_version=CONSENT_VERSION,
                base_url=platform().settings.base_url,
            )
            token = services.begin_session(session, user, sessions.visitor())
    except Invalid as error:
        form.refuse(error.errors)
        return render_template("accounts/register.html", form=form), 422
    target = take_next()
    sessions.remember(token)
    if user.email:
        flash(f"注册成功。确认邮件已发到 {user.email}，请在 3 天内打开其中的链接。", "success")
    else:
        flash("注册成功。", "success")
    return redirect(target or url_for("orgs.choose"), 303)
