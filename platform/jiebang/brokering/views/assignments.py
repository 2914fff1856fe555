"""专员分派: who serves whom, the cap and its source, and one organisation's file as far as it
goes today: its specialists and its ledger."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.workflow import STATE_LABELS, STATE_TONES
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db
from jiebang.web.pagination import Page, page_number

from .. import queries, services
from ..filling import queries as filling
from ..filling.workflow import STATE_LABELS as FILLING_LABELS
from ..filling.workflow import STATE_TONES as FILLING_TONES
from .blueprint import blueprint

PAGE_SIZE = 20


def _number(text: str) -> int | None:
    """An id or a page as a form or an address gives it."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else None


@blueprint.get("/brokering/assignments")
@access(Level.PERMISSION, Permission.SPECIALISTS_ASSIGN)
def assignments() -> str:
    """Requests that nobody has, organisations that nobody serves, and how much each one does."""
    return _page({}, {})


def _page(errors: dict[str, str], typed: dict[str, str]) -> str:
    session = db()
    text, unserved = request.args.get("q", "").strip()[:100], request.args.get("unserved") == "1"
    number = page_number()
    rows, total = queries.organisations(
        session, text, unserved=unserved, number=number, size=PAGE_SIZE
    )
    return render_template(
        "brokering/assignments.html",
        rows=rows,
        pages=Page(number, total, PAGE_SIZE),
        text=text,
        unserved=unserved,
        people=queries.specialists(session),
        rule=queries.rule(session),
        requests=queries.unassigned(session),
        errors=errors,
        typed=typed,
    )


@blueprint.post("/brokering/assignments")
@access(Level.PERMISSION, Permission.SPECIALISTS_ASSIGN)
def assign() -> Response:
    """Assigns, hands over, or takes away."""
    session, who, form = db(), actor(), request.form
    organisation_id = _number(form.get("organisation_id", ""))
    chosen = form.get("specialist_id", "")
    if organisation_id is None:
        raise Invalid({"organisation_id": "请从列表里选择单位。"})
    back = url_for("brokering.organisation", organisation_id=organisation_id)
    try:
        if chosen != "none" and _number(chosen) is None:
            raise Invalid({"specialist_id": "请选择一位服务专员。"})
        services.assign(session, who, organisation_id, _number(chosen), form.get("reason", ""))
    except (Invalid, Conflict) as error:
        flash(str(error), "warning")
        return redirect(back, 303)
    flash("已保存，专员和单位都会收到通知。", "success")
    return redirect(back, 303)


@blueprint.post("/brokering/rule")
@access(Level.PERMISSION, Permission.SPECIALISTS_ASSIGN)
def rule() -> str | tuple[str, int] | Response:
    """Another cap, with its source."""
    form = request.form
    try:
        services.change_rule(
            db(), actor(), form.get("cap", ""), form.get("source", ""),
            verified="verified" in form,
        )  # fmt: skip
    except Invalid as error:
        return _page(error.errors, dict(form)), 422
    flash("新的上限从今天起用于分派，已有的分派不变。", "success")
    return redirect(url_for("brokering.assignments"), 303)


@blueprint.get("/brokering/organisations/<int:organisation_id>")
@access(Level.PERMISSION, Permission.INTRODUCE)
def organisation(organisation_id: int) -> str:
    """One organisation for its specialist and the operator: listings by state (the operator reads
    only what is published), ledger, and who served it."""
    session, who = db(), actor()
    found = queries.overseen_one(session, who, organisation_id)
    serves = any(each.id == found.id for each in queries.served(session, who))
    listings = (
        boards.of_organisation(session, found.id)
        if serves
        else boards.public_of_organisation(session, found.id, who)
    )
    past = queries.history(session, found.id)
    return render_template(
        "brokering/organisation.html",
        organisation=found,
        serves=serves,
        listings=[(each, STATE_LABELS[each.state], STATE_TONES[each.state]) for each in listings],
        ledger=queries.ledger(session, found.id),
        fillings=[
            (each, FILLING_LABELS[each.state], FILLING_TONES[each.state])
            for each in filling.on_organisation(session, found.id, who)
        ],
        boards=list(Board),
        present=next((row for row in past if row[0].ended_at is None), None),
        past=[row for row in past if row[0].ended_at is not None],
        people=queries.specialists(session) if who.can(Permission.SPECIALISTS_ASSIGN) else [],
        rule=queries.rule(session),
        assigns=who.can(Permission.SPECIALISTS_ASSIGN),
    )
