"""What stands behind the confidentiality agreement, and the log of looks that its owner reads."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards import queries as boards
from jiebang.boards.documents import organisation_name
from jiebang.boards.models import Disclosure, Listing, ListingAttachment
from jiebang.boards.services import attachments
from jiebang.boards.views.material import Material, behind, labels, opened
from jiebang.core.errors import Conflict, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.uploads import Upload
from jiebang.web import files
from jiebang.web.access import Level, Tenancy, access, actor, db
from jiebang.web.current import platform
from jiebang.web.pagination import Page, page_number

from .. import queries, services
from ..models import Looker, Thread
from . import openings
from .blueprint import blueprint

SHOWN = 5
"""So many looks stand on the listing's own page."""
SIZE = 50


def on_listing(session: Session, listing: Listing, who: Actor) -> Markup | str:
    """For the owner who looked; for others the way to what the agreement opens."""
    if listing.belongs_to(who):
        assert who.organisation_id is not None
        rows, total = queries.looks(session, who.organisation_id, listing.id, size=SHOWN)
        return (
            _markup("threads/_looks.html", listing=listing, rows=rows, total=total) if total else ""
        )
    if who.organisation_id is None:
        return ""
    running = queries.live_between(session, listing.id, who.organisation_id)
    if running is None:
        return ""
    alone = openings.said(session, listing, running)
    if listing.disclosure is not Disclosure.AGREEMENT and not alone:
        return ""
    return _markup(
        "threads/_behind.html",
        listing=listing,
        thread=running,
        alone=alone,
        level=listing.disclosure is Disclosure.AGREEMENT,
        open=queries.let_in(session, listing, who.organisation_id) is not None,
    )


def _markup(template: str, **values: object) -> Markup:
    return Markup(render_template(template, **values))  # noqa: S704


@blueprint.get("/listings/<code>/looks")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def looks(code: str) -> str:
    """Every look at what one's own listing hides, newest first."""
    session, who = db(), actor()
    listing = boards.owned(session, code, who)
    assert who.organisation_id is not None
    number = page_number()
    rows, total = queries.looks(session, who.organisation_id, listing.id, number, SIZE)
    return render_template(
        "threads/looks.html",
        listing=listing,
        rows=rows,
        page=Page(number, total, SIZE),
        let_in=openings.let_in(session, listing, who),
    )


@blueprint.get("/listings/<code>/protected")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER, writes=True)
def protected(code: str) -> str:
    """What is hidden but open to this organisation: what the agreement opens, and what the owner
    opened to it alone. Each look is logged."""
    session, who = db(), actor()
    listing, owner = boards.readable(session, code, who)
    thread = _let_in(session, listing, who)
    found, alone = _behind(listing), opened(listing, _names(session, thread))
    shown = [
        f"{word}：{'、'.join(names)}"
        for word, names in (
            ("协议后可见的栏目", labels(found)),
            ("单独开放的栏目", labels(alone)),
        )
        if names
    ]
    if shown:
        _log(session, who, listing, thread, "；".join(shown))
    return render_template(
        "threads/protected.html",
        listing=listing,
        owner=organisation_name(listing, owner, who),
        thread=thread,
        material=Material(found.rows + alone.rows, found.tables + alone.tables, []),
        files=_files(session, listing, thread),
    )


@blueprint.get("/listings/<code>/protected/files/<int:attachment_id>")
@access(Level.MEMBER, tenancy=Tenancy.VIEWER, writes=True)
def protected_file(code: str, attachment_id: int) -> Response:
    """A file behind the agreement, or opened to this organisation; each look is logged."""
    session, who = db(), actor()
    listing, _ = boards.readable(session, code, who)
    thread = _let_in(session, listing, who)
    for attachment, upload in _files(session, listing, thread):
        if attachment.id == attachment_id:
            _log(session, who, listing, thread, f"附件：{upload.original_name}")
            return files.serve(upload, platform().settings.uploads)
    raise NotFound


def _behind(listing: Listing) -> Material:
    if listing.disclosure is not Disclosure.AGREEMENT:
        return Material([], [], [])
    return behind(listing, protected=False)


def _names(session: Session, thread: Thread) -> set[str]:
    return {each.field for each in queries.openings(session, thread.id)}


def _files(
    session: Session, listing: Listing, thread: Thread
) -> list[tuple[ListingAttachment, Upload]]:
    """Protected files that were opened, and on an agreement-only listing the others."""
    mine = {each.attachment_id for each in queries.openings(session, thread.id)}
    return [
        (attachment, upload)
        for attachment, upload in attachments.of_listing(session, listing, hidden_too=True)
        if (attachment.id in mine if attachment.protected else _locked(listing))
    ]


def _locked(listing: Listing) -> bool:
    return listing.disclosure is Disclosure.AGREEMENT


def _let_in(session: Session, listing: Listing, who: Actor) -> Thread:
    """The thread that opens it. NotFound where nothing stands behind an agreement and nothing was
    opened, Conflict with the way to it where the agreement is not accepted yet."""
    if listing.belongs_to(who) or who.organisation_id is None:
        raise NotFound
    running = queries.live_between(session, listing.id, who.organisation_id)
    if not _locked(listing) and (running is None or not queries.openings(session, running.id)):
        raise NotFound
    found = queries.let_in(session, listing, who.organisation_id)
    if found is None:
        raise Conflict("请先发出对接意向，并在对接里接受保密协议，再查看这些内容。")
    return found


def _log(session: Session, who: Actor, listing: Listing, thread: Thread, what: str) -> None:
    services.log_access(
        session, who, thread.issuer_id, listing.id, what, Looker.COUNTERPART, thread_id=thread.id
    )
