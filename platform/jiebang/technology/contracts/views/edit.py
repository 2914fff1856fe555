"""Editing an agreement: one form for everything, each save a version."""

from __future__ import annotations

import re

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.stages import role
from jiebang.boards.agreements.workflow import AGREEMENT, AgreementState
from jiebang.core.errors import Conflict
from jiebang.web.access import Level, Tenancy, access, actor, db

from ..forms import LIMITS, MOST_ROWS, ROWS, flat, read, rows, share_out
from ..joint import drawn, is_joint
from ..kinds import library
from .blueprint import blueprint


@blueprint.get("/agreements/<int:agreement_id>/edit")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def edit(agreement_id: int) -> str:
    """The newest version in a form."""
    found = queries.agreement(db(), agreement_id, actor())
    if refusal := AGREEMENT.refusal("edit", found, actor()):
        raise refusal
    return _form(found, flat(found.newest.content), {}, found.number)


@blueprint.post("/agreements/<int:agreement_id>/edit")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def save(agreement_id: int) -> str | tuple[str, int] | Answer:
    """Saves a version; adding or removing a row only draws the form again."""
    session, who, typed = db(), actor(), dict(request.form)
    text = typed.get("base", "")
    base = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    found = queries.agreement(session, agreement_id, who, lock=True)
    if refusal := AGREEMENT.refusal("edit", found, who):
        raise refusal
    if "add_row" in typed or "remove_row" in typed:
        _move_rows(typed)
        return _form(found, typed, {}, base)
    if "share_out" in typed:
        errors = share_out(found.newest.content, typed) if is_joint(found.newest.content) else {}
        return _form(found, typed, errors, base), 422 if errors else 200
    content, errors = read(found, found.newest.content, typed)
    if errors:
        return _form(found, typed, errors, base), 422
    try:
        new = services.save(session, who, found, base, content)
    except Conflict as error:
        return _form(found, typed, {"": error.message}, found.number), error.status
    if "hand_over" in typed:
        services.hand_over(session, who, found)
        flash("已保存并交对方，对方会收到通知。", "success")
    else:
        flash(f"已保存为第 {found.number} 版。" if new else "内容没有变化。", "success")
    return redirect(url_for("contracts.agreement", agreement_id=agreement_id), 303)


def _move_rows(typed: dict[str, str]) -> None:
    """Answers the two buttons of a small table, for those without a script."""
    name = typed.pop("add_row", "")
    if name in ROWS:
        number = max(rows(typed, name), default=-1) + 1
        if len(rows(typed, name)) < MOST_ROWS[name]:
            for key in ROWS[name]:
                typed[f"{name}-{number}-{key}"] = ""
    gone = typed.pop("remove_row", "")
    if re.fullmatch(r"[a-z]+-[0-9]{1,3}", gone):
        for key in [key for key in typed if key.startswith(f"{gone}-")]:
            del typed[key]


def _form(found: Agreement, typed: dict[str, str], errors: dict[str, str], base: int) -> str:
    content = found.newest.content
    return render_template(
        "contracts/edit.html",
        agreement=found,
        listing=found.listing,
        kinds=library().kinds,
        source=library(),
        parties=[
            {"position": each["position"], "role": role(each["position"]), "name": each["name"]}
            for each in content["parties"]
        ],
        split=drawn(content) if is_joint(content) else [],
        signed=bool(content.get("signed")),
        numbers={name: rows(typed, name) for name in ROWS},
        most=MOST_ROWS,
        limits=LIMITS,
        typed=typed,
        errors=errors,
        base=base,
        confirming=found.state is AgreementState.CONFIRMING,
    )
