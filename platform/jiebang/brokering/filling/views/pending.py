"""What fillings add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, Permission

from .. import queries
from ..models import Filling, FillingKind
from ..workflow import STATE_LABELS, FillingState


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """What the organisation has to confirm; what the specialist writes and waits for."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.organisation_id is not None:
        for each in queries.to_confirm(session, who.organisation_id):
            if who.acts_in(each.line):
                mine.append(_task(each, f"专员代填 · {_kind(each)}", "去确认"))
    if who.can(Permission.INTRODUCE):
        for each in queries.of_specialist(session, who):
            about = f"代填 · {_kind(each)} · {STATE_LABELS[each.state]}"
            if each.state is FillingState.PROPOSED:
                theirs.append(_task(each, about, "查看"))
            else:
                again = each.state is FillingState.REFUSED
                mine.append(_task(each, about, "去修改" if again else "继续填写", edit=True))
    return mine, theirs


def _kind(found: Filling) -> str:
    return found.board.label if found.kind is FillingKind.LISTING else "揭榜意向书"


def _task(found: Filling, about: str, action: str, *, edit: bool = False) -> Task:
    endpoint = "filling.edit" if edit else "filling.filling"
    return Task(url_for(endpoint, filling_id=found.id), found.title, about, found.due, action)
