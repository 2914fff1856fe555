"""What projects add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.reviews.workflow import UNDER_WAY, AssignmentState
from jiebang.boards.views.todo import Task
from jiebang.core import clock
from jiebang.core.permissions import Actor, Permission

from .. import queries
from ..models import Project
from ..queries import Waiting
from ..words import later, what
from ..workflow import TURN_LABELS, ProjectState, Turn


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """What the organisation has to deliver, judge, pay or answer, and what it waits for."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.can(Permission.LISTING_REVIEW):
        mine += [
            _task(each.project, each, "去办理")
            for each in queries.for_platform(session)
            if not each.belongs_to(who)
        ]
    for check in queries.checks_of(session, who):
        if check.state in UNDER_WAY:
            first = check.state is AssignmentState.ASSIGNED
            url = url_for("projects.check", check_id=check.id)
            code = check.milestone.project.listing.code
            mine.append(
                Task(
                    url, f"确认里程碑 {code}",
                    "先声明是否需要回避，再看材料" if first else "核对材料，确认或退回",
                    check.milestone.until, "去声明" if first else "去确认",
                )
            )  # fmt: skip
    if who.organisation_id is None:
        return mine, theirs
    own = [
        each
        for each in queries.of_organisation(session, who.organisation_id)
        if who.acts_in(each.line)
    ]
    sides = {each.id: each.side_of(who) for each in own}
    parts = queries.waiting(session, [found.id for found in own])
    for each in parts:
        side = sides[each.project_id]
        if side is not None and each.holder is not None and each.holder.value == side.value:
            # a milestone far away is no task of today, unless it is the next one
            if not later(each, parts):
                mine.append(_task(each.project, each, "去办理"))
        elif not later(each, parts):
            theirs.append(_task(each.project, each, "查看"))
    for found in own:
        ready = found.state is ProjectState.RUNNING and sides[found.id] is not None
        if ready and found.holder is Turn.SOLVER and _all_judged(session, found):
            due, url = found.until, url_for("projects.project", project_id=found.id)
            task = Task(
                url, found.listing.title, "项目 · 里程碑已全部评定，待提交验收", due, "去验收"
            )
            (mine if sides[found.id] == Turn.SOLVER.value else theirs).append(task)
    return mine, theirs


def _task(found: Project, each: Waiting, action: str) -> Task:
    about = f"项目 · {what(each)}"
    if action == "查看" and each.holder is not None:
        about += f" · 等{TURN_LABELS[each.holder]}"
    if each.until is not None and each.until < clock.today():
        about += " · 已逾期"
    url = url_for("projects.project", project_id=found.id)
    return Task(url, found.listing.title, about, each.until, action)


def _all_judged(session: Session, found: Project) -> bool:
    return all(
        row.final or row.state.value in ("passed", "failed")
        for row in queries.milestones(session, found.id)
    )
