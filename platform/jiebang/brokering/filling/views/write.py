"""The specialist writes: one page, saved at any time, then the organisation is asked."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards import forms, storage
from jiebang.boards import queries as boards
from jiebang.boards.fields import fields_of
from jiebang.boards.fields.shared import CHAINS, REGIONS
from jiebang.boards.fields.steps import step_fields, steps_of
from jiebang.boards.models import Disclosure, Listing
from jiebang.boards.responses.models import Verdict
from jiebang.boards.responses.services.filing import LABELS, LIMITS
from jiebang.boards.responses.views.write import VERDICTS, read
from jiebang.boards.workflow import ListingState
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import Actor, Line, Permission
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, access, actor, db
from jiebang.web.filters import money_cn
from jiebang.web.wtf import Form

from ... import queries as serving
from .. import queries, services
from ..models import Filling, FillingKind
from ..workflow import EDITABLE
from .blueprint import blueprint

START = {"disclosure": "public", "track": "market", "need_kind": "research"}


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """For a specialist: the organisations that they serve and could answer this listing for."""
    if not who.can(Permission.INTRODUCE) or listing.line is not Line.TECHNOLOGY:
        return ""
    if listing.state is not ListingState.PUBLISHED or listing.organisation_id is None:
        return ""
    if (
        listing.disclosure is Disclosure.AGREEMENT
        or listing.organisation_id in who.organisation_ids
    ):
        return ""
    firms = [each for each in serving.served(session, who) if each.id != listing.organisation_id]
    if not firms:
        return ""
    return Markup(  # noqa: S704
        render_template("filling/_on_listing.html", listing=listing, firms=firms)
    )


@blueprint.get("/brokering/organisations/<int:organisation_id>/fill/<board_name>")
@blueprint.post("/brokering/organisations/<int:organisation_id>/fill/<board_name>")
@access(Level.PERMISSION, Permission.INTRODUCE)
def new(organisation_id: int, board_name: str) -> str | tuple[str, int] | Answer:
    """A listing for an organisation that one serves; saving it makes the specialist's draft."""
    session, who = db(), actor()
    firm = serving.served_one(session, who, organisation_id)
    if board_name not in {board.value for board in Board}:
        raise NotFound("没有这个榜单，请从单位页面选择。")
    board = Board(board_name)
    fields = tuple(fields_of(board))
    form = forms.make(fields, START)
    if request.method == "GET" or _rows(form):
        return _listing_page(form, board, firm, None)
    try:
        values = {"disclosure": "public", **forms.values(form, fields)}
        found = services.begin_listing(session, who, organisation_id, board, values)
        if "propose" in request.form:
            services.propose(session, who, found)
    except Invalid as error:
        forms.show(form, error.errors)
        return _listing_page(form, board, firm, None), 422
    return _done(found)


@blueprint.post("/brokering/organisations/<int:organisation_id>/respond/<code>")
@access(Level.PERMISSION, Permission.INTRODUCE)
def respond(organisation_id: int, code: str) -> Answer:
    """The answer of an organisation that one serves to somebody's listing."""
    session, who = db(), actor()
    serving.served_one(session, who, organisation_id)
    listing, _ = boards.readable(session, code, who)
    found = services.begin_response(session, who, organisation_id, listing)
    return redirect(url_for("filling.edit", filling_id=found.id), 303)


@blueprint.get("/fillings/<int:filling_id>/edit")
@blueprint.post("/fillings/<int:filling_id>/edit")
@access(Level.PERMISSION, Permission.INTRODUCE)
def edit(filling_id: int) -> str | tuple[str, int] | Answer:
    """Goes on writing; what is refused stays typed."""
    session, who = db(), actor()
    post = request.method == "POST"
    found = queries.filling(session, filling_id, who, lock=post)
    if found.specialist_id != who.user_id:
        raise NotFound
    if found.state not in EDITABLE:
        raise Conflict("已请单位确认，不能再改；要改请先撤回，或等单位退回。")
    firm = session.get_one(Organisation, found.organisation_id)
    if found.kind is FillingKind.RESPONSE:
        return _respond(found, firm, post)
    fields = tuple(fields_of(found.board))
    form = forms.make(fields, storage.from_json(found.board, found.values))
    if not post or _rows(form):
        return _listing_page(form, found.board, firm, found)
    try:
        services.save_listing(session, who, found, forms.values(form, fields))
        if "propose" in request.form:
            services.propose(session, who, found)
    except Invalid as error:
        forms.show(form, error.errors)
        return _listing_page(form, found.board, firm, found), 422
    return _done(found)


def _rows(form: Form) -> bool:
    return forms.change_rows(form, request.form.get("add_row"), request.form.get("remove_row"))


def _respond(found: Filling, firm: Organisation, post: bool) -> str | tuple[str, int] | Answer:
    if not post:
        return _response_page(found, firm, _typed(found.values), {})
    typed = dict(request.form)
    try:
        budget, replies = read(typed, len(found.values["answers"]))
        services.save_response(db(), actor(), found, typed, budget, replies)
        if "propose" in request.form:
            services.propose(db(), actor(), found)
    except Invalid as error:
        return _response_page(found, firm, typed, error.errors), 422
    return _done(found)


def _done(found: Filling) -> Answer:
    if "propose" in request.form:
        flash("已请单位确认：对方收到通知，待办里也有；确认前不算数。", "success")
        return redirect(url_for("filling.filling", filling_id=found.id), 303)
    flash("已保存，可随时回来继续。", "success")
    return redirect(url_for("filling.edit", filling_id=found.id), 303)


def _typed(values: dict[str, Any]) -> dict[str, str]:
    typed = dict(values["texts"])
    budget = values["budget"]
    typed["budget"] = "" if budget is None else money_cn(budget) if budget else "0"
    for position, answer in enumerate(values["answers"]):
        typed[f"verdict-{position}"], typed[f"how-{position}"] = answer["verdict"], answer["how"]
    return typed


def _listing_page(form: Form, board: Board, firm: Organisation, found: Filling | None) -> str:
    return render_template(
        "filling/listing.html",
        form=form,
        board=board,
        firm=firm,
        found=found,
        steps=[(step.label, step_fields(board, step)) for step in steps_of(board)],
        chains=CHAINS,
        regions=REGIONS,
    )


def _response_page(
    found: Filling, firm: Organisation, typed: dict[str, str], errors: dict[str, str]
) -> str:
    return render_template(
        "filling/response.html",
        found=found,
        firm=firm,
        listing=found.listing,
        answers=found.values["answers"],
        need=found.board is Board.NEED,
        typed=typed,
        errors=errors,
        labels=LABELS,
        limits=LIMITS,
        verdicts={value: VERDICTS[value] for value in Verdict},
    )
