"""Agreements by who asks: only those who sign one read it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor

from ..responses.models import Response, Round
from .models import Agreement, AgreementEvent, AgreementParty, AgreementVersion
from .workflow import LIVE, PENDING


def _signed_by(organisation_id: int | None) -> ColumnElement[bool]:
    return Agreement.id.in_(
        select(AgreementParty.agreement_id).where(AgreementParty.organisation_id == organisation_id)
    )


def agreement(
    session: Session, agreement_id: int, actor: Actor, *, lock: bool = False
) -> Agreement:
    """An agreement of the organisation acted for; NotFound otherwise. Locking takes the listing's
    round first, so that publicity, selection and confirmation happen one after the other."""
    mine = (Agreement.id == agreement_id, _signed_by(actor.organisation_id))
    if actor.organisation_id is None:
        raise NotFound
    if lock:
        round_id = session.scalar(
            select(Response.round_id)
            .join(Agreement, Agreement.response_id == Response.id)
            .where(*mine)
        )
        if round_id is None:
            raise NotFound
        session.get_one(Round, round_id, with_for_update=True, populate_existing=True)
    query = select(Agreement).where(*mine)
    if lock:
        query = query.with_for_update(of=Agreement).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def version(session: Session, found: Agreement, number: int) -> AgreementVersion:
    """One version of an agreement; NotFound for a number it does not have."""
    row = session.scalars(
        select(AgreementVersion).where(
            AgreementVersion.agreement_id == found.id, AgreementVersion.number == number
        )
    ).first()
    if row is None:
        raise NotFound
    return row


def live_of(session: Session, response_id: int, *, lock: bool = False) -> Agreement | None:
    """The agreement on a response that is worked on or was agreed."""
    query = select(Agreement).where(Agreement.response_id == response_id, Agreement.state.in_(LIVE))
    return session.scalars(query.with_for_update(of=Agreement) if lock else query).first()


def latest_of(session: Session, response_id: int) -> Agreement | None:
    """The newest agreement on a response, ended ones too."""
    return session.scalars(
        select(Agreement)
        .where(Agreement.response_id == response_id)
        .order_by(Agreement.id.desc())
        .limit(1)
    ).first()


def of_organisation(session: Session, organisation_id: int) -> Sequence[Agreement]:
    """What an organisation signs, those that moved last first."""
    return session.scalars(
        select(Agreement)
        .where(_signed_by(organisation_id))
        .order_by(Agreement.updated_at.desc(), Agreement.id.desc())
    ).all()


def waiting_of(session: Session, organisation_id: int) -> Sequence[Agreement]:
    """Those among them that wait for somebody, the most urgent first."""
    return session.scalars(
        select(Agreement)
        .where(_signed_by(organisation_id), Agreement.state.in_(PENDING))
        .order_by(Agreement.due, Agreement.id)
    ).all()


def events(session: Session, agreement_id: int) -> Sequence[AgreementEvent]:
    """The steps of an agreement's life in order."""
    return session.scalars(
        select(AgreementEvent)
        .where(AgreementEvent.agreement_id == agreement_id)
        .order_by(AgreementEvent.id)
    ).all()
