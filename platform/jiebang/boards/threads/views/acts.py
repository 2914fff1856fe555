"""Writing in a thread, ending it, exchanging contacts, accepting the confidentiality agreement."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core.errors import Invalid
from jiebang.core.reasons import choices
from jiebang.core.uploads import Received
from jiebang.discovery import feedback
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle

from .. import queries, services
from ..models import FileLevel, Thread
from ..workflow import THREAD, ThreadState
from .blueprint import blueprint
from .read import page

CONSEQUENCES = {
    "decline": ("对方会看到原因和说明", "这次对接就此结束，对方改进后可以再发意向"),
    "withdraw": ("对方会收到撤回的通知", "以后还可以再发意向"),
    "end": ("对方会看到说明", "问答、文件和纪要都会保留，双方随时可查"),
}
DONE = {
    "decline": "已婉拒，原因已送达对方。",
    "withdraw": "意向已撤回。",
    "end": "对接已结束，记录仍可查看。",
}


def _back(thread_id: int, anchor: str = "") -> Response:
    return redirect(url_for("threads.thread", thread_id=thread_id, _anchor=anchor or None), 303)


@blueprint.post("/threads/<int:thread_id>/say")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def say(thread_id: int) -> str | tuple[str, int] | Response:
    """A line, with or without a file."""
    throttle("say", 200, timedelta(hours=1), f"organisation:{actor().organisation_id}")
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    chosen = request.files.get("file")
    settings = platform().settings
    level = FileLevel.AGREEMENT if "protected" in request.form else FileLevel.BOTH
    open_interest = found.state is ThreadState.INTERESTED
    try:
        services.say(
            session,
            who,
            found,
            request.form.get("text", ""),
            asks="asks" in request.form,
            received=Received(chosen.stream, chosen.filename)  # type: ignore[arg-type]
            if chosen is not None and chosen.filename
            else None,
            level=level,
            folder=settings.uploads,
            limit=settings.upload_limit,
        )
    except Invalid as error:
        return page(found, error.errors, dict(request.form)), 422
    if open_interest and found.state is ThreadState.TALKING and found.own_listing_id is not None:
        # the owner wants to talk about this pair, too: the ranking learns from both sides
        feedback.take_up(platform().discovery, session, who, found.listing_id, found.own_listing_id)
    return _back(thread_id, "latest")


@blueprint.get("/threads/<int:thread_id>/<any(decline,withdraw,end):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask(thread_id: int, name: str) -> str:
    """Asks before a thread ends."""
    found = queries.thread(db(), thread_id, actor())
    refusal = THREAD.refusal(name, found, actor())
    if refusal is not None:
        raise refusal
    return _ask(found, name, {}, {})


@blueprint.post("/threads/<int:thread_id>/<any(decline,withdraw,end):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def end(thread_id: int, name: str) -> str | tuple[str, int] | Response:
    """Declines with a code and a sentence, withdraws, or ends."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    form = request.form
    try:
        services.end(session, who, found, name, form.get("reason", ""), form.get("code", ""))
    except Invalid as error:
        return _ask(found, name, error.errors, dict(form)), 422
    if name == "decline" and found.own_listing_id is not None and found.reason_code is not None:
        feedback.turn_down(
            platform().discovery, session, who, found.listing_id, found.own_listing_id,
            found.reason_code.value,
        )  # fmt: skip
    flash(DONE[name], "success")
    return _back(thread_id)


def _ask(found: Thread, name: str, errors: dict[str, str], typed: dict[str, str]) -> str:
    return render_template(
        "threads/end.html",
        thread=found,
        title=found.listing.title,
        name=name,
        label=THREAD.transitions[name].label,
        consequences=CONSEQUENCES[name],
        codes=choices(found.line) if name == "decline" else [],
        needs_reason=name != "withdraw",
        errors=errors,
        typed=typed,
    )


@blueprint.post("/threads/<int:thread_id>/contact")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def contact(thread_id: int) -> str | tuple[str, int] | Response:
    """Agrees to exchange contacts."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    try:
        both = services.give_contact(
            session, who, found, request.form.get("person", ""), request.form.get("reach", "")
        )
    except Invalid as error:
        return page(found, error.errors, dict(request.form)), 422
    flash("双方已交换联系方式，见本页。" if both else "已同意，对方同意后双方同时可见。", "success")
    return _back(thread_id, "contact")


@blueprint.post("/threads/<int:thread_id>/confidentiality")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def agree(thread_id: int) -> Response:
    """Accepts the agreement in the version that was on the page."""
    session, who = db(), actor()
    found = queries.thread(session, thread_id, who, lock=True)
    services.agree(session, who, found, request.form.get("version", ""))
    flash("已接受保密协议，时间和文本版本已记录。", "success")
    return _back(thread_id)
