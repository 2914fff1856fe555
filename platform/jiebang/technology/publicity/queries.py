"""Publicities are public; the objections to them are the objector's and the operators'."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.responses.models import Response, Round
from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission

from .models import Objection, Publicity
from .workflow import ObjectionState, PublicityState

SHOWN = 100
KEPT = (PublicityState.RUNNING, PublicityState.ENDED)


def running(session: Session) -> Sequence[Publicity]:
    """What is public now, those that end first first."""
    return session.scalars(
        select(Publicity)
        .where(Publicity.state == PublicityState.RUNNING)
        .order_by(Publicity.ends, Publicity.id)
    ).all()


def past(session: Session) -> Sequence[Publicity]:
    """What was public, the latest first."""
    return session.scalars(
        select(Publicity)
        .where(Publicity.state != PublicityState.RUNNING)
        .order_by(Publicity.closed_at.desc(), Publicity.id.desc())
        .limit(SHOWN)
    ).all()


def publicity(session: Session, publicity_id: int, *, lock: bool = False) -> Publicity:
    """One publicity, for anybody. Locking takes the listing's round first."""
    if lock:
        round_id = session.scalar(
            select(Response.round_id)
            .join(Publicity, Publicity.response_id == Response.id)
            .where(Publicity.id == publicity_id)
        )
        if round_id is None:
            raise NotFound
        session.get_one(Round, round_id, with_for_update=True, populate_existing=True)
    query = select(Publicity).where(Publicity.id == publicity_id)
    if lock:
        query = query.with_for_update(of=Publicity).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def of_response(session: Session, response_id: int) -> Publicity | None:
    """The publicity that stands for a selection: running or ended well."""
    return session.scalars(
        select(Publicity).where(Publicity.response_id == response_id, Publicity.state.in_(KEPT))
    ).first()


def latest_of(session: Session, response_id: int) -> Publicity | None:
    """The newest publicity of a selection, whatever came of it."""
    return session.scalars(
        select(Publicity)
        .where(Publicity.response_id == response_id)
        .order_by(Publicity.id.desc())
        .limit(1)
    ).first()


def on_listing(session: Session, listing_id: int) -> Sequence[Publicity]:
    """What is public now of a listing."""
    return session.scalars(
        select(Publicity)
        .where(Publicity.listing_id == listing_id, Publicity.state == PublicityState.RUNNING)
        .order_by(Publicity.id)
    ).all()


def takes_objections(found: Publicity) -> bool:
    """Whether it is still within its days, by the server's clock."""
    return found.state is PublicityState.RUNNING and clock.today() <= found.ends


def _readable(actor: Actor):  # type: ignore[no-untyped-def]
    """An objector reads the own one; operators read all, parties of the selection none."""
    if actor.can(Permission.LISTING_REVIEW):
        return Objection.id.is_not(None)
    return Objection.user_id == actor.user_id


def objection(
    session: Session, objection_id: int, actor: Actor, *, lock: bool = False
) -> Objection:
    """An objection that the actor may read; NotFound otherwise."""
    query = select(Objection).where(Objection.id == objection_id, _readable(actor))
    found = session.scalars(query).first() if actor.user_id is not None else None
    if found is None or (found.user_id != actor.user_id and found.publicity.belongs_to(actor)):
        raise NotFound  # a party's own people never learn who objected
    if not lock:
        return found
    publicity(session, found.publicity_id, lock=True)
    query = query.with_for_update(of=Objection).execution_options(populate_existing=True)
    return session.scalars(query).one()


def own(session: Session, found: Publicity, actor: Actor) -> Sequence[Objection]:
    """What the actor holds against a selection."""
    return session.scalars(
        select(Objection)
        .where(Objection.publicity_id == found.id, Objection.user_id == actor.user_id)
        .order_by(Objection.id)
    ).all()


def open_objections(session: Session) -> Sequence[Objection]:
    """What waits for the platform's decision, the most urgent first."""
    return session.scalars(
        select(Objection)
        .where(Objection.state == ObjectionState.OPEN)
        .order_by(Objection.due, Objection.id)
    ).all()


def of_person(session: Session, user_id: int) -> Sequence[Objection]:
    """A person's objections that wait."""
    return session.scalars(
        select(Objection)
        .where(Objection.user_id == user_id, Objection.state == ObjectionState.OPEN)
        .order_by(Objection.due, Objection.id)
    ).all()


def undecided(session: Session, publicity_id: int) -> int:
    """How many objections of a publicity are not decided."""
    return len(
        session.scalars(
            select(Objection.id).where(
                Objection.publicity_id == publicity_id, Objection.state == ObjectionState.OPEN
            )
        ).all()
    )
