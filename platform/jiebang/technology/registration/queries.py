"""Registrations by who asks: the parties of their agreement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.boards.agreements.models import Agreement, AgreementParty
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor

from .models import Registration, RegistrationEvent
from .workflow import PENDING


def registration(
    session: Session, agreement_id: int, actor: Actor, *, lock: bool = False
) -> Registration:
    """The registration of an agreement that the actor's organisation signed; NotFound otherwise."""
    query = select(Registration).where(
        Registration.agreement_id == agreement_id,
        Registration.agreement_id.in_(
            select(AgreementParty.agreement_id).where(
                AgreementParty.organisation_id == actor.organisation_id
            )
        ),
    )
    if lock:
        query = query.with_for_update(of=Registration).execution_options(populate_existing=True)
    found = session.scalars(query).first() if actor.organisation_id is not None else None
    if found is None:
        raise NotFound
    return found


def of(session: Session, agreement: Agreement) -> Registration | None:
    """The registration of an agreement, once it is agreed."""
    return session.scalars(
        select(Registration).where(Registration.agreement_id == agreement.id)
    ).first()


def pending_of(session: Session, organisation_id: int) -> Sequence[Registration]:
    """What waits, for an organisation that signed, the most urgent first."""
    return session.scalars(
        select(Registration)
        .join(Agreement, Agreement.id == Registration.agreement_id)
        .join(AgreementParty, AgreementParty.agreement_id == Agreement.id)
        .where(AgreementParty.organisation_id == organisation_id, Registration.state.in_(PENDING))
        .order_by(Registration.due, Registration.id)
    ).all()


def events(session: Session, registration_id: int) -> Sequence[RegistrationEvent]:
    """The steps in order."""
    return session.scalars(
        select(RegistrationEvent)
        .where(RegistrationEvent.registration_id == registration_id)
        .order_by(RegistrationEvent.id)
    ).all()
