"""What was filled in, as the organisation reads it; its word, or what is wrong with it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from jiebang.accounts.models import User
from jiebang.boards import storage
from jiebang.boards.fields import FieldType
from jiebang.boards.fields.steps import step_fields, steps_of
from jiebang.boards.fields.values import display
from jiebang.boards.responses.models import Verdict
from jiebang.boards.responses.services.filing import LABELS
from jiebang.boards.responses.views.write import VERDICTS
from jiebang.core import clock
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.sides import HOLDER_LABELS, Holder
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.filters import money_cn

from .. import queries, services
from ..models import Filling, FillingKind
from ..workflow import FILLING, FIRM, STATE_LABELS, STATE_TONES
from .blueprint import blueprint


@blueprint.get("/fillings/<int:filling_id>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def filling(filling_id: int) -> str:
    """For the organisation and for its specialist."""
    return _page(queries.filling(db(), filling_id, actor()), {}, "")


@blueprint.post("/fillings/<int:filling_id>/<any(confirm,refuse,withdraw):name>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def act(filling_id: int, name: str) -> str | tuple[str, int] | Answer:
    """Confirms, refuses with a reason, or takes back."""
    session, who = db(), actor()
    found = queries.filling(session, filling_id, who, lock=True)
    reason = request.form.get("reason", "")
    try:
        if name == "confirm":
            services.confirm(session, who, found)
        elif name == "refuse":
            services.refuse(session, who, found, reason)
        else:
            services.withdraw(session, who, found)
    except (Invalid, Conflict) as error:
        if isinstance(error, Conflict) and FILLING.refusal(name, found, who) is not None:
            raise
        errors = error.errors if isinstance(error, Invalid) else {"": error.message}
        return _page(found, errors, reason), error.status
    if name == "confirm":
        session.flush()
        return _made(found)
    if name == "refuse":
        flash("已退回专员，对方会看到您写的原因。", "success")
        return redirect(url_for("filling.filling", filling_id=found.id), 303)
    flash("已撤回。", "success")
    return redirect(url_for("brokering.organisation", organisation_id=found.organisation_id), 303)


def _made(found: Filling) -> Answer:
    if found.listing is not None:
        flash("已确认，成为本单位的草稿；请核对后提交，提交才会送给发榜方。", "success")
        return redirect(url_for("responses.edit", response_id=found.made_response_id), 303)
    flash("已确认，成为本单位的草稿；请核对后提交审核。", "success")
    code = services.made_code(db(), found)
    return redirect(url_for("boards.check_answers", code=code), 303)


def _page(found: Filling, errors: dict[str, str], reason: str) -> str:
    session, who = db(), actor()
    firm = FIRM in found.sides_of(who)
    author = session.get_one(User, found.author_id)
    overdue = found.due is not None and found.due < clock.today()
    made = services.made_code(session, found) if found.made_listing_id else ""
    holder = ""
    if found.holder is not None:
        mine = (found.holder is Holder.RESPONDER) is firm
        holder = "您" if mine and not firm else "本单位" if mine else "单位"
        if not mine and found.holder is not Holder.RESPONDER:
            holder = HOLDER_LABELS[found.holder]
    return render_template(
        "filling/filling.html",
        found=found,
        firm=firm,
        organisation=session.get_one(Organisation, found.organisation_id),
        author=author.display_name,
        is_listing=found.kind is FillingKind.LISTING,
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        holder=holder,
        until=f"{clock.day_text(found.due)}{'（逾期未答复）' if overdue else ''}"
        if found.due
        else "",
        overdue=overdue,
        may={t.name for t in FILLING.open_to(found, who)},
        groups=_groups(found) if found.kind is FillingKind.LISTING else [],
        offer=_offer(found) if found.kind is FillingKind.RESPONSE else None,
        made=made,
        errors=errors,
        reason=reason,
    )


def _groups(found: Filling) -> list[tuple[str, list[dict[str, Any]]]]:
    values = storage.from_json(found.board, found.values)
    groups = []
    for step in steps_of(found.board):
        rows: list[dict[str, Any]] = []
        for field in step_fields(found.board, step):
            value = values.get(field.name)
            table = list(value or []) if field.type is FieldType.ROWS else []
            text = "" if field.type is FieldType.ROWS else display(field, value)
            if table or text:
                rows.append({"field": field, "rows": table, "text": text})
        if rows:
            groups.append((step.label, rows))
    return groups


def _offer(found: Filling) -> dict[str, Any]:
    kept = found.values
    budget = kept["budget"]
    return {
        "answers": [
            {**each, "verdict": VERDICTS[Verdict(each["verdict"])] if each["verdict"] else "未答复"}
            for each in kept["answers"]
        ],
        "budget": "—" if budget is None else money_cn(budget) if budget else "面议",
        "texts": [(LABELS[name], text) for name, text in kept["texts"].items() if text],
    }
