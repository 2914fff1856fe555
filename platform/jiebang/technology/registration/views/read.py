"""技术合同认定登记: where it stands, the seller's next step, the form's fields to copy."""

from __future__ import annotations

from datetime import date

from flask import flash, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from jiebang.boards.agreements.models import Agreement
from jiebang.core import audit, clock
from jiebang.core.errors import Invalid
from jiebang.core.money import parse_money
from jiebang.core.permissions import Actor
from jiebang.core.uploads import MEDIA_TYPES, Kind
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import export, queries, services
from ..models import Registration
from ..rules import rule_on
from ..services import NEEDS_REASON, Said
from ..workflow import AT_OFFICE, REGISTRATION, STATE_LABELS, STATE_TONES, RegistrationState
from .blueprint import blueprint

S = RegistrationState
STEPS = "file,skip,accept,supplement,resubmit,approve,refuse"


def beside(session: Session, agreement: Agreement, who: Actor) -> Markup | str:
    """Beside an agreement, once it is agreed."""
    found = queries.of(session, agreement)
    if found is None:
        return ""
    return Markup(  # noqa: S704
        render_template(
            "registration/beside.html",
            registration=found,
            state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
            seller=bool(found.sides_of(who)),
        )
    )


@blueprint.get("/agreements/<int:agreement_id>/registration")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def registration(agreement_id: int) -> str:
    """Where it stands and what comes next."""
    return _page(queries.registration(db(), agreement_id, actor()), "", {}, {})


@blueprint.post(f"/agreements/<int:agreement_id>/registration/<any({STEPS}):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def step(agreement_id: int, name: str) -> str | tuple[str, int] | Answer:
    """One step of the seller's."""
    session, who, typed = db(), actor(), dict(request.form)
    found = queries.registration(session, agreement_id, who, lock=True)
    if refusal := REGISTRATION.refusal(name, found, who):
        raise refusal
    said, errors = _said(typed)
    if errors:
        return _page(found, name, errors, typed), 422
    try:
        services.step(session, who, found, name, said)
    except Invalid as error:
        return _page(found, name, error.errors, typed), 422
    flash("已记录，已通知对方。", "success")
    return redirect(url_for("registration.registration", agreement_id=agreement_id), 303)


def _said(typed: dict[str, str]) -> tuple[Said, dict[str, str]]:
    errors: dict[str, str] = {}
    day: date | None = None
    amounts: dict[str, int | None] = {"contract_amount": None, "technology_amount": None}
    if typed.get("day", "").strip():
        try:
            day = date.fromisoformat(typed["day"].strip())
        except ValueError:
            errors["day"] = "日期请写成 2026-12-31 的样子。"
    for key in amounts:
        text = typed.get(key, "").strip()
        if not text:
            continue
        try:
            read = parse_money(text)
            if read.low is None or read.low != read.high:
                raise ValueError("请填一个金额，例如 80万元")
            amounts[key] = read.low
        except ValueError as error:
            errors[key] = f"{error}。".replace("。。", "。")
    said = Said(
        day, typed.get("reason", ""), typed.get("office", ""), typed.get("disputed") == "1",
        typed.get("number", ""), amounts["contract_amount"], amounts["technology_amount"],
    )  # fmt: skip
    return said, errors


@blueprint.get("/agreements/<int:agreement_id>/registration.xlsx")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=True)
def sheet(agreement_id: int) -> Answer:
    """The form's fields; that somebody took them is written down."""
    session, who = db(), actor()
    found = queries.registration(session, agreement_id, who)
    audit.record(
        session, who, "registration.exported", "registration", found.id,
        organisation_id=who.organisation_id,
    )  # fmt: skip
    response = make_response(export.workbook(session, found))
    response.mimetype = MEDIA_TYPES[Kind.XLSX]
    name = f"registration-{found.agreement.listing.code}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(found: Registration, name: str, errors: dict[str, str], typed: dict[str, str]) -> str:
    session, who = db(), actor()
    may = REGISTRATION.open_to(found, who)
    rule = rule_on(found.filed_on or clock.today())
    overdue = found.due is not None and found.due < clock.today()
    at_office = found.state in AT_OFFICE
    return render_template(
        "registration/registration.html",
        registration=found,
        agreement=found.agreement,
        listing=found.agreement.listing,
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        stages=_stages(found),
        holder="登记机构" if at_office else "卖方",
        until=(clock.day_text(found.due) + ("（已过）" if overdue else "")) if found.due else "",
        overdue=overdue,
        following="按意见补正后重新提交"
        if not at_office
        else "受理、要求补正、认定或不予登记；结果由卖方记下",
        steps=[
            {"name": each.name, "label": each.label, "tone": each.tone,
             "reason": each.name in NEEDS_REASON}
            for each in may
        ],
        seller=bool(found.sides_of(who)),
        rule=rule,
        limit=rule.limit(found.agreement.total, disputed=found.disputed),
        today=clock.today().isoformat(),
        chosen=name,
        fields=export.fields(session, found),
        events=[
            {"time_text": clock.moment_text(each.at), "title": each.label, "text": each.reason}
            for each in queries.events(session, found.id)
        ],
        errors=errors,
        typed=typed,
    )  # fmt: skip


def _stages(found: Registration) -> list[dict[str, str]]:
    def day(value: date | None) -> str:
        return clock.day_text(value) if value else ""

    done = found.state in (S.APPROVED, S.REFUSED)
    stopped = found.state is S.NOT_NEEDED
    accepted = found.state in (S.ACCEPTED, S.SUPPLEMENT) or done

    def mark(is_done: bool, current: bool) -> str:
        return "done" if is_done else "stopped" if stopped else "current" if current else "todo"

    return [
        {"label": "提交", "state": mark(found.state not in (S.OPEN, S.NOT_NEEDED),
                                      found.state is S.OPEN), "date_text": day(found.filed_on)},
        {"label": "受理", "state": mark(accepted, found.state is S.FILED),
         "date_text": day(found.accepted_on)},
        {"label": "未予登记" if found.state is S.REFUSED else "认定登记",
         "state": "stopped" if found.state is S.REFUSED else mark(done, accepted),
         "date_text": day(found.decided_on),
         "note": "需补正" if found.state is S.SUPPLEMENT else ""},
    ]  # fmt: skip
