"""Figures for the operator and rows for the auditor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import Session

from jiebang.boards.models import Listing
from jiebang.boards.workflow import ListingState
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.orgs.models import Organisation


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What the audit page was narrowed to."""

    action: str = ""
    person: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None


def trail(
    session: Session, where: TrailFilter, number: int, size: int
) -> tuple[Sequence[AuditEntry], int]:
    """One page of audit rows, newest first, and how many there are."""
    rules = []
    if where.action:
        rules.append(AuditEntry.action == where.action)
    if where.person:
        rules.append(AuditEntry.actor_label.contains(where.person, autoescape=True))
    if where.target:
        kind, _, key = where.target.partition(":")
        rules.append(
            and_(AuditEntry.target_type == kind, AuditEntry.target_id == key)
            if key
            else or_(AuditEntry.target_id == kind, AuditEntry.target_type == kind)
        )
    if where.since is not None:
        rules.append(AuditEntry.at >= where.since)
    if where.until is not None:
        rules.append(AuditEntry.at < where.until)
    rule = and_(true(), *rules)
    total = session.scalar(select(func.count()).select_from(AuditEntry).where(rule)) or 0
    rows = session.scalars(
        select(AuditEntry)
        .where(rule)
        .order_by(AuditEntry.id.desc())
        .limit(size)
        .offset((number - 1) * size)
    ).all()
    return rows, total


def actions(session: Session) -> list[str]:
    """Names of all actions that occur."""
    query = select(AuditEntry.action).distinct().order_by(AuditEntry.action)
    return list(session.scalars(query))


def states_by_board(session: Session) -> dict[Board, dict[ListingState, int]]:
    """How many listings of each board stand in each state."""
    rows = session.execute(
        select(Listing.board, Listing.state, func.count()).group_by(Listing.board, Listing.state)
    )
    found: dict[Board, dict[ListingState, int]] = {board: {} for board in Board}
    for board, state, number in rows:
        found[board][state] = number
    return found


def organisations_by_state(session: Session) -> dict[str, int]:
    """How many organisations are verified, waiting, unclaimed."""
    rows = session.execute(
        select(Organisation.state, Organisation.claimed, func.count()).group_by(
            Organisation.state, Organisation.claimed
        )
    )
    found: dict[str, int] = {}
    for state, claimed, number in rows:
        name = state.value if claimed else "unclaimed"
        found[name] = found.get(name, 0) + number
    return found


@dataclass(frozen=True, slots=True)
class ReviewTimes:
    """How long reviews took lately, in hours."""

    decided: int
    median_hours: float | None


def review_times(session: Session, days: int = 30) -> ReviewTimes:
    """From submission to publication, for listings published in the last days."""
    rows = session.execute(
        select(Listing.submitted_at, Listing.published_at).where(
            Listing.submitted_at.is_not(None),
            Listing.published_at >= clock.now() - timedelta(days=days),
        )
    )
    hours = sorted(
        (published - submitted).total_seconds() / 3600
        for submitted, published in rows
        if submitted and published and published >= submitted
    )
    return ReviewTimes(len(hours), hours[len(hours) // 2] if hours else None)


def jobs(session: Session) -> dict[str, int]:
    """Open and failed background jobs."""
    waiting = session.scalar(
        select(func.count()).select_from(Job).where(Job.done_at.is_(None), Job.failed_at.is_(None))
    )
    failed = session.scalar(select(func.count()).select_from(Job).where(Job.failed_at.is_not(None)))
    return {"waiting": waiting or 0, "failed": failed or 0}
