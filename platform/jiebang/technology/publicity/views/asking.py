"""A party asks for a publicity by its own rule, such as 协议定价."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses.models import Response
from jiebang.core.errors import Invalid
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import services
from .blueprint import blueprint

SUGGESTED = "本单位科技成果协议定价公示"


@blueprint.get("/agreements/<int:agreement_id>/publicity")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def ask(agreement_id: int) -> str:
    """What it means, and the ground it stands on."""
    return _ask(agreements.agreement(db(), agreement_id, actor()), {}, {"ground": SUGGESTED})


@blueprint.post("/agreements/<int:agreement_id>/publicity")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def start(agreement_id: int) -> str | tuple[str, int] | Answer:
    """Begins it."""
    session, who, form = db(), actor(), request.form
    found = agreements.agreement(session, agreement_id, who, lock=True)
    try:
        made = services.request(session, who, found, form.get("ground", ""))
    except Invalid as error:
        return _ask(found, error.errors, dict(form)), 422
    flash("公示已开始，双方都会收到通知。", "success")
    return redirect(url_for("publicity.publicity", publicity_id=made.id), 303)


def _ask(found: Agreement, errors: dict[str, str], typed: dict[str, str]) -> str:
    rules = responses.rules_of(db(), db().get_one(Response, found.response_id))
    return render_template(
        "publicity/ask.html",
        agreement=found,
        listing=found.listing,
        days=rules.publicity_days,
        errors=errors,
        typed=typed,
    )
