"""Proposing, confirming, giving up."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.workflow import AGREEMENT, AgreementState
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.reasons import choices
from jiebang.web.access import Level, Tenancy, access, actor, db

from .blueprint import blueprint
from .read import drawn, may_at_once, other_names, page


@blueprint.post("/agreements/<int:agreement_id>/hand-over")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def hand_over(agreement_id: int) -> Answer:
    """Gives the draft to the other side."""
    session, who = db(), actor()
    services.hand_over(session, who, queries.agreement(session, agreement_id, who, lock=True))
    flash("已交对方修改，对方会收到通知。", "success")
    return _back(agreement_id)


@blueprint.post("/agreements/<int:agreement_id>/propose")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def propose(agreement_id: int) -> str | tuple[str, int] | Answer:
    """Puts the newest version before the parties."""
    session, who = db(), actor()
    found = queries.agreement(session, agreement_id, who, lock=True)
    try:
        services.propose(session, who, found)
    except Invalid as error:
        return page(found, error.errors), 422
    flash("已提请各方确认；本单位也要确认这一版。", "success")
    return _back(agreement_id)


@blueprint.get("/agreements/<int:agreement_id>/confirm")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask(agreement_id: int) -> str:
    """The whole version once more, its hash, and the button; of a draft, too, where its writer
    may propose and confirm it in one act."""
    found = queries.agreement(db(), agreement_id, actor())
    if not may_at_once(db(), found, actor()) and (
        refusal := AGREEMENT.refusal("confirm", found, actor())
    ):
        raise refusal
    return _ask(found, "")


@blueprint.post("/agreements/<int:agreement_id>/confirm")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def confirm(agreement_id: int) -> str | tuple[str, int] | Answer:
    """The party's word for the version it read."""
    session, who = db(), actor()
    found = queries.agreement(session, agreement_id, who, lock=True)
    at_once = may_at_once(session, found, who)
    act = services.propose_confirmed if at_once else services.confirm
    try:
        act(session, who, found, request.form.get("hash", ""))
    except Conflict as error:
        if found.state is not AgreementState.CONFIRMING and not at_once:
            raise
        return _ask(found, error.message), error.status
    flash(
        "各方均已确认，协议成立。"
        if found.state is AgreementState.AGREED
        else "已确认，等对方。"
        if len(found.parties) == 2
        else "已确认，等其余各方。",
        "success",
    )
    return _back(agreement_id)


def _ask(found: Agreement, refused: str) -> str:
    session, who = db(), actor()
    return render_template(
        "contracts/confirm.html",
        agreement=found,
        version=found.newest,
        shown=drawn(found.newest),
        other=other_names(session, found, who),
        barrier=services.barrier(session, found),
        refused=refused,
        seat=who.seat,
        person=who.label,
    )


@blueprint.get("/agreements/<int:agreement_id>/end")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask_end(agreement_id: int) -> str:
    """What giving up means, before it is done."""
    found = queries.agreement(db(), agreement_id, actor())
    if refusal := AGREEMENT.refusal("end", found, actor()):
        raise refusal
    return _ask_end(found, {}, {})


@blueprint.post("/agreements/<int:agreement_id>/end")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def end(agreement_id: int) -> str | tuple[str, int] | Answer:
    """Gives the agreement up."""
    session, who, form = db(), actor(), request.form
    found = queries.agreement(session, agreement_id, who, lock=True)
    try:
        services.end(session, who, found, form.get("reason", ""), form.get("code", ""))
    except Invalid as error:
        return _ask_end(found, error.errors, dict(form)), 422
    flash("已结束商定，原因已送达对方。", "success")
    return _back(agreement_id)


def _ask_end(found: Agreement, errors: dict[str, str], typed: dict[str, str]) -> str:
    return render_template(
        "contracts/end.html",
        agreement=found,
        listing=found.listing,
        other=other_names(db(), found, actor()),
        codes=choices(found.line),
        errors=errors,
        typed=typed,
    )


def _back(agreement_id: int) -> Answer:
    return redirect(url_for("contracts.agreement", agreement_id=agreement_id), 303)
