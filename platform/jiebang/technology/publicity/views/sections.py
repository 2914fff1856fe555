"""On a listing's page: its selection is public now."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.boards.models import Listing
from jiebang.core.permissions import Actor

from .. import queries
from .shown import shown


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """One line with the day until which objections are taken."""
    found = queries.on_listing(session, listing.id)
    if not found:
        return ""
    items = [shown(session, each, who) for each in found]
    return Markup(render_template("publicity/on_listing.html", items=items))  # noqa: S704
