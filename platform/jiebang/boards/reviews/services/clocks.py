"""Overdue reviews climb: the expert, then whoever asked and all operators."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import clock
from jiebang.core.permissions import Role
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ..models import Panel, ReviewAssignment
from ..workflow import UNDER_WAY, PanelState
from .scoring import page

STEPS = 2


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes each overdue review and each panel nobody concluded one step up; returns how many."""
    today, moved = clock.today(), 0
    rows = session.scalars(
        select(ReviewAssignment)
        .where(
            ReviewAssignment.state.in_(UNDER_WAY),
            ReviewAssignment.due < today,
            ReviewAssignment.escalated < STEPS,
        )
        .order_by(ReviewAssignment.due, ReviewAssignment.id)
        .limit(limit)
        .with_for_update(of=ReviewAssignment, skip_locked=True)
    ).all()
    for found in rows:
        rules, steps = found.panel.rules, found.escalated
        while steps < STEPS and add_working_days(found.due, steps * rules.escalate_days) < today:
            steps += 1
        if steps == found.escalated:
            continue
        found.escalated = steps
        moved += 1
        day, code = clock.day_text(found.due), found.panel.listing.code
        notices.tell(
            session, [found.expert_id], f"评审逾期：{code}", f"/reviews/desk/{found.id}",
            f"应在 {day} 前提交；需要回避或没有时间，也请告知。",
        )  # fmt: skip
        if steps >= STEPS:
            notices.tell(
                session, people.with_role(session, Role.OPERATOR), f"专家评审逾期：{code}",
                page(found), f"应在 {day} 前提交，请催办或撤换专家。",
            )  # fmt: skip
    panels = session.scalars(
        select(Panel)
        .where(Panel.state == PanelState.OPEN, Panel.due < today, Panel.escalated == 0)
        .order_by(Panel.due, Panel.id)
        .limit(limit)
        .with_for_update(of=Panel, skip_locked=True)
    ).all()
    for panel in panels:
        panel.escalated = 1
        notices.tell(
            session, people.with_role(session, Role.OPERATOR),
            f"专家评审应已结束：{panel.listing.code}",
            f"/reviews/of/{panel.listing.code}/{panel.stage.value}",
            f"应在 {clock.day_text(panel.due)} 前结束评审。",
        )  # fmt: skip
    return moved + len(panels)
