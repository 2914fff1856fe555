"""A project starts with the last confirmation of its agreement, in the same transaction."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses.models import Response
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.core.sides import Side

from .. import queries
from ..models import Milestone, Project, ProjectInstalment, ProjectParty
from ..workflow import InstalmentState, MilestoneState, Party, ProjectState, Turn
from .steps import hand, note, tell_both

FINAL = "验收"
"""The last row of an agreement that says so is passed together with the acceptance."""
A_YEAR = timedelta(days=365)


def agreed(session: Session, actor: Actor, agreement: Agreement) -> None:
    """Starts the project of an agreement: what is agreed as instalments are its milestones."""
    start(session, actor, agreement)


def start(session: Session, actor: Actor, agreement: Agreement) -> Project:
    """The same; a second call returns what the first one made."""
    known = queries.of_agreement(session, agreement.id)
    if known is not None:
        return known
    # whoever has the problem pays: the owner of a need, or who answered an outcome
    need = agreement.listing.board is Board.NEED
    sides = {
        Side.ISSUER: Party.CLIENT if need else Party.SOLVER,
        Side.RESPONDER: Party.SOLVER if need else Party.CLIENT,
    }
    response = session.get_one(Response, agreement.response_id)
    rows = sorted(agreement.newest.instalments, key=lambda each: each.position)
    found = Project(
        agreement_id=agreement.id,
        listing_id=agreement.listing_id,
        client_id=agreement.issuer_id if need else agreement.organisation_id,
        solver_id=agreement.organisation_id if need else agreement.issuer_id,
        track_version_id=responses.rules_of(session, response).id,
        state=ProjectState.RUNNING,
        total=agreement.total,
        started_at=clock.now(),
        planned_end=max([row.due for row in rows], default=clock.today() + A_YEAR),
        holder=Turn.SOLVER,
        parties=[
            ProjectParty(organisation_id=each.organisation_id, party=sides[each.side])
            for each in agreement.parties
        ],
    )
    found.until = found.planned_end
    found.listing = agreement.listing
    session.add(found)
    session.flush()
    session.refresh(found, ["rules"])
    for position, row in enumerate(rows, 1):
        final = position == len(rows) and FINAL in row.label
        milestone = _milestone(found, position, row.label, row.condition, row.due, final)
        session.add(milestone)
        session.flush()
        if row.amount:
            session.add(
                ProjectInstalment(
                    project_id=found.id, milestone_id=milestone.id, position=position,
                    amount=row.amount, state=InstalmentState.PLANNED,
                )
            )  # fmt: skip
    if not rows:
        session.add(_milestone(found, 1, "项目验收", "", found.planned_end, True))
    session.flush()
    note(session, actor, found, "start", "协议签订，项目开始", money=found.total)
    tell_both(session, found, "项目已开始", actor)
    return found


def _milestone(
    found: Project, position: int, label: str, condition: str, planned: object, final: bool
) -> Milestone:
    made = Milestone(
        project_id=found.id, position=position, label=label, condition=condition,
        planned=planned, final=final, state=MilestoneState.DUE,
    )  # fmt: skip
    hand(made, Turn.SOLVER, made.planned)
    return made
