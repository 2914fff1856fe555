"""Projects by who asks: their parties, and the platform while something waits for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from jiebang.core.audit import AuditEntry
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.core.uploads import Upload

from .models import (
    Acceptance,
    Evidence,
    GrantPayment,
    Milestone,
    MilestoneCheck,
    Project,
    ProjectEvent,
    ProjectInstalment,
    ProjectParty,
    Recovery,
    Request,
)
from .workflow import (
    BACK,
    GRANTING,
    UNDECIDED,
    UNJUDGED,
    UNPAID,
    UNSETTLED,
    AcceptanceState,
    MilestoneState,
    ProjectState,
    RequestState,
    Turn,
)

Waiting = Milestone | ProjectInstalment | Acceptance | Request | Recovery | GrantPayment
PARTS: dict[type[Any], Collection[str]] = {
    Milestone: UNJUDGED,
    ProjectInstalment: UNPAID,
    Acceptance: UNDECIDED,
    Request: UNSETTLED,
    Recovery: BACK,
    GrantPayment: GRANTING,
}
"""What belongs to a project and in which of its states somebody waits for it."""
Kind = TypeVar("Kind", Milestone, ProjectInstalment, Acceptance, Request, Recovery, GrantPayment)


def _mine(actor: Actor) -> ColumnElement[bool]:
    return exists().where(
        ProjectParty.project_id == Project.id, ProjectParty.organisation_id == actor.organisation_id
    )


def _readable(actor: Actor) -> ColumnElement[bool]:
    rules = [_mine(actor)] if actor.organisation_id is not None else []
    if actor.can(Permission.LISTING_REVIEW):
        rules += [
            exists().where(
                Milestone.project_id == Project.id, Milestone.state == MilestoneState.CHECKING
            ),
            exists().where(
                Acceptance.project_id == Project.id, Acceptance.state == AcceptanceState.CHECKING
            ),
            exists().where(
                Request.project_id == Project.id, Request.state == RequestState.MEDIATING
            ),
        ]
    if actor.can(Permission.GRANTS_MANAGE):
        rules.append(
            exists().where(GrantPayment.project_id == Project.id, GrantPayment.state.in_(GRANTING))
        )
    return or_(*rules) if rules else Project.id.is_(None)


def project(session: Session, project_id: int, actor: Actor, *, lock: bool = False) -> Project:
    """A project that the actor may read; NotFound otherwise. Its lock is the project's alone:
    whatever moves in it is loaded after it."""
    query = select(Project).where(Project.id == project_id, _readable(actor))
    if lock:
        query = query.with_for_update(of=Project).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound
    return found


def part(session: Session, kind: type[Kind], part_id: int, actor: Actor) -> Kind:
    """Something of a project that the actor may read, under the project's lock."""
    project_id = session.scalar(select(kind.project_id).where(kind.id == part_id))
    if project_id is None:
        raise NotFound
    project(session, project_id, actor, lock=True)
    query = select(kind).where(kind.id == part_id).with_for_update(of=kind)
    return session.scalars(query.execution_options(populate_existing=True)).unique().one()


def check(session: Session, check_id: int, actor: Actor, *, lock: bool = False) -> MilestoneCheck:
    """An expert's own part in confirming a milestone; NotFound for everybody else. Locking takes
    the project first."""
    query = select(MilestoneCheck).where(
        MilestoneCheck.id == check_id, MilestoneCheck.expert_id == actor.user_id
    )
    found = session.scalars(query).unique().first() if actor.can(Permission.REVIEW_SCORE) else None
    if found is None:
        raise NotFound
    if lock:
        project_id = found.milestone.project_id
        session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
        for kind, key in ((Milestone, found.milestone_id), (MilestoneCheck, found.id)):
            session.get_one(kind, key, with_for_update={"of": kind}, populate_existing=True)
    return found


def checks_of(session: Session, actor: Actor) -> Sequence[MilestoneCheck]:
    """Milestones that a person was asked to confirm, the latest first."""
    if not actor.can(Permission.REVIEW_SCORE):
        return []
    return session.scalars(
        select(MilestoneCheck)
        .where(MilestoneCheck.expert_id == actor.user_id)
        .order_by(MilestoneCheck.id.desc())
    ).unique().all()  # fmt: skip


def of_agreement(session: Session, agreement_id: int) -> Project | None:
    """The project that an agreement started."""
    return session.scalars(
        select(Project).where(Project.agreement_id == agreement_id)
    ).unique().first()  # fmt: skip


def of_organisation(session: Session, organisation_id: int) -> Sequence[Project]:
    """The projects that an organisation takes part in, the latest first."""
    return session.scalars(
        select(Project)
        .where(
            exists().where(
                ProjectParty.project_id == Project.id,
                ProjectParty.organisation_id == organisation_id,
            )
        )
        .order_by(Project.started_at.desc(), Project.id.desc())
    ).unique().all()  # fmt: skip


def everything(session: Session, page: int, size: int) -> Sequence[Project]:
    """All projects, what is due first, those that ended last."""
    return (
        session.scalars(
            select(Project)
            .order_by(Project.until.is_(None), Project.until, Project.id.desc())
            .offset(page * size)
            .limit(size)
        )
        .unique()
        .all()
    )


def count(session: Session) -> int:
    """How many projects there are."""
    return session.scalar(select(func.count()).select_from(Project)) or 0


def on_listing(session: Session, listing_id: int, actor: Actor) -> Sequence[Project]:
    """The actor's own projects on a listing."""
    return session.scalars(
        select(Project).where(Project.listing_id == listing_id, _mine(actor)).order_by(Project.id)
    ).unique().all()  # fmt: skip


