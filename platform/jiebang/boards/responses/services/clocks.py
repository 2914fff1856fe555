"""Overdue responses climb as threads do: the holder, the specialist, the operator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.core.sides import Holder
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ...escalation import STEPS, beyond, climb, late
from ...tracks.models import TrackVersion
from ..models import Response, Round
from ..workflow import PENDING, ResponseState
from .steps import page


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    query = (
        select(Response, TrackVersion.escalate_days)
        .join(Round, Round.id == Response.round_id)
        .join(TrackVersion, TrackVersion.id == Round.track_version_id)
        .where(Response.state.in_(PENDING))
    )
    rows = session.execute(late(query, Response, limit)).all()
    return climb(rows, lambda found, step: _climb(session, found, step))


def _climb(session: Session, found: Response, step: int) -> int:
    assert found.due is not None
    title = f"揭榜逾期未答复：{found.listing.title}"
    day = clock.day_text(found.due)
    if found.holder is Holder.OPERATOR:
        operators = people.with_role(session, Role.OPERATOR)
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
    return beyond(session, step, [organisation_id], title, f"应在 {day} 前答复，请督办。")


def _desk(found: Response) -> str:
    """Where the platform goes on: an operator reads a response during the check alone."""
    if found.state is ResponseState.FILED:
        return page(found)
    return f"/reviews/of/{found.listing.code}/responses"
