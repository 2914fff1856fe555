"""Responses by who asks: a draft is its writer's; the issuer reads what passed the check."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.core.sides import Holder

from ..tracks.models import TrackVersion
from .models import MemberState, Response, ResponseEvent, ResponseMember, Round
from .workflow import LIVE, PENDING, ResponseState


def _readable(actor: Actor) -> ColumnElement[bool]:
    own = Response.organisation_id == actor.organisation_id
    received = and_(Response.issuer_id == actor.organisation_id, Response.qualified_at.is_not(None))
    rules = [own, received] if actor.organisation_id is not None else []
    if actor.can(Permission.LISTING_REVIEW):
        rules.append(Response.state == ResponseState.FILED)
    return or_(*rules) if rules else Response.id.is_(None)


def response(session: Session, response_id: int, actor: Actor, *, lock: bool = False) -> Response:
    """A response that the actor may read; NotFound otherwise. Locking takes the round first, so
    that filing and selecting on one listing happen one after the other."""
    if lock:
        round_id = session.scalar(
            select(Response.round_id).where(Response.id == response_id, _readable(actor))
        )
        if round_id is None:
            raise NotFound
        session.get_one(Round, round_id, with_for_update=True, populate_existing=True)
    query = select(Response).where(Response.id == response_id, _readable(actor))
    if lock:
        query = query.with_for_update(of=Response).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def partnered(session: Session, response_id: int, actor: Actor, *, lock: bool = False) -> Response:
    """A joint bid that the actor's organisation leads or is asked to join; NotFound otherwise.
    Locked as `response` locks."""
    joins = select(ResponseMember.response_id).where(
        ResponseMember.organisation_id == actor.organisation_id,
        ResponseMember.state != MemberState.DRAFT,
    )
    rule = and_(
        Response.id == response_id,
        or_(Response.organisation_id == actor.organisation_id, Response.id.in_(joins)),
    )
    if actor.organisation_id is None:
        raise NotFound
    query = select(Response).where(rule)
    if lock:
        round_id = session.scalar(select(Response.round_id).where(rule))
        if round_id is None:
            raise NotFound
        session.get_one(Round, round_id, with_for_update=True, populate_existing=True)
        query = query.with_for_update(of=Response).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def to_sign(session: Session, organisation_id: int) -> Sequence[ResponseMember]:
    """Splits that wait for an organisation's word, by their day."""
    return session.scalars(
        select(ResponseMember)
        .join(Response, Response.id == ResponseMember.response_id)
        .where(
            ResponseMember.organisation_id == organisation_id,
            ResponseMember.state == MemberState.ASKED,
            Response.state.in_((ResponseState.DRAFT, ResponseState.RETURNED)),
        )
        .order_by(ResponseMember.due, ResponseMember.id)
    ).all()


def joined(session: Session, organisation_id: int) -> Sequence[Response]:
    """Joint bids that an organisation is part of and does not lead, newest first."""
    return session.scalars(
        select(Response)
        .join(ResponseMember, ResponseMember.response_id == Response.id)
        .where(
            ResponseMember.organisation_id == organisation_id,
            ResponseMember.state != MemberState.DRAFT,
            Response.organisation_id != organisation_id,
        )
        .order_by(Response.updated_at.desc(), Response.id.desc())
    ).all()


def others_of(session: Session, found: Response, organisation_id: int) -> list[int]:
    """Live responses to the same listing, beside this one, that an organisation offers or has
    signed; merely being asked by somebody binds nobody."""
    joins = select(ResponseMember.response_id).where(
        ResponseMember.organisation_id == organisation_id,
        ResponseMember.state == MemberState.CONFIRMED,
    )
    return list(
        session.scalars(
            select(Response.id).where(
                Response.listing_id == found.listing_id,
                Response.id != found.id,
                Response.state.in_(LIVE),
                or_(Response.organisation_id == organisation_id, Response.id.in_(joins)),
            )
        )
    )


def of_organisation(session: Session, organisation_id: int) -> Sequence[Response]:
    """What an organisation wrote or received, those that moved last first."""
    return session.scalars(
        select(Response)
        .where(
            or_(
                Response.organisation_id == organisation_id,
                and_(Response.issuer_id == organisation_id, Response.qualified_at.is_not(None)),
            )
        )
        .order_by(Response.updated_at.desc(), Response.id.desc())
    ).all()


