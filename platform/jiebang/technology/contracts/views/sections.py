"""The way to an agreement from its response and from its listing."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.models import Agreement
from jiebang.boards.agreements.stages import waiting
from jiebang.boards.agreements.workflow import STATE_LABELS, STATE_TONES
from jiebang.boards.models import Listing
from jiebang.boards.responses import queries as responses
from jiebang.boards.responses.models import Response
from jiebang.core.permissions import Actor


def on_response(session: Session, found: Response, who: Actor) -> Markup | str:
    """On the page of a response: its agreement, for those who sign it."""
    agreement = queries.latest_of(session, found.id)
    if agreement is None or agreement.party_of(who) is None:
        return ""
    return _drawn(session, [agreement], who)


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """On a listing's page, for the parties alone."""
    found = [
        agreement
        for each in responses.selected_on(session, listing.id)
        if (agreement := queries.latest_of(session, each.id)) is not None
        and agreement.party_of(who) is not None
    ]
    return _drawn(session, found, who) if found else ""


def _drawn(session: Session, found: list[Agreement], who: Actor) -> Markup:
    rows = [
        {
            "agreement": each,
            "state": (STATE_LABELS[each.state], STATE_TONES[each.state]),
            "waiting": waiting(each, who, services.barrier(session, each)),
        }
        for each in found
    ]
    return Markup(render_template("contracts/section.html", rows=rows))  # noqa: S704
