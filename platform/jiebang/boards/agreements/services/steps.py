"""What every step of an agreement writes: its event, the audit, the notice, who has the ball."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.permissions import Actor
from jiebang.core.sides import SIDE_LABELS, Holder, Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import services as notices

from ...responses import queries as responses
from ...responses.models import Response
from ...tracks.models import TrackVersion
from ..content import pending
from ..models import Agreement, AgreementEvent
from ..workflow import AgreementState


def page(found: Agreement) -> str:
    """The path of an agreement's page."""
    return f"/agreements/{found.id}"


def rules_of(session: Session, found: Agreement) -> TrackVersion:
    """The version of the track that the response's round began with."""
    return responses.rules_of(session, session.get_one(Response, found.response_id))


def hand(session: Session, found: Agreement, to: Side | None = None) -> None:
    """Sets who has the ball and until when; `to` says whose turn a draft is."""
    today = clock.today()
    with session.no_autoflush:  # the row is whole only once it knows whom it waits for
        rules = rules_of(session, found)
    found.escalated = 0
    found.updated_at = clock.now()
    if found.state is AgreementState.DRAFT:
        side = to or Side(found.holder.value if found.holder else Side.ISSUER.value)
        found.holder = Holder(side.value)
        found.due = add_working_days(today, rules.agreement_days)
    elif found.state is AgreementState.CONFIRMING:
        open_ = {each.side for each in pending(found.parties, found.newest.confirmations)}
        waits = to if to is not None and to in open_ else min(open_ or {Side.ISSUER})
        found.holder = Holder(waits.value)
        found.due = found.due if to is None else add_working_days(today, rules.confirm_days)
    else:
        found.holder = found.due = None


def renew(session: Session, found: Agreement) -> None:
    """Starts the clock of a confirmation anew: what it waited for is over only now."""
    if found.state is AgreementState.CONFIRMING:
        found.escalated = 0
        found.due = add_working_days(clock.today(), rules_of(session, found).confirm_days)


def note(
    session: Session, actor: Actor, found: Agreement, name: str, label: str, reason: str = ""
) -> None:
    """Adds the step to the agreement's page and to the audit."""
    side = found.side_of(actor)
    session.add(
        AgreementEvent(
            agreement_id=found.id,
            at=clock.now(),
            label=label,
            who=SIDE_LABELS[side] if side else "平台",
            reason=reason,
        )
    )
    audit.record(
        session, actor, f"agreement.{name}", "agreement", found.id,
        organisation_id=actor.organisation_id or found.issuer_id, after=found.state.value,
        number=found.number, hash=found.newest.hash,
        reason=found.reason_code.value if found.reason_code else None,
    )  # fmt: skip


def tell(
    session: Session,
    found: Agreement,
    what: str,
    actor: Actor,
    text: str = "",
    *,
    only: Collection[int] | None = None,
) -> None:
    """Tells every party (of those in `only`) but the one who acted; nothing of the agreement's text
    is in it."""
    mine = found.party_of(actor)
    for each in found.parties:
        if mine is not None and each.organisation_id == mine.organisation_id:
            continue
        if only is not None and each.organisation_id not in only:
            continue
        notices.tell_organisation(
            session, each.organisation_id, found.line, f"{what}：{found.listing.title}",
            page(found), text, but=actor,
        )  # fmt: skip
