"""Indicators that stand behind a confidentiality agreement are read in responses, too."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.core.sides import Side

from ...models import Disclosure
from ...threads import services as threads
from ...threads.models import Looker
from ..models import Response

LOOKERS = {
    Looker.OPERATOR: "揭榜形式审查",
    Looker.EXPERT: "专家评审",
}


def seen(session: Session, actor: Actor, found: Response, looker: Looker) -> None:
    """Logs, for the issuer, that somebody read a response with the indicators of a listing that
    shows them after the agreement only. Nothing where the listing shows them to everybody."""
    if found.listing.disclosure is not Disclosure.AGREEMENT or not found.answers:
        return
    if found.side_of(actor) is Side.ISSUER:
        return
    threads.log_access(
        session, actor, found.issuer_id, found.listing_id, "指标（在揭榜意向书里）", looker,
        thread_id=found.thread_id, reason=LOOKERS.get(looker, ""),
    )  # fmt: skip
