"""What boards add to other areas' pages: an organisation's public listings."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.orgs.models import Organisation

from .. import queries
from ..documents import card


def of_organisation(session: Session, organisation_id: int, viewer: Actor) -> Markup:
    """The listings that this viewer may see; anonymous ones would be anonymous no longer."""
    owner = session.get(Organisation, organisation_id)
    listings = queries.public_of_organisation(session, organisation_id, viewer)
    items = [card(listing, owner, viewer) for listing in listings]
    return Markup(render_template("boards/of_organisation.html", items=items))  # noqa: S704
