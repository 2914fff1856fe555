"""Selected responses, agreements and projects for the walk over all routes."""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import select

from jiebang.boards.agreements import queries as agreements
from jiebang.boards.agreements import services as agreement_services
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.models import Response
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.reviews.workflow import AssignmentState
from jiebang.core import clock
from jiebang.core.permissions import Actor
from jiebang.core.uploads import Received
from jiebang.technology.grants.models import GrantTable
from jiebang.technology.projects import queries as projects
from jiebang.technology.projects import services as project_services
from jiebang.technology.projects.models import (
    Acceptance,
    GrantPayment,
    MilestoneCheck,
    Recovery,
    RequestKind,
)
from jiebang.technology.projects.workflow import (
    AcceptanceState,
    GrantState,
    RecoveryState,
    Turn,
)
from jiebang.technology.results.models import Case as Shown
from tests.factories import World
from tests.technology.agreements_scene import complete as written

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def response_in(session: Any, world: World, issuer: Actor, solver: Actor, code: str) -> Response:
    """A response that was selected."""
    found = responses.begin(session, solver, world._load(session, code))
    texts = {"leader": "钱工", "approach": "激光焊。", "plan": "三个月。"}
    responses.save(session, solver, found, texts, 0, [Reply("met", "测过。")] * len(found.answers))
    responses.file(session, solver, found)
    responses.select(session, issuer, found)
    session.flush()
    return found


def selected_in(session: Any, world: World, issuer: Actor, solver: Actor, code: str) -> Agreement:
    """An agreement on a selected response that lies before its parties."""
    response = response_in(session, world, issuer, solver, code)
    found = agreements.live_of(session, response.id)
    assert found is not None
    agreement_services.save(session, issuer, found, 1, written({**found.newest.content}))
    agreement_services.propose(session, issuer, found)
    return found


def project_in(
    session: Any, world: World, solver: Actor, agreement: Agreement, expert: Actor
) -> dict[Any, Any]:
    """A project with one of everything, as far as keys are asked for."""
    found = projects.of_agreement(session, agreement.id)
    assert found is not None
    moment, day = clock.now(), clock.today()
    first = projects.milestones(session, found.id)[0]
    received = [Received(io.BytesIO(PDF), "样件.pdf")]
    project_services.milestones.file(
        session, solver, first, "样件三件。", received, world.settings.uploads, 10_000
    )
    asked = project_services.requests.ask(
        session, solver, found, RequestKind.EXTENSION, "原料推迟。", months=2
    )
    table = session.scalars(select(GrantTable)).first()
    waits: dict[str, Any] = {"project_id": found.id, "until": day}
    acceptance = Acceptance(**waits, number=1, state=AcceptanceState.FILED, summary="完成",
                            filed_at=moment, holder=Turn.CLIENT)  # fmt: skip
    recovery = Recovery(**waits, amount=100, state=RecoveryState.CLAIMED, basis="未用",
                        claimed_at=moment, holder=Turn.SOLVER)  # fmt: skip
    grant = GrantPayment(**waits, version_id=table.versions[0].id, table_id=table.id, name="首笔",
                         amount=100, inputs={}, steps=["固定金额"], state=GrantState.PROPOSED,
                         proposed_at=moment, holder=Turn.OPERATOR)  # fmt: skip
    found.accepted_at = moment
    shown = Shown(project_id=found.id, title="样品案例", text="效果很好。", changed_at=moment,
                  client_agreed_at=moment, solver_agreed_at=moment,
                  published_at=moment)  # fmt: skip
    check = MilestoneCheck(milestone_id=first.id, expert_id=expert.user_id, assigned_at=moment,
                           assigned_by=expert.user_id,
                           state=AssignmentState.ASSIGNED)  # fmt: skip
    session.add_all([check, acceptance, recovery, grant, shown])
    session.flush()
    return {
        "project_id": found.id,
        "milestone_id": first.id,
        "instalment_id": projects.instalments(session, found.id)[0].id,
        "evidence_id": projects.files(session, found.id)[0][0].id,
        "acceptance_id": acceptance.id,
        "check_id": check.id,
        ("projects.reply", "request_id"): asked.id,
        ("projects.mediate", "request_id"): asked.id,
        "recovery_id": recovery.id,
        "grant_id": grant.id,
        "table_id": table.id,
        "case_id": shown.id,
    }
