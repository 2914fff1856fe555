"""True outcomes: what was signed, accepted and paid, never what was intended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.boards.models import Listing
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation

from ..projects import queries as projects
from ..projects.models import GrantPayment, Project, ProjectInstalment
from ..projects.workflow import GrantState, Party
from .models import Case


@dataclass(frozen=True, slots=True)
class Count:
    """Outcomes of one industry, or of all."""

    signed: int = 0
    signed_fen: int = 0
    accepted: int = 0
    paid_fen: int = 0
    """Confirmed by the receivers."""


def by_industry(session: Session) -> dict[str, Count]:
    """Outcomes by the listing's industry; "" where it has none."""
    signed = {
        industry: (number, fen)
        for industry, number, fen in session.execute(
            select(Listing.industry, func.count(), func.coalesce(func.sum(Agreement.total), 0))
            .join(Agreement, Agreement.listing_id == Listing.id)
            .where(Agreement.state == AgreementState.AGREED)
            .group_by(Listing.industry)
        )
    }
    accepted: dict[str, int] = dict(
        session.execute(
            select(Listing.industry, func.count())
            .join(Project, Project.listing_id == Listing.id)
            .where(Project.accepted_at.is_not(None))
            .group_by(Listing.industry)
        ).all()
    )
    paid: dict[str, int] = dict(
        session.execute(
            select(Listing.industry, func.coalesce(func.sum(ProjectInstalment.paid), 0))
            .join(Project, Project.listing_id == Listing.id)
            .join(ProjectInstalment, ProjectInstalment.project_id == Project.id)
            .group_by(Listing.industry)
        ).all()
    )
    return {
        industry: Count(*signed.get(industry, (0, 0)), accepted.get(industry, 0),
                        int(paid.get(industry, 0)))
        for industry in {*signed, *accepted, *paid}
    }  # fmt: skip


def total(counts: dict[str, Count]) -> Count:
    """All industries together."""
    return Count(
        sum(each.signed for each in counts.values()),
        sum(each.signed_fen for each in counts.values()),
        sum(each.accepted for each in counts.values()),
        sum(each.paid_fen for each in counts.values()),
    )


def granted(session: Session) -> int:
    """Fen of grants that were paid out."""
    found = session.scalar(
        select(func.coalesce(func.sum(GrantPayment.amount), 0)).where(
            GrantPayment.state == GrantState.PAID
        )
    )
    return int(found or 0)


def cases(session: Session, limit: int) -> Sequence[Case]:
    """Public cases, the latest first."""
    return session.scalars(
        select(Case)
        .where(Case.published_at.is_not(None))
        .order_by(Case.published_at.desc(), Case.id.desc())
        .limit(limit)
    ).unique().all()  # fmt: skip


def public(session: Session, case_id: int) -> Case:
    """One public case; NotFound while a party has not agreed."""
    found = session.scalars(
        select(Case).where(Case.id == case_id, Case.published_at.is_not(None))
    ).unique().first()  # fmt: skip
    if found is None:
        raise NotFound
    return found


def for_party(
    session: Session, project_id: int, actor: Actor, *, lock: bool = False
) -> tuple[Project, Case | None]:
    """An accepted project of one's own, and its case where one was written."""
    project = projects.project(session, project_id, actor, lock=lock)
    if project.side_of(actor) is None:
        raise NotFound
    query = select(Case).where(Case.project_id == project_id)
    if lock:
        query = query.with_for_update(of=Case).execution_options(populate_existing=True)
    return project, session.scalars(query).unique().first()


def shown_name(session: Session, found: Case, party: Party) -> str:
    """A side as the public reads it: by name where it said so, by its category otherwise."""
    named = found.client_named if party is Party.CLIENT else found.solver_named
    rows = [session.get_one(Organisation, each) for each in found.project.ids_of(party)]
    if named:
        return "、".join(row.name for row in rows)
    words = {"enterprise": "某企业", "university": "某高校", "institute": "某科研院所"}
    return words.get(str(rows[0].category.value), "某单位")
