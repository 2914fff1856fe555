"""Overdue reviews climb: the expert, then whoever asked and all operators."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ...escalation import climb, late
from ..models import Panel, ReviewAssignment
from ..workflow import UNDER_WAY, PanelState
from .scoring import page

STEPS = 2


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes each overdue review and each panel nobody concluded one step up; returns how many."""
    parts = select(ReviewAssignment).where(ReviewAssignment.state.in_(UNDER_WAY))
    rows = [
        (found, found.panel.rules.escalate_days)
        for found in session.scalars(late(parts, ReviewAssignment, limit, most=STEPS)).all()
    ]
    moved = climb(rows, lambda found, step: _climb(session, found, step), most=STEPS)
    query = select(Panel).where(Panel.state == PanelState.OPEN)
    panels = session.scalars(late(query, Panel, limit, most=1)).all()
    for panel in panels:
        panel.escalated = 1
        notices.tell(
            session, people.with_role(session, Role.OPERATOR),
            f"专家评审应已结束：{panel.listing.code}",
            f"/reviews/of/{panel.listing.code}/{panel.stage.value}",
            f"应在 {clock.day_text(panel.due)} 前结束评审。",
        )  # fmt: skip
    return moved + len(panels)


def _climb(session: Session, found: ReviewAssignment, step: int) -> int:
    day, code = clock.day_text(found.due), found.panel.listing.code
    notices.tell(
        session, [found.expert_id], f"评审逾期：{code}", f"/reviews/desk/{found.id}",
        f"应在 {day} 前提交；需要回避或没有时间，也请告知。",
    )  # fmt: skip
    if step >= STEPS:
        notices.tell(
            session, people.with_role(session, Role.OPERATOR), f"专家评审逾期：{code}",
            page(found), f"应在 {day} 前提交，请催办或撤换专家。",
        )  # fmt: skip
    return step
