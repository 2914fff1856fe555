"""Overdue introductions climb: whoever holds it, the specialist, the operator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.escalation import STEPS, climb, late
from jiebang.boards.tracks.models import TrackVersion
from jiebang.core import clock
from jiebang.core.permissions import SYSTEM, Role
from jiebang.core.sides import Holder, Side
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ..models import Introduction
from ..workflow import LIVE
from .telling import page, tell_introducer, tell_side, title


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    query = (
        select(Introduction, TrackVersion.escalate_days)
        .join(TrackVersion, TrackVersion.id == Introduction.track_version_id)
        .where(Introduction.state.in_(LIVE))
    )
    rows = session.execute(late(query, Introduction, limit)).all()
    return climb(rows, lambda found, step: _climb(session, found, step))


def _climb(session: Session, found: Introduction, step: int) -> int:
    """Tells whose turn it is to see to it; returns the step reached. The specialist's own delay
    goes straight from them to the operator."""
    assert found.due is not None
    day = clock.day_text(found.due)
    sides = [side for side in Side if found.agreed_at(side) is None]
    waits_for_sides = found.holder in (Holder.ISSUER, Holder.RESPONDER)
    if step == 1 and waits_for_sides:
        for side in sides:
            tell_side(session, found, side, "引荐逾期未答复", SYSTEM, f"应在 {day} 前答复。")
        return step
    if step < STEPS and found.specialist_id is not None and (step == 1 or waits_for_sides):
        tell_introducer(session, found, "引荐逾期未办", SYSTEM, f"应在 {day} 前办理。")
        return step
    notices.tell(
        session, people.with_role(session, Role.OPERATOR), f"引荐逾期未办：{title(found.listing)}",
        page(found), f"应在 {day} 前办理，请督办。",
    )  # fmt: skip
    return STEPS
