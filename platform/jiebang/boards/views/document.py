"""A description that exists already: read, shown side by side, taken over only where ticked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.core import uploads
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.throttle import throttle
from jiebang.web.wtf import Form

from .. import forms, queries, services, storage
from ..fields import Field, fields_of
from ..fields.steps import steps_of
from ..fields.values import display
from ..intake import reading
from ..intake.propose import Proposals, propose
from ..models import Listing
from ..workflow import EDITABLE, ListingState
from .blueprint import blueprint

PER_HOUR = 30
"""Files read for one organisation."""


def _board(name: str) -> Board:
    if name not in {board.value for board in Board}:
        raise NotFound("没有这个榜单，请从“发布”页选择。")
    return Board(name)


def _editable(code: str) -> Listing:
    listing = queries.owned(db(), code, actor())
    if listing.state not in EDITABLE:
        raise Conflict("当前状态下不能修改。审核中的内容请先“取回修改”。")
    return listing


@blueprint.get("/listings/new/<board_name>/document")
@access(Level.MEMBER)
def document_new(board_name: str) -> str:
    """Choose a file from which a new draft is made."""
    return _choose(_board(board_name), None)


@blueprint.post("/listings/new/<board_name>/document")
@access(Level.MEMBER, writes=False)
def read_new(board_name: str) -> str | tuple[str, int]:
    """Reads the file and keeps nothing of it."""
    board = _board(board_name)
    _throttle()
    return _read(board, None)


@blueprint.post("/listings/new/<board_name>/document/take")
@access(Level.MEMBER)
def take_new(board_name: str) -> str | tuple[str, int] | Response:
    """Makes a draft of what was ticked."""
    return _take(_board(board_name), None)


@blueprint.get("/listings/<code>/document")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def document(code: str) -> str:
    """Choose a file that says more about one's own listing."""
    listing = _editable(code)
    return _choose(listing.board, listing)


@blueprint.post("/listings/<code>/document")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=False)
def read_document(code: str) -> str | tuple[str, int]:
    """Reads the file and keeps nothing of it."""
    _throttle()
    listing = _editable(code)
    return _read(listing.board, listing)


@blueprint.post("/listings/<code>/document/take")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def take_document(code: str) -> str | tuple[str, int] | Response:
    """Takes over what was ticked, as it was corrected."""
    listing = _editable(code)
    return _take(listing.board, listing)


def _throttle() -> None:
    seat = actor().seat
    assert seat is not None
    throttle("document", PER_HOUR, timedelta(hours=1), f"organisation:{seat.organisation_id}")


def _choose(board: Board, listing: Listing | None, problem: str = "") -> str:
    return render_template(
        "boards/document.html",
        board=board,
        listing=listing,
        problem=problem,
        accept=uploads.accept_of(reading.READABLE),
        megabytes=platform().settings.upload_limit // (1024 * 1024),
        action=_address("read_document", "read_new", board, listing),
        back=_back(board, listing),
    )


def _address(own: str, new: str, board: Board, listing: Listing | None) -> str:
    if listing is not None:
        return url_for(f"boards.{own}", code=listing.code)
    return url_for(f"boards.{new}", board_name=board.value)


def _back(board: Board, listing: Listing | None) -> str:
    if listing is not None:
        return url_for("boards.listing", code=listing.code)
    return url_for("boards.new", board_name=board.value)


def _read(board: Board, listing: Listing | None) -> str | tuple[str, int]:
    if not actor().acts_in(board.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    chosen = request.files.get("file")
    try:
        if chosen is None or not chosen.filename:
            raise Invalid({"file": "请先选择文件。"})
        limit = platform().settings.upload_limit
        found = reading.read(chosen.stream.read(limit + 1), chosen.filename, limit=limit)
    except Invalid as error:
        return _choose(board, listing, error.errors["file"]), 422
    current = storage.read(listing) if listing is not None else {}
    proposals = propose(board, found.blocks, current)
    if not proposals.found:
        problem = "文件读出来了，但没有看到能放进栏目的新内容。请在下面的步骤里直接填写。"
        return _choose(board, listing, problem), 422
    if found.cut:
        proposals.notes.append("文件很长，只读了前面的部分。")
    fields = tuple(each.field for each in proposals.found)
    values = {each.field.name: each.value for each in proposals.found}
    form = forms.make(fields, values, fresh=True)
    rows = {each.field.name: (each.quote, each.note) for each in proposals.found}
    return _review(board, listing, form, fields, rows, set(), proposals)


def _review(
    board: Board,
    listing: Listing | None,
    form: Form,
    fields: tuple[Field, ...],
    rows: dict[str, tuple[str, str]],
    ticked: set[str],
    proposals: Proposals | None = None,
) -> str:
    current = storage.read(listing) if listing is not None else {}
    return render_template(
        "boards/document_review.html",
        board=board,
        listing=listing,
        form=form,
        items=[
            {
                "field": field,
                "now": display(field, current.get(field.name)),
                "quote": rows.get(field.name, ("", ""))[0],
                "note": rows.get(field.name, ("", ""))[1],
                "ticked": field.name in ticked,
            }
            for field in fields
        ],
        notes=proposals.notes if proposals else [],
        rest=proposals.rest if proposals else "",
        action=_address("take_document", "take_new", board, listing),
        back=_back(board, listing),
        published=listing is not None and listing.state is ListingState.PUBLISHED,
    )


def _take(board: Board, listing: Listing | None) -> str | tuple[str, int] | Response:
    proposed, ticked = set(request.form.getlist("proposed")), set(request.form.getlist("take"))
    fields = tuple(field for field in fields_of(board) if field.name in proposed)
    form = forms.make(fields, {})
    quotes = {field.name: (request.form.get(f"quote-{field.name}", ""), "") for field in fields}
    if forms.change_rows(form, request.form.get("add_row"), request.form.get("remove_row")):
        return _review(board, listing, form, fields, quotes, ticked)
    taken = tuple(field for field in fields if field.name in ticked)
    try:
        if not taken:
            raise Invalid({"": "还没有勾选要采用的栏目；一项也不要的话，直接返回即可。"})
        values = forms.values(form, taken)
        code = _keep(board, listing, values)
    except Invalid as error:
        db().rollback()
        forms.show(form, error.errors)
        return _review(board, listing, form, fields, quotes, ticked), 422
    flash(f"已采用 {len(taken)} 项，请逐步核对。", "success")
    step = steps_of(board)[0].key
    return redirect(url_for("boards.edit", code=code, step_key=step), 303)


def _keep(board: Board, listing: Listing | None, values: dict[str, Any]) -> str:
    session, who = db(), actor()
    if listing is None:
        start = {"disclosure": "public"}
        if board is Board.NEED:
            start |= {"track": "market", "need_kind": "research"}
        return services.create(session, who, board, {**start, **values}).code
    if services.change(session, who, listing, values) and listing.state is ListingState.PUBLISHED:
        services.save_and_reindex(session, platform().discovery, listing)
    return listing.code
