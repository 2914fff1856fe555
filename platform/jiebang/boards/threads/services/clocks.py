"""What is overdue climbs: the holder is reminded, then the specialist, then the operator."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.core.sides import Holder, Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ...tracks.models import TrackVersion
from ..models import Thread
from ..workflow import LIVE
from .telling import page

SPECIALISTS: list[Callable[[Session, int], list[int]]] = []
"""A higher floor adds who serves an organisation: (session, organisation id) -> user ids."""
STEPS = 3


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    today = clock.today()
    rows = session.execute(
        select(Thread, TrackVersion)
        .join(TrackVersion, TrackVersion.id == Thread.track_version_id)
        .where(Thread.state.in_(LIVE), Thread.due < today, Thread.escalated < STEPS)
        .order_by(Thread.due, Thread.id)
        .limit(limit)
        .with_for_update(of=Thread, skip_locked=True)
    ).all()
    moved = 0
    for thread, rules in rows:
        assert thread.due is not None and thread.holder is not None
        steps = thread.escalated
        while steps < STEPS and add_working_days(thread.due, steps * rules.escalate_days) < today:
            steps += 1
        if steps > thread.escalated:
            thread.escalated = _climb(session, thread, steps)
            moved += 1
    return moved


def _climb(session: Session, thread: Thread, step: int) -> int:
    """Tells whose turn it is; returns the step reached: where nobody serves the organisation,
    the operator is told at once."""
    assert thread.due is not None and thread.holder is not None
    side = Side.ISSUER if thread.holder is Holder.ISSUER else Side.RESPONDER
    organisation_id = thread.organisation_of(side)
    day = clock.day_text(thread.due)
    if step == 1:
        notices.tell_organisation(
            session, organisation_id, thread.line,
            f"对接逾期未答复：{thread.listing.title}", page(thread), f"应在 {day} 前答复。",
        )  # fmt: skip
        return step
    served = [user for each in SPECIALISTS for user in each(session, organisation_id)]
    to_operator = step >= STEPS or not served
    told = people.with_role(session, Role.OPERATOR) if to_operator else served
    notices.tell(
        session, told, f"对接逾期未答复：{thread.listing.title}",
        "/operations/overdue" if to_operator else "/brokering/", f"应在 {day} 前答复，请督办。",
    )  # fmt: skip
    return STEPS if to_operator else step
