"""Payments, money back, and grants."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as Answer

from jiebang.core.errors import Invalid
from jiebang.web.access import Level, Tenancy, access, actor, db

from ...grants.rules import INPUT_LABELS, Input
from .. import queries, services
from ..models import GrantPayment, ProjectInstalment, Recovery
from ..services.granting import asked_inputs, offers
from . import typed
from .acts import done
from .blueprint import blueprint


@blueprint.post("/projects/instalments/<int:instalment_id>/report")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def report(instalment_id: int) -> str | tuple[str, int] | Answer:
    """The client paid."""
    session, who = db(), actor()
    found = queries.part(session, ProjectInstalment, instalment_id, who)
    return done(
        found.project,
        f"instalment-{found.id}-report",
        lambda: services.paying.report(
            session, who, found, typed.money("amount"), typed.day("paid_on"),
            request.form.get("voucher", ""),
        ),
        "付款已登记，请等实施方确认收款。",
    )  # fmt: skip


@blueprint.post("/projects/instalments/<int:instalment_id>/<any(confirm,dispute):name>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def answer(instalment_id: int, name: str) -> str | tuple[str, int] | Answer:
    """The solver received it, or did not."""
    session, who = db(), actor()
    found = queries.part(session, ProjectInstalment, instalment_id, who)
    return done(
        found.project,
        f"instalment-{found.id}-{name}",
        lambda: services.paying.answer(session, who, found, name, request.form.get("reason", "")),
        "已办理，已通知对方。",
    )


@blueprint.post("/projects/<int:project_id>/recovery")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def claim(project_id: int) -> str | tuple[str, int] | Answer:
    """The client asks for money back."""
    session, who = db(), actor()
    found = queries.project(session, project_id, who, lock=True)
    return done(
        found,
        "project-claim",
        lambda: services.recovering.claim(
            session, who, found, typed.money("amount"), request.form.get("basis", "")
        ),
        "退款请求已发出，请等实施方答复。",
    )


@blueprint.post(
    "/projects/recoveries/<int:recovery_id>/<any(agree,refuse,drop,confirm,dispute):name>"
)
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def recover(recovery_id: int, name: str) -> str | tuple[str, int] | Answer:
    """What either side says about the money that goes back."""
    session, who = db(), actor()
    found = queries.part(session, Recovery, recovery_id, who)
    return done(
        found.project,
        f"recovery-{found.id}-{name}",
        lambda: services.recovering.answer(
            session, who, found, name, request.form.get("reason", "")
        ),
        "已办理，已通知对方。",
    )


@blueprint.post("/projects/recoveries/<int:recovery_id>/report")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def returned(recovery_id: int) -> str | tuple[str, int] | Answer:
    """The solver sent it back."""
    session, who = db(), actor()
    found = queries.part(session, Recovery, recovery_id, who)
    return done(
        found.project,
        f"recovery-{found.id}-report",
        lambda: services.recovering.report(
            session, who, found, typed.day("paid_on"), request.form.get("voucher", "")
        ),
        "退款已登记，请等委托方确认。",
    )


@blueprint.post("/projects/<int:project_id>/grants")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def propose(project_id: int) -> str | tuple[str, int] | Answer:
    """Proposes a grant by a rule in use."""
    session, who, form = db(), actor(), request.form
    found = queries.project(session, project_id, who, lock=True)
    table_id, name = typed.number("table") or 0, form.get("name", "")

    def act() -> None:
        version = next((v for t, v, _ in offers(session, found) if t.id == table_id), None)
        given: dict[Input, int] = {}
        for each in asked_inputs(version.parsed()) if version is not None else []:
            value = typed.number(each.value) if each is Input.MONTHS else typed.money(each.value)
            if value is None:
                raise Invalid({each.value: f"请填写{INPUT_LABELS[each]}。"})
            given[each] = value
        services.granting.propose(session, who, found, table_id, name, given)

    return done(found, f"grant-{table_id}-{name}", act, "已申请，请等平台核定。")


@blueprint.post("/projects/grants/<int:grant_id>/<any(approve,refuse):name>")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def decide_grant(grant_id: int, name: str) -> str | tuple[str, int] | Answer:
    """An operator approves or refuses."""
    session, who = db(), actor()
    found = queries.part(session, GrantPayment, grant_id, who)
    return done(
        found.project,
        f"grant-{found.id}-{name}",
        lambda: services.granting.decide(session, who, found, name, request.form.get("reason", "")),
        "已办理，已通知双方。",
    )


@blueprint.post("/projects/grants/<int:grant_id>/pay")
@access(Level.SIGNED_IN, tenancy=Tenancy.VIEWER)
def pay_grant(grant_id: int) -> str | tuple[str, int] | Answer:
    """An operator records the payment."""
    session, who = db(), actor()
    found = queries.part(session, GrantPayment, grant_id, who)
    return done(
        found.project,
        f"grant-{found.id}-pay",
        lambda: services.granting.pay(
            session, who, found, typed.day("paid_on"), request.form.get("voucher", "")
        ),
        "拨付已登记，已通知双方。",
    )
