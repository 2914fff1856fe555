"""What boards add to other areas' pages, and what others add to a listing's."""

from __future__ import annotations

from collections.abc import Callable

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation

from .. import queries
from ..documents import card
from ..models import Listing

Section = Callable[[Session, Listing, Actor], Markup | str]
"""Takes a listing that the viewer may read; returns HTML, or "" for nothing to show."""

ON_LISTING: list[Section] = []
"""What higher rooms put on a listing's page: the way into a thread, the responses."""


def of_organisation(session: Session, organisation_id: int, viewer: Actor) -> Markup:
    """The listings that this viewer may see; anonymous ones would be anonymous no longer."""
    owner = session.get(Organisation, organisation_id)
    listings = queries.public_of_organisation(session, organisation_id, viewer)
    items = [card(listing, owner, viewer) for listing in listings]
    return Markup(render_template("boards/of_organisation.html", items=items))  # noqa: S704
