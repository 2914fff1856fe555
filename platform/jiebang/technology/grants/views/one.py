"""One table: what it says, its rules in a form, a preview, its versions, the switch."""

from __future__ import annotations

import json

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid
from jiebang.web.access import Level, access, actor, db

from .. import forms, queries, services
from ..compute import Outcome
from ..models import GrantTable
from ..words import sentences
from .blueprint import MANAGE, blueprint
from .typed import drawn, pasted, tried, values


@blueprint.get("/operations/grants/<int:table_id>")
@access(Level.PERMISSION, MANAGE)
def table(table_id: int) -> str:
    """One table: what it says, the form, a preview, its versions, the switch."""
    return _page(queries.table(db(), table_id), None, {})


def _page(
    found: GrantTable,
    form: dict[str, str] | None,
    errors: dict[str, str],
    outcome: Outcome | None = None,
    focus: str = "",
) -> str:
    """`form`: what was typed; None: the version of today."""
    current = found.on(clock.today()) or (found.versions[0] if found.versions else None)
    rules = current.parsed() if current is not None else None
    typed = form or {}
    if not any(forms.of_rules(key) for key in typed):
        # the switch has no rules in its form: the version of today stands beside it
        typed = {**(forms.flat(current.rules) if current else {"rounding": "down"}), **typed}
    text = json.dumps(current.rules, ensure_ascii=False, indent=2) if current else "{}"
    return render_template(
        "grants/table.html",
        table=found,
        current=current,
        says=sentences(rules) if rules else [],
        versions=[(each, sentences(each.parsed())) for each in found.versions],
        json=typed.get("json", text),
        typed=typed,
        errors=errors,
        outcome=outcome,
        today=clock.today(),
        **drawn(typed, focus),
    )


@blueprint.post("/operations/grants/<int:table_id>/preview")
@access(Level.PERMISSION, MANAGE)
def preview(table_id: int) -> str | tuple[str, int]:
    """What the rules as typed grant for one's own numbers; adding and removing rows. Nothing is
    saved. Rules pasted as JSON go into the form's fields."""
    found, form = queries.table(db(), table_id), dict(request.form)
    if "add_row" in form or "remove_row" in form:
        focus = forms.move_rows(form)
        return _page(found, form, {}, focus=focus)
    try:
        if "fill" in form:
            return _page(found, pasted(form), {})
        return _page(found, form, {}, tried(form))
    except Invalid as error:
        return _page(found, form, error.errors), 422


@blueprint.post("/operations/grants/<int:table_id>/versions")
@access(Level.PERMISSION, MANAGE)
def add_version(table_id: int) -> str | tuple[str, int] | Answer:
    """Another version, from its day on."""
    session, form = db(), dict(request.form)
    found = queries.table(session, table_id, lock=True)
    try:
        services.add_version(session, actor(), found, values(form))
    except (Invalid, Conflict) as error:
        session.rollback()
        told = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(queries.table(session, table_id), form, told), error.status
    flash("新版本已保存。", "success")
    return redirect(url_for("grants.table", table_id=table_id), 303)


@blueprint.post("/operations/grants/<int:table_id>/<any(on,off):name>")
@access(Level.PERMISSION, MANAGE)
def switch(table_id: int, name: str) -> str | tuple[str, int] | Answer:
    """Into use, or out of it."""
    session, form = db(), dict(request.form)
    found = queries.table(session, table_id, lock=True)
    try:
        services.switch(session, actor(), found, on=name == "on", reason=form.get("reason", ""))
    except (Invalid, Conflict) as error:
        session.rollback()
        told = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(queries.table(session, table_id), form, told), error.status
    flash("已启用。" if name == "on" else "已停用。", "success")
    return redirect(url_for("grants.table", table_id=table_id), 303)
