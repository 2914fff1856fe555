"""What threads add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor

from .. import queries
from ..stages import waiting
from ..workflow import ThreadState


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """Threads in which the organisation has the ball, and those in which it waits."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.organisation_id is None:
        return mine, theirs
    found = [
        each
        for each in queries.of_organisation(session, who.organisation_id, live=True)
        if who.acts_in(each.line)
    ]
    names = queries.other_names(session, found, who)
    for each in found:
        state = waiting(each, each.side_of(who))
        if state is None:
            continue
        fresh = each.state is ThreadState.INTERESTED
        about = f"{'对接意向' if fresh else '对接'} · {names[each.id]}"
        if state.overdue:
            about += " · 逾期未答复"
        url = url_for("threads.thread", thread_id=each.id)
        if state.mine:
            mine.append(Task(url, each.listing.title, about, each.due, "去答复"))
        else:
            about += f" · 等{state.who}"
            theirs.append(Task(url, each.listing.title, about, each.due, "查看"))
    return mine, theirs
