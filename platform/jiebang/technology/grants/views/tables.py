"""All tables of grant rules; a new one, typed into the form or loaded from a file."""

from __future__ import annotations

import json

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, access, actor, db

from .. import forms, queries, services
from ..compute import Outcome
from ..services import FILE_LIMIT
from .blueprint import MANAGE, blueprint
from .typed import drawn, pasted, tried, values


@blueprint.get("/operations/grants")
@access(Level.PERMISSION, MANAGE)
def index() -> str:
    """All tables."""
    return _index({})


def _index(errors: dict[str, str]) -> str:
    today = clock.today()
    rows = [(each, each.on(today)) for each in queries.tables(db())]
    return render_template("grants/index.html", rows=rows, errors=errors)


@blueprint.post("/operations/grants")
@access(Level.PERMISSION, MANAGE)
def load() -> str | tuple[str, int] | Answer:
    """A new table from a file; it is off, and nobody has compared it yet."""
    session = db()
    chosen = request.files.get("file")
    data = chosen.stream.read(FILE_LIMIT + 1) if chosen is not None and chosen.filename else b""
    try:
        if not data:
            raise Invalid({"file": "请选择一个 JSON 文件。"})
        found = services.load_file(session, actor(), data)
    except Invalid as error:
        session.rollback()
        return _index(error.errors), 422
    flash("规则表已载入，默认关闭、未核对。", "success")
    return redirect(url_for("grants.table", table_id=found.id), 303)


@blueprint.get("/operations/grants/new")
@access(Level.PERMISSION, MANAGE)
def new() -> str:
    """The form of a new table."""
    return _new({"rounding": "down", "valid_from": clock.today().isoformat()}, {})


def _new(
    typed: dict[str, str], errors: dict[str, str], outcome: Outcome | None = None, focus: str = ""
) -> str:
    return render_template(
        "grants/new.html", typed=typed, errors=errors, outcome=outcome, today=clock.today(),
        **drawn(typed, focus),
    )  # fmt: skip


@blueprint.post("/operations/grants/new")
@access(Level.PERMISSION, MANAGE)
def add() -> str | tuple[str, int] | Answer:
    """Saves it, off; adding a row or trying it out only draws the form again."""
    session, form = db(), dict(request.form)
    if "add_row" in form or "remove_row" in form:
        focus = forms.move_rows(form)
        return _new(form, {}, focus=focus)
    try:
        if "fill" in form:
            return _new(pasted(form), {})
        if "save" not in form:
            return _new(form, {}, tried(form))
        found = services.add_table(
            session, actor(), form.get("key", "").strip(), form.get("place", ""),
            form.get("programme", ""), values(form),
        )  # fmt: skip
    except Invalid as error:
        session.rollback()
        return _new(form, error.errors), 422
    flash("规则表已建立，默认关闭。", "success")
    return redirect(url_for("grants.table", table_id=found.id), 303)


@blueprint.get("/operations/grants/<int:table_id>/export")
@access(Level.PERMISSION, MANAGE)
def export(table_id: int) -> Answer:
    """The version of today as the JSON file that can be loaded elsewhere; unverified there."""
    found = queries.table(db(), table_id)
    version = found.on(clock.today()) or found.versions[0]
    row = {
        "key": found.key, "place": found.place, "programme": found.programme,
        "source": version.source, "valid_from": version.valid_from.isoformat(),
        "valid_to": version.valid_to.isoformat() if version.valid_to else None,
        "verified": version.verified, "rules": version.rules,
    }  # fmt: skip
    response = make_response(json.dumps(row, ensure_ascii=False, indent=2))
    response.mimetype = "application/json"
    response.headers["Content-Disposition"] = (
        f'attachment; filename="grant-{found.key}-v{version.number}.json"'
    )
    return response
