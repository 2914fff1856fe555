"""Writing a listing: a few fields at a time, saved at each step, checked before submitting."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Invalid, NotFound
from jiebang.core.permissions import LINE_LABELS, Line
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.wtf import Form

from .. import forms, queries, services, storage
from ..fields import Field, FieldType, fields_of
from ..fields.shared import CHAINS, REGIONS
from ..fields.steps import Step, step_fields, steps_of
from ..fields.values import check, display, is_filled
from ..models import Listing
from ..workflow import EDITABLE, LISTING, ListingState
from .advice import panel
from .blueprint import blueprint
from .progress import link, progress

AUTOSAVE = "autosave"


@blueprint.get("/listings/new")
@access(Level.MEMBER)
def choose() -> str:
    """Which board."""
    who = actor()
    lines = [
        (LINE_LABELS[line], [board for board in Board if board.line is line], who.acts_in(line))
        for line in Line
    ]
    return render_template("boards/choose.html", lines=lines, seat=who.seat)


@blueprint.get("/listings/new/<board_name>")
@blueprint.post("/listings/new/<board_name>")
@access(Level.MEMBER)
def new(board_name: str) -> str | tuple[str, int] | Response:
    """The first step; saving it makes the draft."""
    if board_name not in {board.value for board in Board}:
        raise NotFound("没有这个榜单，请从“发布”页选择。")
    board = Board(board_name)
    step = steps_of(board)[0]
    fields = step_fields(board, step)
    start = {"disclosure": "public", "track": "market", "need_kind": "research"}
    form = forms.make(fields, start)
    if request.method == "POST":
        try:
            values = {"disclosure": "public", **forms.values(form, fields)}
            listing = services.create(db(), actor(), board, values)
        except Invalid as error:
            forms.show(form, error.errors)
            return _page(board, None, step, form), 422
        flash("草稿已保存，可随时离开，回到“我的发布”继续。", "success")
        following = steps_of(board)[1].key
        return redirect(url_for("boards.edit", code=listing.code, step_key=following), 303)
    return _page(board, None, step, form)


@blueprint.get("/listings/<code>/edit/<step_key>")
@blueprint.post("/listings/<code>/edit/<step_key>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def edit(code: str, step_key: str) -> str | tuple[str, int] | Response | FlaskResponse:
    """One step of one's own listing."""
    session, who = db(), actor()
    listing = queries.owned(session, code, who)
    step = _step(listing.board, step_key)
    fields = step_fields(listing.board, step)
    if listing.state not in EDITABLE:
        raise Conflict("当前状态下不能修改。审核中的内容请先“取回修改”。")
    form = forms.make(fields, storage.read(listing))
    if request.method == "GET":
        return _page(listing.board, listing, step, form)
    quiet = request.headers.get("X-Requested-With") == AUTOSAVE
    if forms.change_rows(form, request.form.get("add_row"), request.form.get("remove_row")):
        return _page(listing.board, listing, step, form)
    try:
        _guard_version(listing)
        _save(listing, forms.values(form, fields))
    except Invalid as error:
        if quiet:
            return jsonify(errors=error.errors), 422  # type: ignore[return-value]
        forms.show(form, error.errors)
        return _page(listing.board, listing, step, form), 422
    if quiet:
        session.flush()
        return jsonify(
            saved_at=clock.to_beijing(clock.now()).strftime("%H:%M"),
            version=listing.version,
            completeness=progress(listing, storage.read(listing)),
        )
    return redirect(_next(listing, step), 303)


def _guard_version(listing: Listing) -> None:
    seen = request.form.get("version", "")
    if seen and seen != str(listing.version):
        raise Invalid(
            {
                "": "在您编辑期间，同事修改了这份内容。下面是您输入的内容，尚未保存；"
                "请另开页面核对最新版本，再决定是否保存。"
            }
        )


def _save(listing: Listing, values: dict[str, object]) -> None:
    changed = services.change(db(), actor(), listing, values)
    if changed and listing.state is ListingState.PUBLISHED:
        services.save_and_reindex(db(), platform().discovery, listing)


def _next(listing: Listing, step: Step) -> str:
    if "save" in request.form:
        return url_for("boards.listing", code=listing.code)
    steps = steps_of(listing.board)
    position = steps.index(step) + 1
    if position < len(steps) and "check" not in request.form:
        return url_for("boards.edit", code=listing.code, step_key=steps[position].key)
    return url_for("boards.check_answers", code=listing.code)


def _step(board: Board, key: str) -> Step:
    for step in steps_of(board):
        if step.key == key:
            return step
    raise NotFound("没有这一步，请从“我的发布”继续编辑。")


def _page(board: Board, listing: Listing | None, step: Step, form: Form) -> str:
    steps = steps_of(board)
    here = steps.index(step)
    values = storage.read(listing) if listing else {}
    marks = [
        {
            "label": each.label,
            "state": "current"
            if each is step
            else ("done" if _is_done(board, each, values) else "todo"),
            "url": url_for("boards.edit", code=listing.code, step_key=each.key)
            if listing
            else None,
        }
        for each in steps
    ]
    meter = None
    if listing is not None:
        meter = progress(listing, values)
    return render_template(
        "boards/edit.html",
        board=board,
        listing=listing,
        step=step,
        fields=step_fields(board, step),
        form=form,
        marks=marks,
        first=here == 0,
        last=here == len(steps) - 1,
        completeness=meter,
        advice=panel(board, listing, {**values, **forms.readable(form, step_fields(board, step))}),
        advice_url=url_for("boards.advice", code=listing.code, step_key=step.key)
        if listing
        else url_for("boards.advice_new", board_name=board.value),
        chains=CHAINS,
        regions=REGIONS,
    )


def _is_done(board: Board, step: Step, values: dict[str, object]) -> bool:
    """Whether a step holds something and nothing that submitting asks for is missing on it."""
    fields = step_fields(board, step)
    return any(is_filled(field, values.get(field.name)) for field in fields) and not check(
        fields, values, complete=True
    )


@blueprint.get("/listings/<code>/check")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def check_answers(code: str) -> str:
    """Everything once more before it is submitted, with what is missing."""
    session, who = db(), actor()
    listing = queries.owned(session, code, who)
    values = storage.read(listing)
    fields = fields_of(listing.board)
    editable = listing.state in EDITABLE
    groups = []
    for step in steps_of(listing.board):
        rows = [
            (field.label, _answer(field, values), link(listing, field.name) if editable else None)
            for field in step_fields(listing.board, step)
        ]
        groups.append((step.label, rows))
    errors = check(fields, values, complete=True)
    action = "propose" if who.seat is not None and who.seat.must_ask else "submit"
    by_name = {field.name: field for field in fields}
    return render_template(
        "boards/check.html",
        listing=listing,
        groups=groups,
        errors=[(by_name[n].label, text, link(listing, n)) for n, text in errors.items() if n],
        completeness=progress(listing, values),
        advice=panel(listing.board, listing, values),
        seat=who.seat,
        action=action,
        refusal=LISTING.refusal(action, listing, who),
        endorsing=listing.state is ListingState.ENDORSING,
        endorses=LISTING.refusal("endorse", listing, who) is None,
        submitted=listing.state is ListingState.SUBMITTED,
    )


def _answer(field: Field, values: dict[str, object]) -> str | None:
    """The answer in words; None when one is missing that is needed, "" when it may be."""
    text = display(field, values.get(field.name))
    if field.type is FieldType.FLAG:
        return text
    if not text and field.required:
        return None
    return f"{text}（不公开）" if text and field.protected else text
