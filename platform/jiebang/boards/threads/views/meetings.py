"""Meetings of a thread."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import queries, services
from .blueprint import blueprint
from .read import page


def moment_of(text: str) -> datetime | None:
    """What a datetime-local input holds, as 北京时间."""
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is None and 2000 <= found.year < 2200:
            return found.replace(tzinfo=clock.BEIJING)
    except ValueError:
        pass
    return None


def _back(thread_id: int) -> Response:
    return redirect(url_for("threads.thread", thread_id=thread_id, _anchor="meetings"), 303)


@blueprint.post("/threads/<int:thread_id>/meetings")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def propose(thread_id: int) -> str | tuple[str, int] | Response:
    """Proposes a time and a place."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    form = request.form
    try:
        services.propose_meeting(
            session, who, found, moment_of(form.get("starts_at", "")), form.get("place", "")
        )
    except Invalid as error:
        return page(found, error.errors, dict(form)), 422
    flash("已提议会面，等对方确认。", "success")
    return _back(thread_id)


@blueprint.post("/threads/<int:thread_id>/meetings/<int:meeting_id>/<any(confirm,cancel):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def answer(thread_id: int, meeting_id: int, name: str) -> Response:
    """Agrees to a proposal, or cancels a meeting."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    services.answer_meeting(session, who, found, meeting_id, name)
    flash(
        "会面已约定，已通知对方。" if name == "confirm" else "会面已取消，已通知对方。", "success"
    )
    return _back(thread_id)


@blueprint.post("/threads/<int:thread_id>/meetings/<int:meeting_id>/minutes")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def minutes(thread_id: int, meeting_id: int) -> str | tuple[str, int] | Response:
    """Writes a meeting's minutes."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    text = request.form.get("minutes", "")
    try:
        services.write_minutes(session, who, found, meeting_id, text)
    except Invalid as error:
        return page(found, error.errors, {"minutes": text}), 422
    flash("纪要已保存，双方可见。", "success")
    return _back(thread_id)
