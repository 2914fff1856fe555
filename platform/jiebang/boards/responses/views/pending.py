"""What responses add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, Permission

from .. import queries
from ..models import Response
from ..stages import waiting
from ..workflow import STATE_LABELS, ResponseState


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """What the organisation has to decide, to improve or to finish, and what it waits for."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.can(Permission.LISTING_REVIEW):
        mine += [
            Task(
                url_for("responses.response", response_id=each.id),
                each.listing.title,
                "揭榜 · 形式审查",
                each.due,
                "去审查",
            )
            for each in queries.to_check(session)
        ]
    if who.organisation_id is None:
        return mine, theirs
    for row in queries.to_sign(session, who.organisation_id):
        bid = session.get_one(Response, row.response_id)
        if row.organisation_id != bid.organisation_id and who.acts_in(bid.line):
            url = url_for("responses.split", response_id=bid.id)
            mine.append(Task(url, bid.listing.title, "联合体 · 确认分工", row.due, "去确认"))
    for each in queries.of_organisation(session, who.organisation_id):
        if not who.acts_in(each.line):
            continue
        side = each.side_of(who)
        own = each.organisation_id == who.organisation_id
        about = f"{'我方揭榜' if own else '收到揭榜'} · {STATE_LABELS[each.state]}"
        if each.state is ResponseState.DRAFT:
            url = url_for("responses.edit", response_id=each.id)
            mine.append(Task(url, each.listing.title, about, each.listing.deadline, "继续填写"))
            continue
        state = waiting(each, side)
        if state is None:
            continue
        if state.overdue:
            about += " · 逾期未答复"
        if state.mine:
            returned = each.state is ResponseState.RETURNED
            url = url_for(
                "responses.edit" if returned else "responses.response", response_id=each.id
            )
            mine.append(
                Task(url, each.listing.title, about, each.due, "去补充" if returned else "去选定")
            )
        else:
            url = url_for("responses.response", response_id=each.id)
            about += f" · 等{state.who}"
            theirs.append(Task(url, each.listing.title, about, each.due, "查看"))
    return mine, theirs
