"""After a termination: money that goes back, claimed by the client, returned, confirmed."""

from __future__ import annotations

from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.money import money_text
from jiebang.core.permissions import Actor, Permission

from .. import queries
from ..models import Project, Recovery
from ..workflow import RECOVERY, Party, ProjectState, RecoveryState, Turn
from .steps import days, hand, note, paid_day, sentence, tell, voucher_of

ANSWERS = ("agree", "refuse", "drop", "confirm", "dispute")
WITH_REASON = frozenset({"refuse", "drop", "dispute"})


def returnable(session: Session, found: Project) -> int:
    """Fen that were paid and are not returned yet."""
    paid = sum(each.paid for each in queries.instalments(session, found.id))
    back = sum(
        each.amount
        for each in queries.recoveries(session, found.id)
        if each.state is RecoveryState.SETTLED
    )
    return paid - back


def claim(
    session: Session, actor: Actor, found: Project, amount: int | None, basis: str
) -> Recovery:
    """The client asks for money back, never for more than it paid. The caller holds the project's
    lock."""
    if found.side_of(actor) is not Party.CLIENT or not actor.can(Permission.LISTING_RESPOND):
        raise Forbidden("“请求退款”由委托方办理。")
    if not actor.acts_in(found.line):
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if found.state is not ProjectState.TERMINATED:
        raise Conflict("项目终止以后才能请求退款。")
    errors = {}
    most = returnable(session, found)
    if amount is None or amount <= 0:
        errors["amount"] = "请填写退回的金额，例如 10万元。"
    elif amount > most:
        errors["amount"] = f"最多退回已付而未退的 {money_text(most)}。"
    try:
        basis = sentence(basis, "basis")
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    assert amount is not None
    made = Recovery(
        project_id=found.id, amount=amount, state=RecoveryState.CLAIMED, basis=basis,
        claimed_at=clock.now(),
    )  # fmt: skip
    made.project = found
    hand(made, Turn.SOLVER, days(found.rules.pay_days))
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        raise Conflict("已经有一笔退款在办理，请先办完。") from error
    note(session, actor, found, "claim", f"请求退回 {money_text(amount)}", basis,
         target=("recovery", made.id), money=amount)  # fmt: skip
    tell(session, found, Party.SOLVER, f"对方请求退回 {money_text(amount)}", actor, basis)
    return made


def answer(session: Session, actor: Actor, found: Recovery, name: str, reason: str = "") -> None:
    """One of ANSWERS; what refuses needs a sentence. The caller holds the project's lock."""
    if name not in ANSWERS:
        raise NotFound
    if refusal := RECOVERY.refusal(name, found, actor):
        raise refusal
    reason = sentence(reason) if name in WITH_REASON else ""
    label = RECOVERY.apply(name, found, actor).label
    found.reason = reason
    project, pay_days = found.project, days(found.project.rules.pay_days)
    if found.state is RecoveryState.OWED:
        found.returned_on = None
        hand(found, Turn.SOLVER, pay_days)
    else:
        if found.state is RecoveryState.SETTLED:
            found.settled_at = clock.now()
        hand(found, None)
    _told(session, actor, project, found, name, label, reason)


def report(
    session: Session, actor: Actor, found: Recovery, day: date | None, voucher: str = ""
) -> None:
    """The solver says that the money went back. The caller holds the project's lock."""
    if refusal := RECOVERY.refusal("report", found, actor):
        raise refusal
    day, voucher = paid_day(found.project, day), voucher_of(voucher)
    label = RECOVERY.apply("report", found, actor).label
    found.returned_on, found.voucher, found.reason = day, voucher, ""
    hand(found, Turn.CLIENT, days(found.project.rules.pay_days))
    _told(session, actor, found.project, found, "report", label, "")


def _told(
    session: Session,
    actor: Actor,
    project: Project,
    found: Recovery,
    name: str,
    label: str,
    reason: str,
) -> None:
    words = f"退款 {money_text(found.amount)}：{label}"
    note(session, actor, project, name, words, reason, target=("recovery", found.id),
         after=found.state.value)  # fmt: skip
    side = project.side_of(actor)
    if side is not None:
        tell(session, project, side.other, words, actor, reason)
    session.flush()
