"""Overdue agreements climb as responses do: the holder, the specialist, the operator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import services as notices

from ...escalation import beyond, climb, late
from ..content import pending
from ..models import Agreement
from ..workflow import PENDING, AgreementState
from .steps import page, rules_of
from .writing import barrier


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    query = select(Agreement).where(Agreement.state.in_(PENDING))
    rows = []
    for found in session.scalars(late(query, Agreement, limit)).all():
        if found.state is AgreementState.CONFIRMING and barrier(session, found):
            # nobody can act yet, so nobody is late
            found.due = add_working_days(clock.today(), 1)
        else:
            rows.append((found, rules_of(session, found).escalate_days))
    return climb(rows, lambda found, step: _climb(session, found, step))


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
    return beyond(session, step, slow, title, f"{text}请督办。")
