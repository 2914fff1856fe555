"""消息: what a person was told, and how they want it mailed."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.core.permissions import Actor
from jiebang.web import navigation
from jiebang.web.access import Level, access, actor, db
from jiebang.web.navigation import Entry

from . import queries, services
from .models import MailMode

blueprint = Blueprint("notices", __name__, template_folder="templates")
MODES = {
    MailMode.AT_ONCE: ("立即发邮件", "每条消息发一封。"),
    MailMode.DIGEST: ("每天汇总一封", "工作日 8:30，把还没看过的汇成一封。"),
    MailMode.NEVER: ("不发邮件", "只在这里看。"),
}


def register(app: Flask) -> None:
    """Adds the page and its menu entry."""
    app.register_blueprint(blueprint)
    navigation.add(app, Entry(15, "消息", "notices.index", _signed_in, _unread))


def _signed_in(who: Actor) -> bool:
    return who.user_id is not None


def _unread(who: Actor) -> int | None:
    return (queries.unread(db(), who.user_id) or None) if who.user_id is not None else None


@blueprint.get("/notices")
@access(Level.SIGNED_IN)
def index() -> str:
    """Everything that a person was told, newest first."""
    session, who = db(), actor()
    assert who.user_id is not None
    return render_template(
        "notices/index.html",
        notices=queries.latest(session, who.user_id),
        unread=queries.unread(session, who.user_id),
        modes=MODES,
        mode=queries.mail_mode(session, who.user_id),
    )


@blueprint.post("/notices/read")
@access(Level.SIGNED_IN)
def read() -> Response:
    """都看过了."""
    services.read_all(db(), actor())
    return redirect(url_for("notices.index"), 303)


@blueprint.post("/notices/mail")
@access(Level.SIGNED_IN)
def mail() -> Response:
    """At once, as a digest, or not at all."""
    chosen = request.form.get("mail", "")
    if chosen not in {mode.value for mode in MailMode}:
        raise Invalid({"mail": "请选择邮件提醒方式：立即、每天汇总或不发。"})
    services.choose_mail(db(), actor(), MailMode(chosen))
    flash("邮件提醒方式已保存。", "success")
    return redirect(url_for("notices.index"), 303)