def waiting_for(
    session: Session, organisation_ids: Collection[int], before: date
) -> list[tuple[Response, int]]:
    """Responses that should have been acted on before a day, by one of these organisations: with
    the organisation whose turn it is, the oldest first."""
    if not organisation_ids:
        return []
    rows = session.scalars(
        select(Response)
        .where(
            Response.state.in_(PENDING),
            Response.due < before,
            or_(
                and_(Response.holder == Holder.ISSUER, Response.issuer_id.in_(organisation_ids)),
                and_(
                    Response.holder == Holder.RESPONDER,
                    Response.organisation_id.in_(organisation_ids),
                ),
            ),
        )
        .order_by(Response.due, Response.id)
    )
    return [
        (each, each.issuer_id if each.holder is Holder.ISSUER else each.organisation_id)
        for each in rows
    ]


def received(session: Session, listing_id: int) -> Sequence[Response]:
    """Responses to a listing that its owner may read, in the order of filing."""
    return session.scalars(
        select(Response)
        .where(Response.listing_id == listing_id, Response.qualified_at.is_not(None))
        .order_by(Response.filed_at, Response.id)
    ).all()


def pending_on(session: Session, listing_id: int) -> Sequence[Response]:
    """Drafts and responses that somebody waits for on a listing, locked."""
    states = (ResponseState.DRAFT, *PENDING)
    return session.scalars(
        select(Response)
        .where(Response.listing_id == listing_id, Response.state.in_(states))
        .order_by(Response.id)
        .with_for_update(of=Response)
    ).all()


def unfiled(session: Session, listing_ids: Collection[int]) -> Sequence[Response]:
    """Answers to some listings that are being written or improved, in their order."""
    return session.scalars(
        select(Response)
        .where(
            Response.listing_id.in_(listing_ids),
            Response.state.in_((ResponseState.DRAFT, ResponseState.RETURNED)),
        )
        .order_by(Response.id)
    ).all()


def selected_on(session: Session, listing_id: int) -> Sequence[Response]:
    """The winners of a listing, in the order of their places."""
    return session.scalars(
        select(Response)
        .where(Response.listing_id == listing_id, Response.state == ResponseState.SELECTED)
        .order_by(Response.slot)
    ).all()


def live_of(session: Session, listing_id: int, organisation_id: int) -> Sequence[Response]:
    """An organisation's live responses to a listing, newest first."""
    return session.scalars(
        select(Response)
        .where(
            Response.listing_id == listing_id,
            Response.organisation_id == organisation_id,
            Response.state.in_(LIVE),
        )
        .order_by(Response.id.desc())
    ).all()


def latest_of(session: Session, listing_id: int, organisation_id: int) -> Response | None:
    """An organisation's newest response to a listing, ended ones too."""
    return session.scalars(
        select(Response)
        .where(Response.listing_id == listing_id, Response.organisation_id == organisation_id)
        .order_by(Response.id.desc())
    ).first()


def to_check(session: Session) -> Sequence[Response]:
    """What waits for the platform's formality check, the oldest first."""
    return session.scalars(
        select(Response)
        .where(Response.state == ResponseState.FILED)
        .order_by(Response.due, Response.id)
    ).all()


def round_of(session: Session, listing_id: int, *, lock: bool = False) -> Round | None:
    """The round of a listing, once anybody began to answer it."""
    query = select(Round).where(Round.listing_id == listing_id)
    return session.scalars(query.with_for_update() if lock else query).first()


def rules_of(session: Session, found: Response) -> TrackVersion:
    """The version of the track that the response's round began with."""
    return session.scalars(
        select(TrackVersion)
        .join(Round, Round.track_version_id == TrackVersion.id)
        .where(Round.id == found.round_id)
    ).one()


def events(session: Session, response_id: int) -> Sequence[ResponseEvent]:
    """The steps of a response's life in order."""
    return session.scalars(
        select(ResponseEvent)
        .where(ResponseEvent.response_id == response_id)
        .order_by(ResponseEvent.id)
    ).all()
