"""Batches as everybody reads them: the window, the state, the needs."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from jiebang.core.permissions import Actor
from jiebang.web.access import Level, access, actor, db

from ..documents import card
from ..models import Listing
from ..views import sections
from . import queries
from .models import LIST_TYPES, Batch

blueprint = Blueprint("batches", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Adds the pages, and the batch on a need's page."""
    app.register_blueprint(blueprint)
    if on_listing not in sections.ON_LISTING:
        sections.ON_LISTING.append(on_listing)


def standing(found: Batch) -> tuple[str, str]:
    """Where a batch's window stands now, with the tone of its badge."""
    if found.closed:
        return "窗口已截止", "neutral"
    return ("窗口开放中", "good") if found.opened else ("窗口未开放", "info")


def on_listing(session: Session, listing: Listing, _who: Actor) -> Markup | str:
    """The batch of a need with its window."""
    found = queries.of_listing(session, listing.id)
    if found is None:
        return ""
    return Markup(  # noqa: S704
        render_template(
            "batches/_on_listing.html",
            batch=found,
            kind=LIST_TYPES[found.list_type],
            standing=standing(found),
        )
    )


@blueprint.get("/batches")
@access(Level.ANYONE)
def index() -> str:
    """Every batch."""
    session = db()
    sizes = queries.sizes(session, actor())
    rows = [
        (found, LIST_TYPES[found.list_type], standing(found), sizes.get(found.id, 0))
        for found in queries.all_batches(session)
    ]
    return render_template("batches/index.html", rows=rows)


@blueprint.get("/batches/<int:batch_id>")
@access(Level.ANYONE)
def batch(batch_id: int) -> str:
    """One batch and its needs."""
    session, who = db(), actor()
    found = queries.batch(session, batch_id)
    return render_template(
        "batches/batch.html",
        batch=found,
        kind=LIST_TYPES[found.list_type],
        standing=standing(found),
        items=[
            card(listing, owner, who) for listing, owner in queries.needs(session, batch_id, who)
        ],
    )
