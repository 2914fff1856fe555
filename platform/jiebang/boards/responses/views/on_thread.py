"""On a thread's page: the way from talking to a response."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.boards.workflow import ListingState
from jiebang.core.permissions import Actor
from jiebang.core.sides import Side

from ...threads.models import Thread
from ...threads.workflow import ThreadState
from .. import queries
from ..workflow import STATE_LABELS
from .listing import LABELS


def on_thread(session: Session, found: Thread, who: Actor) -> Markup | str:
    """For the side that answers: the button that begins a response, or the one that runs."""
    listing = found.listing
    if found.side_of(who) is not Side.RESPONDER or listing.board not in LABELS:
        return ""
    if found.state is not ThreadState.TALKING or not who.acts_in(listing.line):
        return ""
    running = queries.live_of(session, listing.id, found.organisation_id)
    round_ = queries.round_of(session, listing.id)
    if not running and (
        listing.state is not ListingState.PUBLISHED
        or (round_ is not None and round_.awarded_at is not None)
    ):
        return ""
    return Markup(  # noqa: S704
        render_template(
            "responses/on_thread.html",
            listing=listing,
            label=LABELS[listing.board],
            running=[(each, STATE_LABELS[each.state]) for each in running],
        )
    )
