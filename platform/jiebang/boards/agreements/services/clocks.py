"""Overdue agreements climb as responses do: the holder, the specialist, the operator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ...threads.services.clocks import SPECIALISTS, STEPS
from ..content import pending
from ..models import Agreement
from ..workflow import PENDING, AgreementState
from .steps import page, rules_of
from .writing import barrier


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    today = clock.today()
    rows = session.scalars(
        select(Agreement)
        .where(Agreement.state.in_(PENDING), Agreement.due < today, Agreement.escalated < STEPS)
        .order_by(Agreement.due, Agreement.id)
        .limit(limit)
        .with_for_update(of=Agreement, skip_locked=True)
    ).all()
    moved = 0
    for found in rows:
        assert found.due is not None
        if found.state is AgreementState.CONFIRMING and barrier(session, found):
            found.due = add_working_days(today, 1)  # nobody can act yet, so nobody is late
            continue
        steps, days = found.escalated, rules_of(session, found).escalate_days
        while steps < STEPS and add_working_days(found.due, steps * days) < today:
            steps += 1
        if steps > found.escalated:
            found.escalated = _climb(session, found, steps)
            moved += 1
    return moved


def slow_ones(found: Agreement) -> list[int]:
    """The organisations that an agreement waits for."""
    if found.state is AgreementState.CONFIRMING:
        return [each.organisation_id for each in pending(found.parties, found.newest.confirmations)]
    return [
        each.organisation_id
        for each in found.parties
        if found.holder is not None and each.side.value == found.holder.value
    ]


def _climb(session: Session, found: Agreement, step: int) -> int:
    assert found.due is not None
    title = f"协议逾期未办：{found.listing.title}"
    slow, text = slow_ones(found), f"应在 {clock.day_text(found.due)} 前办理。"
    if step == 1:
        for each in slow:
            notices.tell_organisation(session, each, found.line, title, page(found), text)
        return step
    served = [user for each in slow for ask in SPECIALISTS for user in ask(session, each)]
    to_operator = step >= STEPS or not served
    notices.tell(
        session, people.with_role(session, Role.OPERATOR) if to_operator else served, title,
        "/operations/overdue" if to_operator else "/brokering/", f"{text}请督办。",
    )  # fmt: skip
    return STEPS if to_operator else step
