"""What every step of a response writes: its event, the audit, the notice, who has the ball."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.permissions import Actor
from jiebang.core.sides import SIDE_LABELS, Holder, Side
from jiebang.core.working_days import add_working_days
from jiebang.orgs.notices import services as notices

from ...batches import queries as batches
from ...models import Listing
from ...tracks.models import DecisionFrom, TrackVersion
from ..models import Response, ResponseEvent
from ..workflow import PENDING, ResponseState


def page(found: Response) -> str:
    """The path of a response's page."""
    return f"/responses/{found.id}"


def closes_at(listing: Listing) -> datetime | None:
    """The first moment at which nothing is taken any more, by the server's clock."""
    return clock.end_of_day(listing.deadline) if listing.deadline is not None else None


def hand(session: Session, found: Response, rules: TrackVersion) -> None:
    """Sets who has the ball and until when, by the state the response is in now."""
    today = clock.today()
    found.escalated = 0
    found.updated_at = clock.now()
    if found.state not in PENDING:
        found.holder = found.due = None
    elif found.state is ResponseState.FILED:
        found.holder, found.due = Holder.OPERATOR, add_working_days(today, rules.formality_days)
    elif found.state is ResponseState.RETURNED:
        found.holder, found.due = Holder.RESPONDER, add_working_days(today, rules.return_days)
    elif awaits_review(found, rules):
        found.holder = Holder.OPERATOR
        found.due = add_working_days(
            _closing(session, found, rules, today), rules.review_days + 2 * rules.formality_days
        )
    else:
        found.holder, found.due = Holder.ISSUER, _decision_due(session, found, rules, today)


def awaits_review(found: Response, rules: TrackVersion) -> bool:
    """Whether experts are to be heard before the issuer decides."""
    return (
        rules.response_review
        and found.state is ResponseState.QUALIFIED
        and found.reviewed_at is None
    )


def _decision_due(session: Session, found: Response, rules: TrackVersion, today: date) -> date:
    return add_working_days(_closing(session, found, rules, today), rules.decision_days)


def _closing(session: Session, found: Response, rules: TrackVersion, today: date) -> date:
    deadline = found.listing.deadline
    with session.no_autoflush:  # the state has changed, its holder not yet
        batch = batches.of_listing(session, found.listing_id)
    if batch is not None:
        last = clock.to_beijing(batch.closes_at).date()
        deadline = last if deadline is None else min(deadline, last)
    if rules.decision_from is DecisionFrom.CLOSING and deadline is not None:
        return max(today, deadline)
    return today


def note(
    session: Session, actor: Actor, found: Response, name: str, label: str, reason: str = ""
) -> None:
    """Adds the step to the response's page and to the audit."""
    side = found.side_of(actor)
    if side is None and actor.organisation_id in found.party_ids:
        side = Side.RESPONDER  # a member of a joint bid
    session.add(
        ResponseEvent(
            response_id=found.id,
            at=clock.now(),
            label=label,
            who=SIDE_LABELS[side] if side else "平台",
            reason=reason,
        )
    )
    audit.record(
        session, actor, f"response.{name}", "response", found.id,
        organisation_id=found.organisation_id, after=found.state.value,
        reason=found.reason_code.value if found.reason_code else None,
    )  # fmt: skip


def tell(
    session: Session, found: Response, side: Side, what: str, actor: Actor, text: str = ""
) -> None:
    """Tells a side; the title names the listing, never the other organisation."""
    organisation_id = found.issuer_id if side is Side.ISSUER else found.organisation_id
    notices.tell_organisation(
        session, organisation_id, found.line, f"{what}：{found.listing.title}", page(found), text,
        but=actor,
    )  # fmt: skip
    if side is Side.RESPONDER:
        for each in found.members:
            if each.organisation_id != organisation_id and each.signed_at is not None:
                notices.tell_organisation(
                    session, each.organisation_id, found.line,
                    f"联合体：{what}：{found.listing.title}", f"{page(found)}/split", text,
                    but=actor,
                )  # fmt: skip
