"""Payments: reported by the client, confirmed by the solver, never more than agreed."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.money import money_text
from jiebang.core.permissions import Actor

from ..models import Payment, ProjectInstalment
from ..workflow import INSTALMENT, InstalmentState, Party, Turn
from .steps import days, hand, note, paid_day, refresh, sentence, tell, voucher_of


def report(
    session: Session,
    actor: Actor,
    found: ProjectInstalment,
    amount: int | None,
    day: date | None,
    voucher: str = "",
) -> None:
    """The client says that it paid `amount` fen, all that is left or a part of it.

    The caller holds the project's lock. Invalid for more than is left.
    """
    if refusal := INSTALMENT.refusal("report", found, actor):
        raise refusal
    if amount is None or amount <= 0:
        raise Invalid({"amount": "请填写付款金额，例如 30万元。"})
    if amount > found.left:
        raise Invalid({"amount": f"超过这一笔还应付的 {money_text(found.left)}，请核对金额。"})
    day, voucher = paid_day(found.project, day), voucher_of(voucher)
    INSTALMENT.apply("report", found, actor)
    found.claimed, found.reason = amount, ""
    found.payments.append(
        Payment(amount=amount, paid_on=day, voucher=voucher, reported_at=clock.now())
    )
    hand(found, Turn.SOLVER, days(found.project.rules.pay_days))
    label = f"登记付款 {money_text(amount)}：{found.milestone.label}"
    note(session, actor, found.project, "report", label, target=("instalment", found.id),
         money=amount)  # fmt: skip
    tell(session, found.project, Party.SOLVER, f"请确认收款 {money_text(amount)}", actor)
    refresh(session, found.project)


def answer(
    session: Session, actor: Actor, found: ProjectInstalment, name: str, reason: str = ""
) -> None:
    """The solver confirms what was reported ("confirm"), or says that it did not arrive
    ("dispute", with a sentence). The caller holds the project's lock."""
    if name not in ("confirm", "dispute"):
        raise NotFound
    whole = found.left == 0
    if name == "confirm" and not whole:
        name = "confirm_part"
    if refusal := INSTALMENT.refusal(name, found, actor):
        raise refusal
    reason = sentence(reason) if name == "dispute" else ""
    label = INSTALMENT.apply(name, found, actor).label
    payment, amount = found.payments[-1], found.claimed
    found.claimed, found.reason = 0, reason
    if name == "dispute":
        payment.disputed = reason
    else:
        payment.confirmed_at = clock.now()
        found.paid += amount
    if found.state is InstalmentState.PAID:
        hand(found, None)
    else:
        hand(found, Turn.CLIENT, days(found.project.rules.pay_days))
    note(session, actor, found.project, name,
         f"{label} {money_text(amount)}：{found.milestone.label}", reason,
         target=("instalment", found.id), after=found.state.value, money=amount)  # fmt: skip
    what = "对方没有收到付款" if name == "dispute" else f"对方确认收到 {money_text(amount)}"
    tell(session, found.project, Party.CLIENT, what, actor, reason)
    refresh(session, found.project)
