"""Overdue threads climb: the holder is reminded, then the specialist, then the operator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.sides import Holder, Side
from jiebang.orgs.notices import services as notices

from ...escalation import beyond, climb, late
from ...tracks.models import TrackVersion
from ..models import Thread
from ..workflow import LIVE
from .telling import page


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    query = (
        select(Thread, TrackVersion.escalate_days)
        .join(TrackVersion, TrackVersion.id == Thread.track_version_id)
        .where(Thread.state.in_(LIVE))
    )
    rows = session.execute(late(query, Thread, limit)).all()
    return climb(rows, lambda thread, step: _climb(session, thread, step))


def _climb(session: Session, thread: Thread, step: int) -> int:
    """Tells whose turn it is; returns the step reached: where nobody serves the organisation,
    the operator is told at once."""
    assert thread.due is not None and thread.holder is not None
    side = Side.ISSUER if thread.holder is Holder.ISSUER else Side.RESPONDER
    organisation_id = thread.organisation_of(side)
    title = f"对接逾期未答复：{thread.listing.title}"
    text = f"应在 {clock.day_text(thread.due)} 前答复"
    if step == 1:
        notices.tell_organisation(
            session, organisation_id, thread.line, title, page(thread), f"{text}。"
        )
        return step
    return beyond(session, step, [organisation_id], title, f"{text}，请督办。")
