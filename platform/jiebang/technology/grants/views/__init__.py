"""奖补规则: the tables, their versions, a preview on one's own numbers, and the switch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.money import parse_money
from jiebang.core.permissions import Permission
from jiebang.web import navigation
from jiebang.web.access import Level, access, actor, db
from jiebang.web.navigation import Entry

from .. import queries, services
from ..compute import Outcome, compute
from ..models import GrantTable
from ..rules import INPUT_LABELS, Input, parse
from ..services import FILE_LIMIT, Values
from ..words import sentences

blueprint = Blueprint("grants", __name__, template_folder="../templates")
MANAGE = Permission.GRANTS_MANAGE
RULES_LIMIT = 20_000
"""Characters of a table as it is typed."""


def register(app: Flask) -> None:
    """Adds the routes and the menu entry."""
    app.register_blueprint(blueprint)
    navigation.add(
        app, Entry(66, "奖补规则", "grants.index", lambda who: who.can(MANAGE), group="管理")
    )


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


@blueprint.get("/operations/grants/<int:table_id>")
@access(Level.PERMISSION, MANAGE)
def table(table_id: int) -> str:
    """One table: what it says, a preview, its versions, the switch, the editor."""
    return _page(queries.table(db(), table_id), {}, {})


def _page(
    found: GrantTable,
    typed: Mapping[str, str],
    errors: dict[str, str],
    outcome: Outcome | None = None,
    failed: str = "",
) -> str:
    current = found.on(clock.today()) or (found.versions[0] if found.versions else None)
    rules = current.parsed() if current is not None else None
    body = json.dumps(current.rules, ensure_ascii=False, indent=2) if current else "{}"
    return render_template(
        "grants/table.html",
        table=found,
        current=current,
        says=sentences(rules) if rules else [],
        versions=[(each, sentences(each.parsed())) for each in found.versions],
        inputs=list(Input),
        input_labels=INPUT_LABELS,
        needed=rules.inputs if rules else (),
        body=typed.get("rules", body),
        typed=typed,
        errors=errors,
        outcome=outcome,
        failed=failed,
        today=clock.today(),
    )


@blueprint.post("/operations/grants/<int:table_id>/preview")
@access(Level.PERMISSION, MANAGE)
def preview(table_id: int) -> str | tuple[str, int]:
    """What the rules as typed grant for one's own numbers; nothing is saved."""
    found, form = queries.table(db(), table_id), dict(request.form)
    try:
        rules = parse(_body(form.get("rules", "")))
        outcome = compute(rules, _inputs(form, rules.inputs))
    except Invalid as error:
        return _page(found, form, error.errors, failed="preview"), 422
    return _page(found, form, {}, outcome)


@blueprint.post("/operations/grants/<int:table_id>/versions")
@access(Level.PERMISSION, MANAGE)
def add_version(table_id: int) -> str | tuple[str, int] | Answer:
    """Another version, from its day on."""
    session, form = db(), dict(request.form)
    found = queries.table(session, table_id, lock=True)
    errors: dict[str, str] = {}
    days = {name: _day(form, name, errors) for name in ("valid_from", "valid_to")}
    try:
        body = _body(form.get("rules", ""))
        if errors:
            raise Invalid(errors)
        services.add_version(
            session, actor(), found,
            Values(form.get("source", ""), days["valid_from"], days["valid_to"],
                   form.get("verified") == "1", body),
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        session.rollback()
        told = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(queries.table(session, table_id), form, told, failed="version"), error.status
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
        return _page(queries.table(session, table_id), form, told, failed="switch"), error.status
    flash("已启用。" if name == "on" else "已停用。", "success")
    return redirect(url_for("grants.table", table_id=table_id), 303)


def _body(text: str) -> Any:
    if len(text) > RULES_LIMIT:
        raise Invalid({"rules": f"规则最多 {RULES_LIMIT} 字。"})
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f"（第 {error.lineno} 行）" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid({"rules": f"规则不是完整的 JSON{place}，请检查逗号、引号和括号。"}) from error


def _day(form: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        errors[name] = "请填写日期，例如 2026-11-28。"
        return None


def _inputs(form: Mapping[str, str], wanted: tuple[Input, ...]) -> dict[Input, int]:
    found: dict[Input, int] = {}
    errors: dict[str, str] = {}
    for each in wanted:
        text = form.get(each.value, "").strip()
        if not text:
            continue  # said by the rules themselves
        try:
            if each is Input.MONTHS:
                found[each] = int(text) if text.isascii() and len(text) < 6 else -1
            else:
                asked = parse_money(text)
                if asked.low is None or asked.low != asked.high:
                    raise ValueError("请填一个金额，例如 500万元")
                found[each] = asked.low
        except ValueError as error:
            errors[each.value] = f"{INPUT_LABELS[each]}：{error}。".replace("。。", "。")
    if errors:
        raise Invalid(errors)
    return found
