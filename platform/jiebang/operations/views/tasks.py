"""What operations adds to 我的待办: organisations to verify, and one's own that waits for it."""

from __future__ import annotations

from flask import url_for
from sqlalchemy.orm import Session

from jiebang.boards.views.todo import Task
from jiebang.core.permissions import Actor, OrganisationRole, Permission
from jiebang.orgs import queries
from jiebang.orgs.models import OrganisationState


def verifications(session: Session, who: Actor) -> tuple[list[Task], list[Task]]:
    """Requests and claims for the operator; the state of their own for administrators."""
    mine: list[Task] = []
    waiting: list[Task] = []
    if who.can(Permission.ORGANISATION_VERIFY):
        for each in queries.waiting(session):
            claim = each.kind == "claim"
            if claim:
                url = url_for("orgs.review_claim", claim_id=each.id)
            else:
                url = url_for("orgs.review", request_id=each.id)
            what = "单位认领" if claim else "单位核验"
            mine.append(
                Task(url, each.organisation.name, f"{what} · {each.person}", each.due, "去核对")
            )
    seat = who.seat
    if seat is None or seat.role is not OrganisationRole.ADMINISTRATOR:
        return mine, waiting
    organisation = queries.organisation(session, seat.organisation_id)
    url = url_for("orgs.verification")
    if organisation.state is OrganisationState.SUBMITTED:
        request = queries.latest_request(session, organisation.id)
        due = queries.due_day(request.submitted_at) if request else None
        waiting.append(Task(url, organisation.name, "单位核验 · 等平台运营", due, "查看"))
    elif organisation.state is OrganisationState.RETURNED:
        mine.append(Task(url, organisation.name, "单位核验被退回，请按意见补正", None, "去补正"))
    elif organisation.state is OrganisationState.UNVERIFIED:
        mine.append(Task(url, organisation.name, "提交单位核验，通过后才能发布", None, "去提交"))
    return mine, waiting