def milestones(session: Session, project_id: int) -> Sequence[Milestone]:
    """In the order of the agreement, like the instalments."""
    return session.scalars(
        select(Milestone).where(Milestone.project_id == project_id).order_by(Milestone.position)
    ).unique().all()  # fmt: skip


def instalments(session: Session, project_id: int) -> Sequence[ProjectInstalment]:
    """The payments from client to solver."""
    return session.scalars(
        select(ProjectInstalment)
        .where(ProjectInstalment.project_id == project_id)
        .order_by(ProjectInstalment.position)
    ).unique().all()  # fmt: skip


def acceptances(session: Session, project_id: int) -> Sequence[Acceptance]:
    """All attempts, the latest first."""
    return session.scalars(
        select(Acceptance)
        .where(Acceptance.project_id == project_id)
        .order_by(Acceptance.number.desc())
    ).unique().all()  # fmt: skip


def requests(session: Session, project_id: int) -> Sequence[Request]:
    """Extensions and terminations asked for, the latest first."""
    return session.scalars(
        select(Request).where(Request.project_id == project_id).order_by(Request.id.desc())
    ).unique().all()  # fmt: skip


def recoveries(session: Session, project_id: int) -> Sequence[Recovery]:
    """Money that goes back, the latest first."""
    return session.scalars(
        select(Recovery).where(Recovery.project_id == project_id).order_by(Recovery.id.desc())
    ).unique().all()  # fmt: skip


def grants(session: Session, project_id: int) -> Sequence[GrantPayment]:
    """What was proposed and granted, the latest first."""
    return session.scalars(
        select(GrantPayment)
        .where(GrantPayment.project_id == project_id)
        .order_by(GrantPayment.id.desc())
    ).unique().all()  # fmt: skip


def events(session: Session, project_id: int) -> Sequence[ProjectEvent]:
    """The steps of a project's life in order."""
    return session.scalars(
        select(ProjectEvent).where(ProjectEvent.project_id == project_id).order_by(ProjectEvent.id)
    ).all()


def files(session: Session, project_id: int) -> list[tuple[Evidence, Upload]]:
    """Every file that was handed in, in order."""
    rows = session.execute(
        select(Evidence, Upload)
        .join(Upload, Upload.id == Evidence.upload_id)
        .where(Evidence.project_id == project_id)
        .order_by(Evidence.id)
    )
    return [(evidence, upload) for evidence, upload in rows]


def file(session: Session, found: Project, evidence_id: int) -> Upload:
    """A file of a project that was loaded for its reader; NotFound otherwise."""
    upload = session.scalars(
        select(Upload)
        .join(Evidence, Evidence.upload_id == Upload.id)
        .where(Evidence.id == evidence_id, Evidence.project_id == found.id)
    ).first()
    if upload is None:
        raise NotFound
    return upload


def waiting(session: Session, project_ids: Collection[int]) -> list[Waiting]:
    """What waits in some projects, by date."""
    found: list[Waiting] = []
    for kind, states in PARTS.items():
        found += session.scalars(
            select(kind).where(kind.project_id.in_(project_ids), kind.state.in_(states))
        ).unique()
    return sorted(found, key=lambda each: (each.until or date.max, each.project_id, each.id))


def paid(session: Session, project_ids: Collection[int]) -> dict[int, int]:
    """Confirmed payments by project, in fen; nothing for projects without instalments."""
    rows = session.execute(
        select(ProjectInstalment.project_id, func.sum(ProjectInstalment.paid))
        .where(ProjectInstalment.project_id.in_(project_ids))
        .group_by(ProjectInstalment.project_id)
    )
    return {project_id: int(fen) for project_id, fen in rows}


def for_platform(session: Session) -> list[Waiting]:
    """What waits for the platform, in any project, by date."""
    wanted = {
        kind: and_(kind.state.in_(states), kind.holder == Turn.OPERATOR)
        for kind, states in PARTS.items()
    }
    found: list[Waiting] = []
    for kind in _kinds_with(session, wanted):
        found += session.scalars(select(kind).where(wanted[kind])).unique()
    return sorted(found, key=lambda each: (each.until or date.max, each.id))


def overdue(session: Session, before: date, limit: int) -> list[Waiting | Project]:
    """What should have been done before a day: parts, and projects past their planned end."""
    wanted: dict[Any, ColumnElement[bool]] = {
        kind: and_(kind.state.in_(states), kind.until < before) for kind, states in PARTS.items()
    }
    wanted[Project] = and_(Project.state == ProjectState.RUNNING, Project.until < before)
    found: list[Waiting | Project] = []
    for kind in _kinds_with(session, wanted):
        found += session.scalars(
            select(kind).where(wanted[kind]).order_by(kind.until, kind.id).limit(limit)
        ).unique()
    return sorted(found, key=lambda each: (each.until or date.max, each.id))[:limit]


def _kinds_with(session: Session, wanted: Mapping[Any, ColumnElement[bool]]) -> list[Any]:
    """Those tables that hold such a row, in one statement: on most days most of them hold none."""
    kinds = list(wanted)
    parts = [
        select(literal(n).label("kind")).where(select(kind.id).where(wanted[kind]).exists())
        for n, kind in enumerate(kinds)
    ]
    return [kinds[n] for n in sorted(session.scalars(union_all(*parts)))]


def trail(session: Session, targets: Collection[tuple[str, str]]) -> Sequence[AuditEntry]:
    """The audit's rows on some objects, in order."""
    wanted = [
        and_(AuditEntry.target_type == kind, AuditEntry.target_id == key) for kind, key in targets
    ]
    return session.scalars(
        select(AuditEntry).where(or_(*wanted)).order_by(AuditEntry.id)
    ).all()  # fmt: skip
