"""What boards add to other areas' pages, and what others add to a listing's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.discovery.provider import Card
from jiebang.orgs.models import Organisation

from .. import queries
from ..documents import card
from ..models import Listing

Section = Callable[[Session, Listing, Actor], Markup | str]
"""Takes a listing that the viewer may read; returns HTML, or "" for nothing to show."""

MatchAction = Callable[[Listing, Card, Actor], dict[str, Any] | None]
"""Takes one's own listing and the counterpart's card; returns an action of its match card."""

MATCH_ACTIONS: list[MatchAction] = []
"""What higher rooms offer beside 查看详情 and 不合适."""

ON_LISTING: list[Section] = []
"""What higher rooms put on a listing's page: the way into a thread, the responses."""


def of_organisation(session: Session, organisation_id: int, viewer: Actor) -> Markup:
    """The listings that this viewer may see; anonymous ones would be anonymous no longer."""
    owner = session.get(Organisation, organisation_id)
    listings = queries.public_of_organisation(session, organisation_id, viewer)
    items = [card(listing, owner, viewer) for listing in listings]
    return Markup(render_template("boards/of_organisation.html", items=items))  # noqa: S704
