"""What introductions add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, Permission

from .. import queries
from ..models import Introduction
from ..services.telling import title
from ..stages import waiting
from ..workflow import LIVE, STATE_LABELS


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """What the organisation has to answer or waits for; what a specialist has to do."""
    mine: list[Task] = []
    theirs: list[Task] = []
    seen: set[int] = set()
    if who.can(Permission.INTRODUCE):
        for each in queries.of_specialist(session, who):
            _sort(each, who, mine, theirs)
            seen.add(each.id)
    if who.can(Permission.SPECIALISTS_ASSIGN):
        for each in queries.unassigned(session):
            if each.id not in seen:
                _sort(each, who, mine, theirs)
                seen.add(each.id)
    if who.organisation_id is not None:
        for each in queries.of_organisation(session, who.organisation_id):
            told = each.accepted_at is not None or each.side_of(who) is each.requested_by
            if each.state in LIVE and told and who.acts_in(each.line) and each.id not in seen:
                _sort(each, who, mine, theirs)
    return mine, theirs


def _sort(found: Introduction, who: Actor, mine: list[Task], theirs: list[Task]) -> None:
    state = waiting(found, who)
    if state is None:
        return
    about = f"专员引荐 · {STATE_LABELS[found.state]}" + (" · 逾期未办" if state.overdue else "")
    url = url_for("brokering.introduction", introduction_id=found.id)
    if state.mine:
        mine.append(Task(url, title(found.listing), about, found.due, "去办理"))
    else:
        theirs.append(
            Task(url, title(found.listing), f"{about} · 等{state.who}", found.due, "查看")
        )
