"""An owner opens protected fields and files to the other side of one thread."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from jiebang.boards.models import Listing
from jiebang.boards.services import attachments
from jiebang.boards.views.material import labels, openable, opened
from jiebang.core.errors import Invalid, NotFound
from jiebang.core.permissions import Actor
from jiebang.core.sides import Side
from jiebang.core.uploads import Upload
from jiebang.web.access import Level, Tenancy, access, actor, db

from .. import queries, services
from ..models import Thread
from ..workflow import LIVE, THREAD
from .blueprint import blueprint


@blueprint.get("/threads/<int:thread_id>/openings")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def openings(thread_id: int) -> str:
    """What of one's own listing the other side may see beyond its level."""
    return _page(_own(thread_id), {})


@blueprint.post("/threads/<int:thread_id>/openings")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def set_openings(thread_id: int) -> str | tuple[str, int] | Response:
    """Opens what is ticked and takes back what is not."""
    session, who = db(), actor()
    found = _own(thread_id, lock=True)
    try:
        changed = services.let_see(
            session, who, found,
            set(request.form.getlist("field")),
            {int(each) for each in request.form.getlist("file") if each.isdecimal()},
            may={field.name: field.label for field in openable(found.listing)},
            kept=list(_kept(session, found.listing)),
        )  # fmt: skip
    except Invalid as error:
        return _page(found, error.errors), 422
    flash("已更新，对方会收到通知。" if changed else "没有变化。", "success" if changed else "info")
    return redirect(url_for("threads.thread", thread_id=thread_id), 303)


def _own(thread_id: int, *, lock: bool = False) -> Thread:
    found = queries.thread(db(), thread_id, actor(), lock=lock)
    if found.side_of(actor()) is not Side.ISSUER:
        raise NotFound
    return found


def _kept(session: Session, listing: Listing) -> dict[int, Upload]:
    """The files that their owner keeps to itself."""
    return {
        attachment.id: upload
        for attachment, upload in attachments.of_listing(session, listing, hidden_too=True)
        if attachment.protected
    }


def _page(found: Thread, errors: dict[str, str]) -> str:
    session, who = db(), actor()
    now = queries.openings(session, found.id)
    refusal = THREAD.refusal("say", found, who)
    return render_template(
        "threads/openings.html",
        thread=found,
        name=queries.other_names(session, [found], who)[found.id],
        fields=openable(found.listing),
        files=_kept(session, found.listing),
        open_fields={each.field for each in now},
        open_files={each.attachment_id for each in now},
        agreed=Side.RESPONDER in queries.agreements(session, found.id),
        refusal=refusal.message if refusal is not None else "",
        must_ask=who.seat is not None and who.seat.must_ask,
        errors=errors,
    )


def said(session: Session, listing: Listing, thread: Thread) -> str:
    """What the owner opened to the other side, by labels and numbers; "" for nothing. A file's
    name is read by whom it is open to, not before."""
    rows = queries.openings(session, thread.id)
    names = labels(opened(listing, {each.field for each in rows}))
    number = sum(each.attachment_id is not None for each in rows)
    return "、".join(names + ([f"{number} 个附件"] if number else []))


def on_thread(session: Session, found: Thread, who: Actor) -> Markup | str:
    """The owner's way to open something; for the other side what is open to it."""
    side = found.side_of(who)
    what = said(session, found.listing, found) if found.state in LIVE else ""
    offers = (
        side is Side.ISSUER
        and found.state in LIVE
        and bool(openable(found.listing) or _kept(session, found.listing))
    )
    if not what and not offers:
        return ""
    return Markup(  # noqa: S704
        render_template(
            "threads/_openings.html",
            thread=found,
            mine=side is Side.ISSUER,
            what=what,
            agreed=Side.RESPONDER in queries.agreements(session, found.id),
        )
    )


def let_in(session: Session, listing: Listing, who: Actor) -> list[dict[str, Any]]:
    """For the owner: which counterpart may see what now, one row a thread."""
    rows = queries.opened_on(session, listing.id)
    threads = {found.id: found for found, _ in rows}
    names = queries.other_names(session, list(threads.values()), who)
    words = {field.name: field.label for field in openable(listing)}
    kept = _kept(session, listing)
    found: dict[int, dict[str, Any]] = {}
    for thread, opening in rows:
        row = found.setdefault(
            thread.id,
            {
                "thread": thread,
                "name": names[thread.id],
                "what": [],
                "since": opening.opened_at,
                "agreed": Side.RESPONDER in queries.agreements(session, thread.id),
            },
        )
        if opening.field in words:
            row["what"].append(words[opening.field])
        elif opening.attachment_id in kept:
            row["what"].append(f"附件：{kept[opening.attachment_id].original_name}")
    return [row for row in found.values() if row["what"]]
