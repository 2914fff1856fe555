"""One listing: its life, its facts, what the reader may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import render_template

from jiebang.core import clock, uploads
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform

from .. import consultations, queries, storage
from ..documents import card, indexable, is_open
from ..fields import Field, FieldType, fields_of
from ..fields.values import display
from ..models import Disclosure, Listing
from ..services import attachments
from ..stages import CONFIRM_DAYS, holder, stages
from ..workflow import LISTING, ListingState
from .blueprint import blueprint
from .matches import views_of
from .progress import progress
from .sections import ON_LISTING
from .share import share

HERE = 3
"""So many matches stand on the listing's own page; the rest are one click away."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as the reader sees it: its text or rows, or that it is hidden and why."""

    field: Field
    text: str
    rows: list[dict[str, Any]]
    hidden: bool


@blueprint.get("/listings/<code>")
@access(Level.ANYONE, tenancy=Tenancy.VIEWER)
def listing(code: str) -> str:
    """The page of a listing."""
    session, who = db(), actor()
    found, owner = queries.readable(session, code, who)
    mine = found.belongs_to(who)
    values = storage.read(found)
    item = indexable(found)
    discovery = platform().discovery
    matches = (
        discovery.search_listing(session, item, found.board.opposite, who, HERE)
        if found.state in (ListingState.PUBLISHED, ListingState.SUBMITTED) or mine
        else []
    )
    return render_template(
        "boards/listing.html",
        listing=found,
        card=card(found, owner, who),
        owner=_linked(found, owner, mine),
        mine=mine,
        shown=[_shown(field, values, found, mine) for field in fields_of(found.board)],
        stages=stages(found),
        holder=holder(found, consultations.open_one(session, found.id)),
        diagnosed=mine and consultations.latest(session, found.id) is not None,
        transitions=LISTING.open_to(found, who),
        reviewing=who.can(Permission.LISTING_REVIEW) and not mine,
        completeness=progress(found, values) if mine else None,
        confirm_due=_confirm_due(found),
        offers=_offers(found, who),
        sections=[part for part in (each(session, found, who) for each in ON_LISTING) if part],
        share=share(found),
        matches=views_of(found, matches, item.document, mine),
        events=_events(found) if mine or who.can(Permission.LISTING_REVIEW) else [],
        files=[
            (attachment, upload)
            for attachment, upload in attachments.of_listing(session, found, hidden_too=mine)
            if mine or found.disclosure is not Disclosure.AGREEMENT
        ],
        accept=uploads.accept_of(uploads.DOCUMENTS),
        file_kinds=uploads.names_of(uploads.DOCUMENTS),
        upload_limit=platform().settings.upload_limit // (1024 * 1024),
        origin=found.origin if mine else {},
        invited=queries.invitations(session, found.id) if mine else [],
    )


def _confirm_due(listing: Listing) -> bool:
    """Whether the owner is asked now; a button that changes nothing yet would puzzle."""
    if listing.state is ListingState.EXPIRED or listing.confirmed_at is None:
        return True
    return listing.confirmed_at < clock.now() - timedelta(days=CONFIRM_DAYS)


def _offers(listing: Listing, who: Actor) -> bool:
    """Whether the reader may be a counterpart: a visitor, or a member who acts in this line."""
    return listing.state is ListingState.PUBLISHED and (
        who.user_id is None or (who.seat is not None and who.acts_in(listing.line))
    )


def _linked(listing: Listing, owner: Organisation | None, mine: bool) -> Organisation | None:
    """The owner, when its name may be shown."""
    return owner if mine or listing.disclosure.value != "anonymous" else None


def _shown(field: Field, values: dict[str, Any], listing: Listing, mine: bool) -> Shown:
    if not mine and not is_open(field, listing.disclosure):
        return Shown(field, "", [], hidden=bool(values.get(field.name)))
    value = values.get(field.name)
    if field.type is FieldType.ROWS:
        return Shown(field, "", list(value or []), hidden=False)
    return Shown(field, display(field, value), [], hidden=False)


def _events(listing: Listing) -> list[dict[str, Any]]:
    return [
        {
            "time_text": clock.moment_text(event.at),
            "title": event.label,
            "text": event.reason,
            "actor": event.actor_label,
        }
        for event in queries.events(db(), listing.id)
    ]


@blueprint.get("/listings/<code>/versions")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def versions(code: str) -> str:
    """Every kept version of one's own listing and what changed."""
    session, who = db(), actor()
    found = queries.owned(session, code, who)
    by_name = {field.name: field for field in fields_of(found.board)}
    entries = []
    for version in queries.versions(session, found.id):
        values = storage.from_json(found.board.value, version.values)
        entries.append(
            {
                "number": version.number,
                "at": version.at,
                "by": version.changed_by,
                "changes": [
                    (by_name[name].label, _words(by_name[name], values.get(name)))
                    for name in version.changed
                    if name in by_name and (version.number > 1 or values.get(name))
                ],
            }
        )
    return render_template("boards/versions.html", listing=found, versions=entries)


def _words(field: Field, value: Any) -> str:
    text = display(field, value)
    return text if len(text) <= 300 else f"{text[:300]}…"
