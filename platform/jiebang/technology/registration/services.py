"""What the seller says of its filing; each step leaves an audit row and tells the other parties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.permissions import Actor, Line
from jiebang.core.sides import Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import services as notices

from .models import Registration, RegistrationEvent
from .rules import rule_on
from .workflow import PENDING, REGISTRATION, RegistrationState

S = RegistrationState
REASON_LIMIT = 500
NEEDS_REASON = frozenset({"skip", "supplement", "refuse"})


@dataclass(frozen=True, slots=True)
class Said:
    """What was typed beside a step; amounts in fen, None where nothing was typed."""

    day: date | None = None
    reason: str = ""
    office: str = ""
    disputed: bool = False
    number: str = ""
    contract_amount: int | None = None
    technology_amount: int | None = None


def agreed(session: Session, _actor: Actor, agreement: Agreement) -> None:
    """An agreement of the technology line may be registered: the line begins, nothing waits yet."""
    if agreement.line is not Line.TECHNOLOGY:
        return
    outcome = agreement.listing.board is Board.OUTCOME
    session.add(
        Registration(
            agreement_id=agreement.id,
            state=S.OPEN,
            seller=Side.ISSUER if outcome else Side.RESPONDER,
            updated_at=clock.now(),
        )
    )
    session.flush()


def step(session: Session, actor: Actor, found: Registration, name: str, said: Said) -> None:
    """Takes one arrow of the workflow with what belongs to it. The caller holds the row's lock.

    Invalid names what is missing; days may lie in the past, never in the future.
    """
    if name not in REGISTRATION.transitions:
        raise NotFound
    if refusal := REGISTRATION.refusal(name, found, actor):
        raise refusal
    day = said.day or clock.today()
    reason = said.reason.replace("\r\n", "\n").strip()
    if errors := _errors(found, name, said, day, reason):
        raise Invalid(errors)
    label = REGISTRATION.apply(name, found, actor).label
    rule, total = rule_on(day), found.agreement.total
    if name == "file":
        found.filed_on, found.accepted_on, found.decided_on = day, None, None
        found.office, found.disputed = said.office.strip(), said.disputed
    elif name in ("accept", "resubmit"):
        found.accepted_on = day if name == "accept" else found.accepted_on or day
    elif name == "approve":
        found.number, found.decided_on = said.number.strip(), day
        found.contract_amount = said.contract_amount
        found.technology_amount = said.technology_amount
    elif name == "refuse":
        found.decided_on = day
    found.reason = reason if name in NEEDS_REASON else ""
    found.escalated = 0
    found.updated_at = clock.now()
    if found.state is S.SUPPLEMENT:
        found.due = add_working_days(day, rule.supplement_days)
    elif found.state in PENDING:
        found.due = add_working_days(day, rule.limit(total, disputed=found.disputed))
    else:
        found.due = None
    session.flush()
    session.add(
        RegistrationEvent(
            registration_id=found.id,
            at=clock.now(),
            label=f"{label}（{clock.day_text(day)}）",
            reason=reason,
        )
    )
    audit.record(
        session, actor, f"registration.{name}", "registration", found.id,
        organisation_id=actor.organisation_id, after=found.state.value,
    )  # fmt: skip
    for party in found.agreement.parties:
        if party.organisation_id != actor.organisation_id:
            notices.tell_organisation(
                session, party.organisation_id, Line.TECHNOLOGY,
                f"技术合同登记：{label}：{found.agreement.listing.title}", page(found), reason,
            )  # fmt: skip


def _errors(found: Registration, name: str, said: Said, day: date, reason: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    earlier = found.accepted_on or found.filed_on
    if day > clock.today():
        errors["day"] = "日期不能晚于今天。"
    elif earlier and name != "file" and day < earlier:
        errors["day"] = f"日期不能早于上一步（{clock.day_text(earlier)}）。"
    if name in NEEDS_REASON and not reason:
        errors["reason"] = "请写一句话说明。"
    elif len(reason) > REASON_LIMIT:
        errors["reason"] = f"最多 {REASON_LIMIT} 字，现在 {len(reason)} 字。"
    if len(said.office) > 80:
        errors["office"] = "最多 80 字。"
    if name != "approve":
        return errors
    if not said.number.strip():
        errors["number"] = "请填写登记编号。"
    elif len(said.number) > 60:
        errors["number"] = "最多 60 字。"
    if said.contract_amount is None:
        errors["contract_amount"] = "请填写登记的合同金额，例如 80万元。"
    if said.technology_amount is None:
        errors["technology_amount"] = "请填写其中的技术交易额，例如 60万元。"
    elif said.contract_amount is not None and said.technology_amount > said.contract_amount:
        errors["technology_amount"] = "技术交易额不能超过合同金额。"
    return errors


def page(found: Registration) -> str:
    """The path of a registration's page."""
    return f"/agreements/{found.agreement_id}/registration"


def run_clock(session: Session, limit: int = 200) -> int:
    """Reminds the seller once where the office, or it, is late; returns how many."""
    late = session.scalars(
        select(Registration)
        .where(
            Registration.state.in_(PENDING),
            Registration.due < clock.today(),
            Registration.escalated == 0,
        )
        .order_by(Registration.due, Registration.id)
        .limit(limit)
        .with_for_update(of=Registration, skip_locked=True)
    ).all()
    for found in late:
        found.escalated = 1
        text = (
            "补正期限已过，请尽快补正，或向登记机构说明。"
            if found.state is S.SUPPLEMENT
            else "登记机构的办理期限已过，请向登记机构查询，有结果后在这里记下。"
        )
        for party in found.agreement.parties:
            if party.side is found.seller:
                notices.tell_organisation(
                    session, party.organisation_id, Line.TECHNOLOGY,
                    f"技术合同登记到期：{found.agreement.listing.title}", page(found), text,
                )  # fmt: skip
    return len(late)
