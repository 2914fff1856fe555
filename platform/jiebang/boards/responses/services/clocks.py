"""Overdue responses climb as threads do: the holder, the specialist, the operator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.core.sides import Holder
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ...threads.services.clocks import SPECIALISTS, STEPS
from ...tracks.models import TrackVersion
from ..models import Response, Round
from ..workflow import PENDING, ResponseState
from .steps import page


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    today = clock.today()
    rows = session.execute(
        select(Response, TrackVersion)
        .join(Round, Round.id == Response.round_id)
        .join(TrackVersion, TrackVersion.id == Round.track_version_id)
        .where(Response.state.in_(PENDING), Response.due < today, Response.escalated < STEPS)
        .order_by(Response.due, Response.id)
        .limit(limit)
        .with_for_update(of=Response, skip_locked=True)
    ).all()
    moved = 0
    for found, rules in rows:
        assert found.due is not None
        steps = found.escalated
        while steps < STEPS and add_working_days(found.due, steps * rules.escalate_days) < today:
            steps += 1
        if steps > found.escalated:
            found.escalated = _climb(session, found, steps)
            moved += 1
    return moved


def _climb(session: Session, found: Response, step: int) -> int:
    assert found.due is not None
    title = f"揭榜逾期未答复：{found.listing.title}"
    day = clock.day_text(found.due)
    operators = people.with_role(session, Role.OPERATOR)
    if found.holder is Holder.OPERATOR:
        what = "完成形式审查" if found.state is ResponseState.FILED else "组织专家评审并结束评审"
        notices.tell(session, operators, title, _desk(found), f"应在 {day} 前{what}。")
        return STEPS
    issuer = found.holder is Holder.ISSUER
    organisation_id = found.issuer_id if issuer else found.organisation_id
    if step == 1:
        notices.tell_organisation(
            session, organisation_id, found.line, title, page(found), f"应在 {day} 前答复。"
        )
        return step
    served = [user for each in SPECIALISTS for user in each(session, organisation_id)]
    to_operator = step >= STEPS or not served
    notices.tell(
        session, operators if to_operator else served, title,
        "/operations/overdue" if to_operator else "/brokering/", f"应在 {day} 前答复，请督办。",
    )  # fmt: skip
    return STEPS if to_operator else step


def _desk(found: Response) -> str:
    """Where the platform goes on: an operator reads a response during the check alone."""
    if found.state is ResponseState.FILED:
        return page(found)
    return f"/reviews/of/{found.listing.code}/responses"
