"""Telling a side of a thread, in words that it may read."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.core.sides import Side
from jiebang.orgs.notices import services as notices

from ..models import Thread


def page(thread: Thread) -> str:
    """The path of a thread's page."""
    return f"/threads/{thread.id}"


def tell(
    session: Session, thread: Thread, side: Side, what: str, actor: Actor, text: str = ""
) -> None:
    """Tells the people of a side; the title names the listing, never the other organisation."""
    notices.tell_organisation(
        session, thread.organisation_of(side), thread.line,
        f"{what}：{thread.listing.title}", page(thread), text, but=actor,
    )  # fmt: skip
