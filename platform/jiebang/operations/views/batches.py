"""Opening and changing batches, and putting a need into one while it is reviewed."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.batches import queries, services
from jiebang.boards.batches.models import LIST_TYPES, Batch
from jiebang.boards.batches.services import NAME_LIMIT, NOTE_LIMIT
from jiebang.boards.batches.views import standing
from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.core.permissions import Permission
from jiebang.web.access import Level, access, actor, db

from .blueprint import blueprint


@blueprint.get("/operations/batches")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def batches() -> str:
    """Every batch, and the form for a new one."""
    return _page({}, {})


@blueprint.post("/operations/batches")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def open_batch() -> str | tuple[str, int] | Response:
    """A new batch."""
    typed = dict(request.form)
    try:
        services.open_batch(db(), actor(), typed)
    except Invalid as error:
        return _page(typed, error.errors), 422
    flash("批次已开出，已在“揭榜批次”公布。", "success")
    return redirect(url_for("operations.batches"), 303)


@blueprint.get("/operations/batches/<int:batch_id>")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def batch(batch_id: int) -> str:
    """One batch to change or to extend."""
    found = queries.batch(db(), batch_id)
    return _one(found, _typed(found), {})


@blueprint.post("/operations/batches/<int:batch_id>")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def change_batch(batch_id: int) -> str | tuple[str, int] | Response:
    """Changes it."""
    found, typed = queries.batch(db(), batch_id, lock=True), dict(request.form)
    try:
        services.change_batch(db(), actor(), found, typed)
    except Invalid as error:
        return _one(found, typed, error.errors), 422
    flash("已保存；窗口有变的，发榜方会收到通知。", "success")
    return redirect(url_for("operations.batches"), 303)


@blueprint.post("/operations/review/<code>/batch")
@access(Level.PERMISSION, Permission.TRACKS_EDIT)
def put_in(code: str) -> Response:
    """A need into a batch."""
    session, text = db(), request.form.get("batch_id", "")
    listing = boards.for_review(session, code)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        flash("请先选择批次。", "error")
    else:
        found = queries.batch(session, int(text))
        services.put_in(session, actor(), listing, found)
        flash(f"已归入“{found.name}”，发榜方会收到通知。", "success")
    return redirect(url_for("operations.review", code=code), 303)


def _typed(found: Batch) -> dict[str, str]:
    return {
        "name": found.name,
        "list_type": found.list_type.value,
        "opens_at": clock.to_beijing(found.opens_at).strftime("%Y-%m-%dT%H:%M"),
        "closes_at": clock.to_beijing(found.closes_at).strftime("%Y-%m-%dT%H:%M"),
        "note": found.note,
    }


def _page(typed: dict[str, str], errors: dict[str, str]) -> str:
    rows = [
        (found, LIST_TYPES[found.list_type], standing(found)) for found in queries.all_batches(db())
    ]
    return render_template(
        "operations/batches.html", rows=rows, batch=None, types=LIST_TYPES, typed=typed,
        errors=errors, limits=(NAME_LIMIT, NOTE_LIMIT),
    )  # fmt: skip


def _one(found: Batch, typed: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "operations/batches.html", rows=[], batch=found, types=LIST_TYPES, typed=typed,
        errors=errors, limits=(NAME_LIMIT, NOTE_LIMIT),
    )  # fmt: skip
