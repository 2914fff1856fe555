"""Selecting, shortlisting, asking for more, declining, withdrawing; the platform's check."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Permission
from jiebang.core.reasons import choices
from jiebang.discovery import feedback
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from ...threads.models import Thread
from .. import queries, services
from ..models import Response, Round
from ..workflow import RESPONSE
from .blueprint import blueprint
from .read import other_name, others, page

CONSEQUENCES = {
    "select": ("对方会收到被选定的通知", "双方单位名称互相可见，接着商定合作"),
    "send_back": ("对方会看到您的意见", "对方补充期间这份内容暂不可看，补充后再交您选定"),
    "decline": ("对方会看到原因和说明", "榜单仍开放时，对方可以改进后再提交"),
    "withdraw": ("发榜方会收到撤回的通知", "榜单仍开放时可以再提交"),
}
DONE = {
    "select": "已选定，已通知对方。",
    "send_back": "已请对方补充。",
    "decline": "已答复对方，原因已送达。",
    "withdraw": "已撤回。",
}
TONES = {"select": "primary", "send_back": "primary", "decline": "danger", "withdraw": "danger"}


@blueprint.get("/responses/<int:response_id>/<any(select,send_back,decline,withdraw):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask(response_id: int, name: str) -> str:
    """Asks before something that the other side learns of."""
    found = queries.response(db(), response_id, actor())
    refusal = RESPONSE.refusal(name, found, actor())
    if refusal is not None:
        raise refusal
    return _ask(found, name, {}, {})


@blueprint.post("/responses/<int:response_id>/<any(select,send_back,decline,withdraw):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def act(response_id: int, name: str) -> str | tuple[str, int] | Answer:
    """Does it."""
    session, who, form = db(), actor(), request.form
    found = queries.response(session, response_id, who, lock=True)
    try:
        if name == "select":
            services.select(session, who, found, form.get("to_others", ""))
            _learn(found)
        elif name == "withdraw":
            services.withdraw(session, who, found)
        else:
            services.decide(session, who, found, name, form.get("reason", ""), form.get("code", ""))
    except Invalid as error:
        return _ask(found, name, error.errors, dict(form)), 422
    flash(DONE[name], "success")
    return redirect(url_for("responses.response", response_id=response_id), 303)


def _learn(found: Response) -> None:
    """The strongest word on a pair: what the response grew out of was selected."""
    thread = db().get(Thread, found.thread_id) if found.thread_id is not None else None
    if thread is not None and thread.own_listing_id is not None:
        feedback.take_up(
            platform().discovery, db(), actor(), found.listing_id, thread.own_listing_id
        )


def _ask(found: Response, name: str, errors: dict[str, str], typed: dict[str, str]) -> str:
    session = db()
    waiting = 0
    if name == "select":
        round_ = session.get_one(Round, found.round_id)
        if len(queries.selected_on(session, found.listing_id)) + 1 >= round_.winners:
            waiting = others(found)
    return render_template(
        "responses/ask.html",
        response=found,
        listing=found.listing,
        name=name,
        other=other_name(found, actor()),
        label=RESPONSE.transitions[name].label,
        tone=TONES[name],
        consequences=CONSEQUENCES[name],
        codes=choices(found.line) if name == "decline" else [],
        needs_reason=name in ("send_back", "decline"),
        waiting=waiting,
        errors=errors,
        typed=typed,
    )


@blueprint.post("/responses/<int:response_id>/shortlist")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def shortlist(response_id: int) -> Answer:
    """Marks a candidate; undone by nothing, for it promises nothing."""
    session, who = db(), actor()
    found = queries.response(session, response_id, who, lock=True)
    services.decide(session, who, found, "shortlist")
    flash("已列入候选，已通知对方。", "success")
    return redirect(url_for("responses.response", response_id=response_id), 303)


@blueprint.post("/responses/<int:response_id>/check/<any(qualify,'return',disqualify):name>")
@access(Level.PERMISSION, Permission.LISTING_REVIEW)
def check(response_id: int, name: str) -> str | tuple[str, int] | Answer:
    """The formality check."""
    session, who, form = db(), actor(), request.form
    found = queries.response(session, response_id, who, lock=True)
    try:
        services.check(session, who, found, name, form.get("reason", ""), form.get("code", ""))
    except Invalid as error:
        return page(found, error.errors, dict(form)), 422
    except Conflict as error:
        if RESPONSE.refusal(name, found, who) is not None:
            raise
        return page(found, {"": error.message}, dict(form)), error.status
    flash("审查结果已送达对方。", "success")
    return redirect(url_for("boards.todo"), 303)
