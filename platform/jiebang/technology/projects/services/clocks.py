"""Overdue waits in a project climb: the holder, the specialist, the operator."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from jiebang.boards.escalation import STEPS, beyond, climb, late
from jiebang.core import clock
from jiebang.core.permissions import SYSTEM, Role
from jiebang.orgs.notices import queries as people
from jiebang.orgs.notices import services as notices

from ..models import Project, Request
from ..queries import PARTS, Waiting
from ..workflow import Party, ProjectState, Turn
from . import checking
from .steps import page, tell_both

MEANWHILE = "结论前项目照协议继续：提出方可以撤回，对方也可以同意。"


def run_clock(session: Session, limit: int = 200) -> int:
    """Takes every overdue wait one step up where the next step is due; returns how many."""
    moved = 0
    for kind, states in PARTS.items():
        moved += _run(session, kind, kind.state.in_(states), limit)
    return moved + _run(session, Project, Project.state == ProjectState.RUNNING, limit)


def _run(
    session: Session,
    kind: type[Any],
    waiting: ColumnElement[bool],
    limit: int,
) -> int:
    query = select(kind).where(waiting)
    rows = [
        (found, _of(found).rules.escalate_days)
        for found in session.scalars(late(query, kind, limit, day="until")).unique()
    ]
    return climb(rows, lambda found, step: _climb(session, found, step), day="until")


def _of(found: Waiting | Project) -> Project:
    return found if isinstance(found, Project) else found.project


def _expert(session: Session, found: Any, step: int, text: str) -> int:
    """The expert first, then the operators, who may ask another one."""
    asked, code = found.asked, found.project.listing.code
    if step == 1 and asked is not None:
        notices.tell(
            session, [asked.expert_id], f"确认里程碑逾期：{code}", checking.page(asked),
            f"{text}需要回避或没有时间，也请告知。",
        )  # fmt: skip
        return step
    notices.tell(
        session, people.with_role(session, Role.OPERATOR), f"专家确认里程碑逾期：{code}",
        page(found.project), f"{text}请催办或撤换专家。",
    )  # fmt: skip
    return STEPS


def _climb(session: Session, found: Waiting | Project, step: int) -> int:
    assert found.until is not None
    project = _of(found)
    title = f"项目事项逾期：{project.listing.title}"
    text = f"应在 {clock.day_text(found.until)} 前办理。"
    if found.holder is Turn.OPERATOR:
        operators = people.with_role(session, Role.OPERATOR)
        notices.tell(session, operators, title, page(project), text)
        if isinstance(found, Request):
            tell_both(session, project, "平台协调逾期，已催办", SYSTEM, MEANWHILE)
        return STEPS
    if found.holder is Turn.EXPERT:
        return _expert(session, found, step, text)
    party = Party(found.holder.value if found.holder else Party.SOLVER.value)
    if step == 1:
        for organisation_id in project.ids_of(party):
            notices.tell_organisation(
                session, organisation_id, project.line, title, page(project), text
            )
        return step
    return beyond(session, step, project.ids_of(party)[:1], title, f"{text}请督办。")
