"""逾期未答复: every wait that is past its date, for the operator who has it settled."""

from __future__ import annotations

from flask import render_template, url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, Permission
from jiebang.web.access import Level, access, db

from .. import waits
from .blueprint import blueprint


@blueprint.get("/operations/overdue")
@access(Level.PERMISSION, Permission.OPERATIONS_VIEW)
def overdue() -> str:
    """All overdue waits, the oldest first: who should have answered whom, and how to reach them."""
    return render_template("operations/overdue.html", rows=waits.overdue(db()))


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """One line of 我的待办 for all of them."""
    if not who.can(Permission.OPERATIONS_VIEW):
        return [], []
    rows = waits.overdue(session)
    if not rows:
        return [], []
    meta = f"最早应在{rows[0].due_text}前答复 · 请联系当前办理方"
    url = url_for("operations.overdue")
    return [Task(url, f"{len(rows)} 件逾期未答复", meta, rows[0].due, "去督办")], []
