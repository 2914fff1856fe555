"""What agreements add to 我的待办."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.stages import is_mine, waiting
from jiebang.boards.agreements.workflow import AGREEMENT, STATE_LABELS, AgreementState
from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor

from ...publicity import queries as publicity


def tasks(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """Agreements to write or to confirm, and those that wait for somebody else."""
    mine: list[Task] = []
    theirs: list[Task] = []
    if who.organisation_id is None:
        return mine, theirs
    for each in queries.waiting_of(session, who.organisation_id):
        if not who.acts_in(each.line):
            continue
        url = url_for("contracts.agreement", agreement_id=each.id)
        about = f"协议 · {STATE_LABELS[each.state]}"
        barrier = services.barrier(session, each)
        state = waiting(each, who, barrier)
        if state is not None and state.overdue:
            about += " · 逾期未办"
        if each.state is AgreementState.CONFIRMING and barrier:
            theirs.append(Task(url, each.listing.title, f"{about} · 公示中", None, "查看"))
        elif is_mine(each, who):
            action = "去确认" if each.state is AgreementState.CONFIRMING else "去商定"
            if each.state is AgreementState.CONFIRMING and _straight(session, each, who):
                url = url_for("contracts.ask", agreement_id=each.id)
            mine.append(Task(url, each.listing.title, about, each.due, action))
        elif state is not None:
            theirs.append(
                Task(url, each.listing.title, f"{about} · 等{state.who}", each.due, "查看")
            )
    return mine, theirs


def _straight(session: Session, found: Agreement, who: Actor) -> bool:
    """Whether a task leads to the text and its button at once: on a track without publicity
    there is nothing else to look up first."""
    return (
        publicity.latest_of(session, found.response_id) is None
        and AGREEMENT.refusal("confirm", found, who) is None
    )
