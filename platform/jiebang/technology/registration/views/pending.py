"""What registrations add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core import clock
from jiebang.core.permissions import Actor

from .. import queries
from ..workflow import STATE_LABELS, RegistrationState


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """To supplement, or to ask the office where it is late; else the office's turn."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.organisation_id is None:
        return mine, theirs
    for each in queries.pending_of(session, who.organisation_id):
        if not who.acts_in(each.line):
            continue
        url = url_for("registration.registration", agreement_id=each.agreement_id)
        title, about = each.agreement.listing.title, f"技术合同登记 · {STATE_LABELS[each.state]}"
        seller = bool(each.sides_of(who))
        if seller and each.state is RegistrationState.SUPPLEMENT:
            mine.append(Task(url, title, about, each.due, "去补正"))
        elif seller and each.due is not None and each.due < clock.today():
            mine.append(Task(url, title, f"{about} · 办理期限已过，请查询", each.due, "去记录"))
        else:
            who_waits = "登记机构" if each.state is not RegistrationState.SUPPLEMENT else "卖方"
            theirs.append(Task(url, title, f"{about} · 等{who_waits}", each.due, "查看"))
    return mine, theirs
