"""What publicities add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, Permission

from .. import queries


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """Objections to decide, and one's own that wait for a decision."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.can(Permission.LISTING_REVIEW):
        mine += [
            Task(
                url_for("publicity.objection", objection_id=each.id),
                f"公示异议 {each.publicity.listing.code}",
                "核实后作出决定，写明理由",
                each.due,
                "去处理",
            )
            for each in queries.open_objections(session)
            if not each.belongs_to(who)
        ]
    if who.user_id is not None:
        theirs += [
            Task(
                url_for("publicity.objection", objection_id=each.id),
                f"我的异议 {each.publicity.listing.code}",
                "等平台运营答复",
                each.due,
                "查看",
            )
            for each in queries.of_person(session, who.user_id)
        ]
    return mine, theirs
