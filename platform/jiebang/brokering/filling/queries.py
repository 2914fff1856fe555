"""Fillings by who asks: the organisation from the moment it was told, its specialist always."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission

from .models import Filling
from .workflow import LIVE, PENDING, TOLD, FillingState


def _readable(actor: Actor) -> ColumnElement[bool]:
    rules: list[ColumnElement[bool]] = []
    if actor.organisation_id is not None:
        rules.append(
            and_(Filling.organisation_id == actor.organisation_id, Filling.state.in_(TOLD))
        )
    if actor.user_id is not None and actor.can(Permission.INTRODUCE):
        rules.append(Filling.specialist_id == actor.user_id)
    return or_(false(), *rules)


def filling(session: Session, filling_id: int, actor: Actor, *, lock: bool = False) -> Filling:
    """For the organisation and its present specialist; NotFound for everybody else."""
    query = select(Filling).where(Filling.id == filling_id, _readable(actor))
    if lock:
        query = query.with_for_update(of=Filling).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def of_specialist(session: Session, actor: Actor) -> Sequence[Filling]:
    """What runs and is the actor's work, by its day."""
    return session.scalars(
        select(Filling)
        .where(Filling.specialist_id == actor.user_id, Filling.state.in_(LIVE))
        .order_by(Filling.due.is_(None), Filling.due, Filling.id)
    ).all()


def to_confirm(session: Session, organisation_id: int) -> Sequence[Filling]:
    """What waits for an organisation's word, by its day."""
    return session.scalars(
        select(Filling)
        .where(Filling.organisation_id == organisation_id, Filling.state == FillingState.PROPOSED)
        .order_by(Filling.due, Filling.id)
    ).all()


def on_organisation(session: Session, organisation_id: int, actor: Actor) -> Sequence[Filling]:
    """Everything that was filled in for an organisation and that the actor reads, newest first."""
    return session.scalars(
        select(Filling)
        .where(Filling.organisation_id == organisation_id, _readable(actor))
        .order_by(Filling.id.desc())
    ).all()


def moved_with(session: Session, organisation_id: int) -> Sequence[Filling]:
    """What runs for an organisation: it goes to whoever serves it next."""
    return session.scalars(
        select(Filling)
        .where(Filling.organisation_id == organisation_id, Filling.state.in_(LIVE))
        .order_by(Filling.id)
        .with_for_update(of=Filling)
    ).all()


def overdue(session: Session, day: date, limit: int) -> Sequence[Filling]:
    """What should have been acted on before a day, the oldest first."""
    return session.scalars(
        select(Filling)
        .where(Filling.state.in_(PENDING), Filling.due < day)
        .order_by(Filling.due, Filling.id)
        .limit(limit)
    ).all()
